import { displayName } from "../core/path/names.ts";
import type { GuardFinding } from "../core/repo/finding.ts";
import { explainFinding, type Explanation } from "../guard/explain.ts";
import { SnapError } from "../std/error.ts";
import type { Environment } from "./environment.ts";
import { resolveFolder } from "./find-workspace.ts";
import { checkFolder, type CheckWords } from "./guard.ts";

/** What is to be explained: a folder, or a finding of a check by its name. */
export type ExplainRequest = CheckWords & {
  readonly named: string;
  /** The folder whose finding a name like `f3` is. */
  readonly place: string;
};

/**
 * Explain what the guard found (G6): the finding of a name; else the repository that a folder is; else each one in it, and the one
 * that it lies in.
 *
 * @throws {SnapError} `usage` where there is nothing to explain, `path-missing`
 */
export async function explainFindings(
  environment: Environment,
  { named, place, ...words }: ExplainRequest,
): Promise<readonly Explanation[]> {
  const isName = /^f[1-9]\d*$/u.test(named);
  const top = resolveFolder(environment, isName ? place : named);
  const report = await checkFolder(environment, top, words);
  const wanted = isName
    ? report.findings.filter(({ id }) => id === named)
    : meantBy(report.findings);
  if (wanted.length === 0) {
    throw new SnapError(
      "usage",
      isName ? `There is no finding "${named}"` : "There is no repository",
      {
        path: top,
        hint: "`snap guard check FOLDER` lists what there is; a folder named like a finding is written `./f1`.",
      },
    );
  }
  return wanted.map((finding) => explainFinding(finding, report));
}

function meantBy(findings: readonly GuardFinding[]): readonly GuardFinding[] {
  const itself = findings.filter(({ path }) => path === ".");
  return itself.length > 0 ? itself : findings;
}

/** An explanation for people. */
export function explanationText(explanation: Explanation): string {
  const { id, path, what, where, decision, numbers, damage, waysOut } = explanation;
  const list = (title: string, lines: readonly string[]): string[] =>
    lines.length === 0 ? [] : ["", title, ...lines.map((line) => `  ${displayName(line)}`)];
  const ways = waysOut.flatMap(({ text, commands }, index) => [
    `  ${index + 1}. ${text}`,
    ...commands.map((command) => `       ${displayName(command)}`),
  ]);
  return [
    `${id}  ${displayName(path)}`,
    "",
    ...[what, where, decision].map(displayName),
    ...list(
      "What is in it:",
      numbers.map(({ text }) => text),
    ),
    ...list("Damage:", damage),
    ...list("How that is known:", explanation.notComputed),
    ...(ways.length === 0 ? [] : ["", "What you can do:", ...ways]),
    "",
    "Nothing was changed.",
  ].join("\n");
}
