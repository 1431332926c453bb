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
  const parts = /^bytes=(\d*)-(\d*)$/i.exec(header?.trim() ?? "");
  if (parts === null) return undefined;
  const [, first = "", last = ""] = parts;
  if (first === "") return last === "" ? undefined : suffix(Number(last), size);
  const start = Number(first);
  const end = last === "" ? size : Number(last) + 1;
  if (end <= start && last !== "") return undefined;
  return start < size ? { start, end: Math.min(size, end) } : "unsatisfiable";
}

/** The last bytes of an empty file are all of it, which no `Content-Range` can say: it is sent whole. */
function suffix(length: number, size: number): ByteRange | "unsatisfiable" | undefined {
  if (length === 0) return "unsatisfiable";
  return size === 0 ? undefined : { start: Math.max(0, size - length), end: size };
}

/** Whether an `If-None-Match` header names an ETag, in the weak comparison (RFC 9110, 13.1.2). */
export function namesEtag(header: string | null, etag: string): boolean {
  if (header?.trim() === "*") return true;
  const named: readonly string[] = header?.match(/"[^"]*"/g) ?? [];
  return named.includes(etag.replace(/^W\//, ""));
}
