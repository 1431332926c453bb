import { SnapError } from "../std/error.ts";

/** A line of a rule file that is a rule. */
export type RuleLine = {
  /** The first line is 1. */
  readonly line: number;
  readonly pattern: string;
};

/** The rules of a text, in their order; comments and empty lines are none. */
export function ruleLines(text: string): readonly RuleLine[] {
  return linesOf(text)
    .map((line, index) => ({ line: index + 1, pattern: patternIn(line) }))
    .filter(({ pattern }) => pattern !== "");
}

/** A text with other rules in it. */
export type EditedRules = {
  readonly text: string;
  readonly changed: readonly string[];
  /** Named, and as wanted already. */
  readonly unchanged: readonly string[];
};

/** Put rules at the end of a text; what is there already, comments and order stay as they are. @throws {SnapError} `usage` */
export function addRules(text: string, patterns: readonly string[]): EditedRules {
  const wanted = patternsOf(patterns);
  const known = new Set(ruleLines(text).map(({ pattern }) => pattern));
  const changed = wanted.filter((pattern) => !known.has(pattern));
  const end = text.includes("\r\n") ? "\r\n" : "\n";
  const begin = text === "" || text.endsWith("\n") ? text : `${text}${end}`;
  const added = changed.map((pattern) => `${pattern}${end}`).join("");
  return {
    text: changed.length === 0 ? text : begin + added,
    changed,
    unchanged: wanted.filter((pattern) => known.has(pattern)),
  };
}

/** Take rules out of a text, every line that is one of them. @throws {SnapError} `usage` */
export function removeRules(text: string, patterns: readonly string[]): EditedRules {
  const wanted = patternsOf(patterns);
  const known = new Set(ruleLines(text).map(({ pattern }) => pattern));
  const going = new Set(wanted);
  // Lines keep their own ends.
  const kept = text.split(/(?<=\n)/u).filter((line) => {
    const pattern = patternIn(line.replace(/\r?\n$/u, ""));
    return pattern === "" || !going.has(pattern);
  });
  return {
    text: kept.join(""),
    changed: wanted.filter((pattern) => known.has(pattern)),
    unchanged: wanted.filter((pattern) => !known.has(pattern)),
  };
}

function linesOf(text: string): readonly string[] {
  return text.replace(/^\uFEFF/u, "").split(/\r?\n/u);
}

/** The rule of a line, without spaces at its end unless they are escaped; "" where it is none. */
function patternIn(line: string): string {
  if (line.startsWith("#")) return "";
  return line.replace(/^\uFEFF/u, "").replace(/(?<!\\)\s+$/u, "");
}

function patternsOf(patterns: readonly string[]): readonly string[] {
  return [...new Set(patterns.map(checked))];
}

function checked(pattern: string): string {
  const plain = patternIn(pattern);
  const [problem, hint] = problemOf(pattern, plain) ?? [];
  if (problem === undefined) return plain;
  const facts = hint === undefined ? {} : { hint };
  throw new SnapError("usage", `Not a rule: "${pattern}" ${problem}`, facts);
}

function problemOf(
  pattern: string,
  plain: string,
): readonly [problem: string, hint?: string] | undefined {
  if (pattern.startsWith("#")) return ["is a comment", `For a name that begins so: "\\${pattern}"`];
  if (plain === "") return ["is empty"];
  if (/[\r\n\0]/u.test(pattern)) return ["has more than one line"];
  if (!pattern.isWellFormed()) return ["is no text"];
  if (/^\.{1,2}\//u.test(plain)) {
    return [
      "would never match",
      `From the top of the workspace it is "${plain.replace(/^\.+/u, "")}"`,
    ];
  }
  return undefined;
}
