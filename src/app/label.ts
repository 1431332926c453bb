import { SnapError } from "../std/error.ts";

/** Longest label: one line of a list. */
const labelLengthMax = 200;

/**
 * A label names a snapshot wherever an id would: what means something else there cannot be one.
 *
 * @throws {SnapError} `usage`
 */
export function checkLabel(label: string): void {
  const problem = problemOf(label);
  if (problem === undefined) return;
  throw new SnapError("usage", `Not a label: it ${problem}`, {
    hint: "Give a few words, like --label before-the-refactoring.",
  });
}

/** A tag is one line to find snapshots by. @throws {SnapError} `usage` */
export function checkTag(tag: string): void {
  const isLine = tag.trim() !== "" && tag.length <= labelLengthMax && !/\p{Cc}/u.test(tag);
  if (isLine) return;
  throw new SnapError("usage", "Not a tag: it is empty, too long, or holds control characters", {
    hint: "Give a word or two, like paper-v1.",
  });
}

function problemOf(label: string): string | undefined {
  if (label.trim() === "") return "is empty";
  if (label.length > labelLengthMax) return `is longer than ${labelLengthMax} characters`;
  if (/^(latest(~\d+)?|local|remote)$/.test(label) || label.startsWith("@")) {
    return `is "${label}", which names a snapshot by time or side`;
  }
  return /\p{Cc}/u.test(label) ? "holds control characters" : undefined;
}
