import { displayName } from "./names.ts";

/** A word that a shell takes as it is; `~` at the start is left to the shell. Nothing in it can reach a terminal unescaped (X16). */
export function shellWord(text: string): string {
  if (/^~?[\w/.,:@%+=-]+$/u.test(text)) return text;
  if (displayName(text) !== text) return `$'${Array.from(text, escapedInQuotes).join("")}'`;
  return `'${text.replaceAll("'", String.raw`'\''`)}'`;
}

/** Inside of `$'…'`, byte by byte. */
function escapedInQuotes(character: string): string {
  if (/^[\w/.,:@%+= -]$/u.test(character)) return character;
  return Array.from(
    Buffer.from(character),
    (byte) => `\\x${byte.toString(16).padStart(2, "0")}`,
  ).join("");
}
