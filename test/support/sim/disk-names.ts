import type { DiskPath } from "../../../src/local/disk.ts";

/**
 * Names and paths of a disk in memory are bytes, held as texts of one character a byte ("latin1"), so that a name that
 * is no UTF-8 is a name like any other.
 */
export type ByteText = string;

// oxlint-disable-next-line no-control-regex -- the range of ASCII
const ascii = /^[\0-\x7f]*$/;

/** The bytes of a path as a call was given it. */
export function bytesOf(path: DiskPath): ByteText {
  if (typeof path !== "string") return path.toString("latin1");
  return ascii.test(path) ? path : Buffer.from(path, "utf8").toString("latin1");
}

/** As `Disk.readNames` gives a name. */
export function bufferOf(name: ByteText): Buffer {
  return Buffer.from(name, "latin1");
}

const strict = new TextDecoder("utf-8", { fatal: true, ignoreBOM: true });

/** The text of a name; undefined where its bytes are no UTF-8. */
export function textOf(name: ByteText): string | undefined {
  if (ascii.test(name)) return name;
  try {
    return strict.decode(bufferOf(name));
  } catch {
    // A strict decoder has one error only, and it is the answer.
    return undefined;
  }
}
