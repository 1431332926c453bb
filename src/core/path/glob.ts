import { SnapError } from "../../std/error.ts";

/** More wildcards than anybody types would only make the matching slow. */
const wildcardsMax = 16;

/** Whether a text has wildcards. */
export function hasWildcards(text: string): boolean {
  return /[*?]/u.test(text);
}

/**
 * A glob as the source of a regular expression: `*` and `?` stay within one name, `**` spans folders, everything else is itself.
 *
 * @throws {SnapError} `path-invalid` for too many wildcards
 */
export function globSource(pattern: string): string {
  const parts = pattern.split(/(\*\*\/|\*\*|\*|\?)/u);
  if (parts.length > 2 * wildcardsMax + 1) {
    throw new SnapError("path-invalid", `More than ${wildcardsMax} wildcards: "${pattern}"`, {
      path: pattern,
      hint: "Name the folder instead.",
    });
  }
  return parts
    .map((part) => wildcards.get(part) ?? part.replaceAll(/[\\^$.*+?()[\]{}|]/gu, "\\$&"))
    .join("");
}

const wildcards: ReadonlyMap<string, string> = new Map([
  ["**/", "(?:[^/]+/)*"],
  ["**", ".*"],
  ["*", "[^/]*"],
  ["?", "[^/]"],
]);
