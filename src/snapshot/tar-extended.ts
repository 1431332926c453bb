import { SnapError } from "../std/error.ts";

/** What an extended header says of the next member, as far as it matters. */
export type Extended = {
  readonly path?: Buffer | undefined;
  readonly linkpath?: Buffer | undefined;
  readonly size?: number | undefined;
  /** Nanoseconds since 1970, decimal. */
  readonly modifiedNs?: string | undefined;
  /** The content that follows is not the whole file but its pieces. */
  readonly isSparse?: boolean | undefined;
};

/**
 * The records of a pax header, `27 path=some/name\n`: the number is the length of the whole record, so that values may hold
 * anything. The last of several records of one key counts.
 *
 * @throws {SnapError} `damaged`
 */
export function readExtended(body: Buffer): Extended {
  const values = new Map<string, Buffer>();
  for (let at = 0; at < body.length && body[at] !== 0;) {
    const space = body.indexOf(0x20, at);
    const length = Number(decimal(body.toString("latin1", at, space < 0 ? at : space)));
    const record = body.subarray(at, at + length);
    const equals = record.indexOf(0x3d);
    if (record.length !== length || record.at(-1) !== 0x0a || at + equals <= space) throw wrong();
    values.set(record.toString("utf8", space + 1 - at, equals), record.subarray(equals + 1, -1));
    at += length;
  }
  return extendedOf(values);
}

function extendedOf(values: ReadonlyMap<string, Buffer>): Extended {
  const size = values.get("size")?.toString("latin1");
  const time = values.get("mtime")?.toString("latin1");
  const path = values.get("GNU.sparse.name") ?? values.get("path");
  const linkpath = values.get("linkpath");
  return {
    ...(path === undefined ? {} : { path }),
    ...(linkpath === undefined ? {} : { linkpath }),
    ...(size === undefined ? {} : { size: sizeFrom(size) }),
    ...(time === undefined ? {} : { modifiedNs: nanoseconds(time) }),
    ...([...values.keys()].some((key) => key.startsWith("GNU.sparse.")) ? { isSparse: true } : {}),
  };
}

function decimal(text: string): string {
  if (/^\d{1,16}$/u.test(text)) return text;
  throw wrong();
}

function sizeFrom(text: string): number {
  const size = Number(decimal(text));
  if (Number.isSafeInteger(size)) return size;
  throw wrong();
}

/** `-1.5` seconds are -1500000000; digits beyond the ninth are finer than any disk. */
function nanoseconds(text: string): string {
  const [, sign = "", seconds = "", fraction = ""] =
    /^(-?)(\d{1,11})(?:\.(\d*))?$/u.exec(text) ?? [];
  if (seconds === "") throw wrong();
  const size = BigInt(seconds) * 1_000_000_000n + BigInt(fraction.slice(0, 9).padEnd(9, "0"));
  return String(sign === "-" ? -size : size);
}

function wrong(): SnapError {
  return new SnapError("damaged", "The archive has an extended header that cannot be read", {
    hint: "Get it once more from where it comes from. Nothing was imported.",
  });
}
