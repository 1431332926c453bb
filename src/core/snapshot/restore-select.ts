import { globSource, hasWildcards } from "../path/glob.ts";
import { isInside, parseRelPath, type RelPath } from "../path/rel-path.ts";

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
  return { text, literal, glob: hasWildcards(literal) ? globOf(literal) : undefined };
}

/** What lies below a match is selected with it. */
function globOf(pattern: string): RegExp {
  return new RegExp(`^${globSource(pattern)}(?:/.*)?$`, "su");
}

function matches(pattern: Pattern, path: RelPath): boolean {
  return isInside(path, pattern.literal) || pattern.glob?.test(path) === true;
}
