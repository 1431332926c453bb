import type { Measured, RepositoryFacts, WorkFacts } from "../core/repo/finding.ts";
import { reasonText } from "./reasons.ts";

/** One number of a repository, in words and as data. */
export type ExplainedNumber = {
  readonly name: keyof WorkFacts;
  readonly measured: Measured;
  /** A sentence with its mark; for one that is not known, why. */
  readonly text: string;
};

type Words = { readonly one: string; readonly more: string; readonly subject: string };

const words: readonly (readonly [keyof WorkFacts, Words])[] = [
  ["unpushed", { one: "commit is", more: "commits are", subject: "on no remote-tracking branch" }],
  ["stashes", { one: "stash is", more: "stashes are", subject: "kept" }],
  ["staged", { one: "file is", more: "files are", subject: "staged and not committed" }],
  ["unstaged", { one: "file is", more: "files are", subject: "changed and not staged" }],
  ["conflicted", { one: "file is", more: "files are", subject: "in conflict" }],
  [
    "untracked",
    {
      one: "file or folder is",
      more: "files or folders are",
      subject: "not under version control",
    },
  ],
];

/** Each number in a sentence, with the mark that stands behind it (G36), in a fixed order. */
export function explainNumbers(facts: RepositoryFacts): ExplainedNumber[] {
  return words.map(([name, each]) => {
    const measured = plainly(facts.work[name]);
    return { name, measured, text: numberText(measured, each) };
  });
}

/** Without the branches of the unpushed commits. */
function plainly(measured: Measured): Measured {
  const { precision } = measured;
  return precision === "notComputed"
    ? { precision, reason: measured.reason }
    : { precision, value: measured.value };
}

function numberText(measured: Measured, { one, more, subject }: Words): string {
  if (measured.precision === "notComputed") {
    const what = more.replace(/ are$/u, "");
    return `It is not known how many ${what} are ${subject}: ${reasonText(measured.reason)}.`;
  }
  const { value, precision } = measured;
  if (precision === "exact" && value === 0) {
    return `No ${one} ${subject}; that is certain.`;
  }
  const counted = `${value} ${value === 1 ? one : more} ${subject}`;
  if (precision === "exact") return `${counted}; that is exact.`;
  if (precision === "lowerBound")
    return `At least ${counted}; there may be more, since not everything could be looked at.`;
  return `About ${counted}; something that changes the count could not be taken into account.`;
}
