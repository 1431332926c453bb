import { hash } from "node:crypto";
import ignore, { type Ignore } from "ignore";
import { SnapError } from "../std/error.ts";
import { isOutsideName } from "./path/names.ts";
import { pathComponents, type RelPath } from "./path/rel-path.ts";
import type { Kind } from "./tree/node.ts";

/** The rules of a workspace, at its top (S90). */
export const ignoreFileName = ".mignore";

/** Bounds of a rule file (X24). */
export const ignoreLinesMax = 5_000;
/** In UTF-16 units. */
export const ignoreLineLengthMax = 1_024;
const starsInSegmentMax = 3;
const doubleStarsMax = 3;
/** Those with something behind them: each of these may end at any folder of a path, so that three of them cost seconds. */
const doubleStarsWithinMax = 2;

/** Rules that are in force. */
export type IgnoreRules = {
  /** SHA-256 of the rules as they are compared, lower-case hex: a change takes effect together with it (S95). */
  readonly digest: string;
  /** Whether the rules leave a path out. What lies below an ignored folder is ignored. */
  ignores(path: RelPath, kind: Kind): boolean;
  /** Number of the line that leaves a path, or a folder above it, out; undefined where none does. The first line is 1. */
  lineFor(path: RelPath, kind: Kind): number | undefined;
};

/** A workspace without a rule file. */
export function noRules(): IgnoreRules {
  return rulesOf("");
}

/**
 * Read the text of a rule file: the syntax of `.gitignore`, matched on NFC forms and without regard to case, since
 * two names that differ in case only are one name on the server (S15, S90).
 *
 * @throws {SnapError} `settings-invalid` with the number of the line when a bound is exceeded; the whole file is
 * refused then (X24), and nothing is synced by rules that are not there.
 */
export function rulesOf(text: string): IgnoreRules {
  const normal = text.normalize("NFC");
  const lines = normal.replace(/^\uFEFF/u, "").split(/\r?\n/u);
  if (lines.length > ignoreLinesMax) throw beyondBound(ignoreLinesMax + 1, "too many lines");
  for (const [index, line] of lines.entries()) {
    const problem = lineProblem(line);
    if (problem !== undefined) throw beyondBound(index + 1, problem);
  }
  const digest = hash("sha256", normal, "hex");
  const patterns = lines
    .map((pattern, index) => ({ pattern, mark: String(index + 1) }))
    .filter(({ pattern }) => pattern !== "");
  if (patterns.length === 0) return { digest, ignores: () => false, lineFor: () => undefined };
  const matcher = new Matcher(ignore().add(patterns));
  return {
    digest,
    ignores: (path, kind) => matcher.matches(path, kind),
    lineFor: (path, kind) => matcher.lineFor(path, kind),
  };
}

/** Whether a name in the path is never synced, whatever the rules say (S92). */
export function isAlwaysOutside(path: RelPath): boolean {
  return pathComponents(path).some(isOutsideName);
}

const doubleStars = /\*\*+/gu;

function lineProblem(line: string): string | undefined {
  if (line.length > ignoreLineLengthMax) {
    return `a line of more than ${ignoreLineLengthMax} characters`;
  }
  if (line.startsWith("#")) return undefined;
  const wild = line.replaceAll(/\\./gu, "");
  if (wild.split("/").some((segment) => count(segment, /\*/gu) > starsInSegmentMax)) {
    return `more than ${starsInSegmentMax} "*" between two slashes`;
  }
  if (count(wild, doubleStars) > doubleStarsMax) return `more than ${doubleStarsMax} "**"`;
  const within = wild.trimEnd().replace(/\/\*\*\/?$/u, "");
  return count(within, doubleStars) > doubleStarsWithinMax
    ? `more than ${doubleStarsWithinMax} "**" with something behind them`
    : undefined;
}

function count(text: string, pattern: RegExp): number {
  return text.match(pattern)?.length ?? 0;
}

function beyondBound(line: number, problem: string): SnapError {
  return new SnapError("settings-invalid", `"${ignoreFileName}", line ${line}: ${problem}`, {
    path: ignoreFileName,
    hint: "Simplify that line. Nothing is synced until then.",
  });
}

/** Answers that are remembered at a time: the matcher keeps one for each path it was asked about. */
const rememberedMax = 20_000;

/** A matcher whose memory stays flat over a scan of any size. */
class Matcher {
  readonly #rules: Ignore;
  #remembering: Ignore;
  #asked = 0;

  constructor(rules: Ignore) {
    this.#rules = rules;
    this.#remembering = rules;
  }

  matches(path: RelPath, kind: Kind): boolean {
    if (path === "" || path === ignoreFileName) return false;
    this.#asked += 1;
    if (this.#asked % rememberedMax === 0) this.#remembering = ignore().add(this.#rules);
    return this.#remembering.ignores(asked(path, kind));
  }

  lineFor(path: RelPath, kind: Kind): number | undefined {
    if (path === "" || path === ignoreFileName) return undefined;
    const { rule } = this.#rules.test(asked(path, kind));
    return rule?.mark === undefined ? undefined : Number(rule.mark);
  }
}

/** As the matcher takes it: a folder ends with a slash. */
function asked(path: RelPath, kind: Kind): string {
  const normal = path.normalize("NFC");
  return kind === "folder" ? `${normal}/` : normal;
}
