import { expect } from "vitest";

/** What moves a cursor, ends a line or turns the text around. */
const raws = ["\u001b", "\u009b", "\u202e", "\u2028", "\u2029", "\u0007", "\r"];

/** Names with all of it that a disk and the server take. */
export const hostileNames: readonly string[] = [
  "new\nline.txt",
  "esc\u001b[2Jape.txt",
  "csi\u009b31m.txt",
  "turned\u202etxt.exe",
  "separated\u2028here\u2029.txt",
  "bell\u0007\rback.txt",
];

/** X16: nothing but our own line ends, since every other raw control character came from a name. */
export function expectPlain(text: string, what: string): void {
  for (const raw of raws) expect(text.includes(raw), `${what}: ${JSON.stringify(raw)}`).toBe(false);
  expect(text.includes("new\nline"), what).toBe(false);
}
