import { isInside, parseRelPath, type RelPath } from "../path/rel-path.ts";
import { SnapError } from "../../std/error.ts";

/** The part of a tree that the user named. */
export type Selection = {
  /** Whether a path is one of the named ones, matches one, or lies below such a path. */
  selects(path: RelPath): boolean;
  /** Named paths for which `selects` never said yes. */
  unmatched(): readonly string[];
};

/**
 * The files, folders and globs that a user named; everything where none is named (T14). In a glob `*` and `?` stay
 * within one name, `**` spans folders. A name
 * that has such characters itself is matched too.
 *
 * @throws {SnapError} `path-invalid` for a path that leaves the workspace
 */
export function selectionOf(paths: readonly string[]): Selection {
  const patterns = paths.map(patternOf);
  if (patterns.length === 0 || patterns.some(({ literal }) => literal === "")) {
    return { selects: () => true, unmatched: () => [] };
  }
  const met = new Set<string>();
  const selects = (path: RelPath): boolean => {
    const hits = patterns.filter((pattern) => matches(pattern, path));
    for (const hit of hits) met.add(hit.text);
    return hits.length > 0;
  };
  return { selects, unmatched: () => paths.filter((path) => !met.has(path)) };
}

type Pattern = {
  readonly text: string;
  readonly literal: RelPath;
  readonly glob: RegExp | undefined;
};

function patternOf(text: string): Pattern {
  const plain = text.replace(/^(?:\.\/)+/u, "").replace(/\/+$/u, "");
  const literal = parseRelPath(plain === "." ? "" : plain);
  return { text, literal, glob: /[*?]/u.test(literal) ? globOf(literal) : undefined };
}

/** More wildcards than anybody types would only make the matching slow. */
const wildcardsMax = 16;

function globOf(pattern: string): RegExp {
  const parts = pattern.split(/(\*\*\/|\*\*|\*|\?)/u);
  if (parts.length > 2 * wildcardsMax + 1) {
    throw new SnapError("path-invalid", `More than ${wildcardsMax} wildcards: "${pattern}"`, {
      path: pattern,
      hint: "Name the folder instead.",
    });
  }
  const source = parts.map(
    (part) => wildcards.get(part) ?? part.replaceAll(/[\\^$.*+?()[\]{}|]/gu, "\\$&"),
  );
  // What lies below a match is selected with it.
  return new RegExp(`^${source.join("")}(?:/.*)?$`, "su");
}

const wildcards: ReadonlyMap<string, string> = new Map([
  ["**/", "(?:[^/]+/)*"],
  ["**", ".*"],
  ["*", "[^/]*"],
  ["?", "[^/]"],
]);

function matches(pattern: Pattern, path: RelPath): boolean {
  return isInside(path, pattern.literal) || pattern.glob?.test(path) === true;
}
