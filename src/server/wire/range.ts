/** Bytes from `start` up to, not including, `end`. */
export type ByteRange = { readonly start: number; readonly end: number };

/**
 * What a `Range` header asks of `size` bytes (RFC 9110; Choice 27): one range, or "unsatisfiable"; undefined for
 * none, and for forms that may be ignored: several ranges, other units, no sense.
 */
export function parseRange(
  header: string | null,
  size: number,
): ByteRange | "unsatisfiable" | undefined {
  const parts = /^bytes=(\d*)-(\d*)$/.exec(header?.trim() ?? "");
  if (parts === null) return undefined;
  const [, first = "", last = ""] = parts;
  if (first === "") return last === "" ? undefined : suffix(Number(last), size);
  const start = Number(first);
  const end = last === "" ? size : Number(last) + 1;
  if (end <= start && last !== "") return undefined;
  return start < size ? { start, end: Math.min(size, end) } : "unsatisfiable";
}

function suffix(length: number, size: number): ByteRange | "unsatisfiable" {
  return length === 0 || size === 0
    ? "unsatisfiable"
    : { start: Math.max(0, size - length), end: size };
}
