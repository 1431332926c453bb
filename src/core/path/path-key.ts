declare const pathKey: unique symbol;

/** A name as Dropbox compares it: two siblings with equal keys are one name (S15). */
export type PathKey = string & { readonly [pathKey]: true };

/**
 * The key of one name: NFC, then lower-cased code point by code point as the server does it (S15, server Choice 5),
 * and NFC again: `J` with a caron above is two code points, `j` with one is a single one. So a key is its own key.
 *
 * A character is left as it is where its modern lower-casing has more than one code point (`İ`), so no rule
 * that looks at neighbours (final sigma) ever applies.
 */
export function pathKeyOf(name: string): PathKey {
  if (isAscii(name)) return toKey(name.toLowerCase());
  const lowered = Array.from(name.normalize("NFC"), lowerCodePoint).join("");
  return toKey(lowered.normalize("NFC"));
}

function lowerCodePoint(character: string): string {
  const lowered = character.toLowerCase();
  return Array.from(lowered).length === 1 && !isCasedLate(character) ? lowered : character;
}

/** Letters whose case pairs came after Unicode 4.1, which the server's tables do not know. */
function isCasedLate(character: string): boolean {
  const code = character.codePointAt(0) ?? 0;
  return lateCased.some(([first, last]) => code >= first && code <= last);
}

/** Upper-case letters added after Unicode 4.1, in ranges: Latin, Greek, Cyrillic, Georgian, Cherokee, Deseret and later. */
const lateCased: readonly (readonly [number, number])[] = [
  [0x0220, 0x0220],
  [0x023a, 0x023b],
  [0x023d, 0x023e],
  [0x0241, 0x024f],
  [0x0370, 0x0377],
  [0x037f, 0x037f],
  [0x03cf, 0x03cf],
  [0x03f9, 0x03fa],
  [0x03fd, 0x03ff],
  [0x04c0, 0x04c0],
  [0x04f6, 0x04f7],
  [0x04fa, 0x04ff],
  [0x0510, 0x052f],
  [0x10a0, 0x10cf],
  [0x13a0, 0x13fd],
  [0x1c80, 0x1cbf],
  [0x1e9e, 0x1e9e],
  [0x1efa, 0x1eff],
  [0x2132, 0x2132],
  [0x2183, 0x2184],
  [0x2c00, 0x2dff],
  [0xa640, 0xabbf],
  [0x10400, 0x1e943],
];

/** A key that the server computed: the last component of its `path_lower` is the authority (S15). */
export function keyFromServer(lowered: string): PathKey {
  return toKey(lowered);
}

function toKey(text: string): PathKey {
  // oxlint-disable-next-line typescript/no-unsafe-type-assertion -- the one door at which keys are made
  return text as PathKey;
}

/** Whether two names differ only in their Unicode form, which is no rename (S16). */
export function sameName(a: string, b: string): boolean {
  return a === b || composed(a) === composed(b);
}

/** A name in the form in which names are compared, NFC (S16). */
export function composed(name: string): string {
  return isAscii(name) ? name : name.normalize("NFC");
}

/** ASCII has one form only, and most names are ASCII. */
function isAscii(name: string): boolean {
  for (let index = 0; index < name.length; index += 1) {
    if (name.charCodeAt(index) > 0x7f) return false;
  }
  return true;
}
