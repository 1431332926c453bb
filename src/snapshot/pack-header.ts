import { Header } from "tar/header";
import { assert } from "../std/assert.ts";

/** Length of a tar header, and the unit that contents are filled up to. */
export const recordBytes = 512;

/** Where the fields of a header are, and how many octal digits they have. */
const sizeAt = 124;
const sizeDigits = 10;
const sumAt = 148;
const sumDigits = 6;
const nameBytesMax = 99;

const zero = "0".charCodeAt(0);

const template = emptyHeader();
const templateSum = sumOf(template);

/**
 * Write the header of a plain file at a place: mode 0444, owner and time 0 (N17). The same bytes as the `Header` of the package
 * `tar` makes, of which only the name, the size and the sum are put in.
 *
 * @param name ASCII, shorter than the field
 */
export function writeTarHeader(
  into: Buffer,
  at: number,
  { name, size }: { readonly name: string; readonly size: number },
): void {
  assert(name.length <= nameBytesMax && size < 8 ** sizeDigits, "name and size fit a header");
  template.copy(into, at);
  into.write(name, at, "latin1");
  const digits = size.toString(8).padStart(sizeDigits, "0");
  into.write(digits, at + sizeAt, "latin1");
  const sum = templateSum + codesOf(name) + codesOf(digits) - sizeDigits * zero;
  into.write(sum.toString(8).padStart(sumDigits, "0"), at + sumAt, "latin1");
}

function emptyHeader(): Buffer {
  const bytes = Buffer.alloc(recordBytes);
  const plain = { mode: 0o444, uid: 0, gid: 0, size: 0, mtime: new Date(0), type: "File" } as const;
  new Header({ ...plain, path: "" }).encode(bytes);
  return bytes;
}

/** As a header counts it: its own field as spaces. */
function sumOf(header: Buffer): number {
  const counted = Buffer.from(header).fill(" ", sumAt, sumAt + 8);
  return counted.reduce((sum, byte) => sum + byte, 0);
}

function codesOf(text: string): number {
  let sum = 0;
  for (let at = 0; at < text.length; at += 1) sum += text.charCodeAt(at);
  return sum;
}
