import { hash } from "node:crypto";

/** Bytes that a search may hash: a few seconds. */
const hashedBytesMax = 4 * 1024 ** 3;

const idLength = 64;
const idField = '"id":"';

/**
 * The text of a root in which one byte is wrong, made right: the id is the hash of the rest, and the name of the file has its
 * first digits. Every byte is tried with every value; of a long text only with one bit turned; one that is too long for
 * that is given up.
 *
 * @param digits the first digits of the id, by the name of the file
 * @yields nothing, at short distances: a search takes seconds
 * @returns the text, or undefined where it is not one byte that is wrong
 */
export function* mendRootText(
  bytes: Buffer,
  digits: string,
): Generator<undefined, Buffer | undefined> {
  const idAt = idPlace(bytes, digits);
  if (idAt === undefined) return undefined;
  const before = bytes.subarray(0, idAt - idField.length);
  const after = bytes.subarray(idAt + idLength + '",'.length);
  const rest = Buffer.concat([before, after]);
  const own = hash("sha256", rest, "hex");
  if (own.startsWith(digits)) return join(before, own, after);
  const named = bytes.toString("latin1", idAt, idAt + idLength);
  if (!named.startsWith(digits)) return undefined;
  for (const change of changesFor(rest.length)) {
    for (let at = 0; at < rest.length; at += 1) {
      if (isRight(rest, { at, change, named }))
        return join(rest.subarray(0, before.length), named, rest.subarray(before.length));
      if (at % 4 === 0) yield;
    }
  }
  return undefined;
}

/** Where the id begins. Its field is found by the digits that are known, or by the field's own name. */
function idPlace(bytes: Buffer, digits: string): number | undefined {
  const byDigits = bytes.indexOf(`${idField}${digits}`);
  const at = byDigits >= 0 ? byDigits : bytes.lastIndexOf(idField);
  const end = at + idField.length + idLength;
  return at >= 0 && end + 2 <= bytes.length ? at + idField.length : undefined;
}

function join(before: Buffer, id: string, after: Buffer): Buffer {
  return Buffer.concat([before, Buffer.from(`${idField}${id}",`), after]);
}

/** The bit patterns to turn, in sets: single bits first. */
function changesFor(length: number): readonly (readonly number[])[] {
  const bits = [1, 2, 4, 8, 16, 32, 64, 128];
  if (length * length * bits.length > hashedBytesMax) return [];
  const all = Array.from({ length: 255 }, (_, place) => place + 1);
  return length * length * all.length > hashedBytesMax ? [bits] : [bits, all];
}

/** Leaves the byte changed where that is right. */
function isRight(
  text: Buffer,
  {
    at,
    change,
    named,
  }: { readonly at: number; readonly change: readonly number[]; readonly named: string },
): boolean {
  const byte = text[at] ?? 0;
  for (const turned of change) {
    text[at] = byte ^ turned;
    if (hash("sha256", text, "hex") === named) return true;
  }
  text[at] = byte;
  return false;
}
