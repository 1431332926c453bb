import { isAlwaysOutside, rulesOf, type IgnoreRules } from "../../core/ignore.ts";
import type { Exclusions } from "../../core/exclusions.ts";
import {
  withGitIgnored,
  type GitIgnored,
  type GitIgnores,
  type OutsideFolders,
} from "../../core/repo/git-ignored.ts";
import { readRules, type RulesDeps } from "./rules-file.ts";

/** What it takes to know the rules of a link. */
export type RulesInForceDeps = RulesDeps & { readonly gitIgnores?: GitIgnores };

/** The rules of a link as the disk has them now: `.mignore`, and what Git ignores where that is left out (S90, G50). */
export type RulesInForce = {
  readonly rules: IgnoreRules;
  /** Work trees that are held, since nobody can tell what Git ignores there. */
  readonly unclear?: GitIgnored["unclear"];
};

/** @throws {SnapError} as `readRules`; `settings-invalid` where `.mignore` breaks a bound */
export async function rulesInForce(
  deps: RulesInForceDeps,
  exclusions: Exclusions,
): Promise<RulesInForce> {
  const own = rulesOf(await readRules(deps));
  if (deps.gitIgnores === undefined) return { rules: own };
  const git = await deps.gitIgnores.look(outsideOf(own, exclusions));
  return { rules: withGitIgnored(own, git), unclear: git.unclear };
}

/** What no rule of Git is looked for in: a link leaves it out by itself. */
export function outsideOf(own: IgnoreRules, exclusions: Exclusions): OutsideFolders {
  return {
    digest: JSON.stringify([own.digest, exclusions.paths]),
    isOutside: (folder) =>
      isAlwaysOutside(folder) ||
      exclusions.above(folder) !== undefined ||
      own.ignores(folder, "folder"),
  };
}
