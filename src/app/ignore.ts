import { lstatSync } from "node:fs";
import path from "node:path";
import { Exclusions } from "../core/exclusions.ts";
import { addRules, removeRules, ruleLines, type RuleLine } from "../core/ignore-lines.ts";
import { rulesOf } from "../core/ignore.ts";
import { isOutsideName, nameProblem } from "../core/path/names.ts";
import { pathComponents, topPath, type RelPath } from "../core/path/rel-path.ts";
import type { Kind } from "../core/tree/node.ts";
import { outsideOf } from "../engine/scope/rules-in-force.ts";
import type { WorkspaceRecord } from "../state/config.ts";
import { SnapError } from "../std/error.ts";
import type { Environment } from "./environment.ts";
import { excludedIn } from "./exclusion-record.ts";
import { requireWorkspace } from "./find-workspace.ts";
import { gitIgnoresOf } from "./guard-world.ts";
import { readRulesText, replaceRulesText } from "./rules-file.ts";
import { workspacePath } from "./workspace-path.ts";

/** The rules of the workspace around a place, in their order (S90). @throws {SnapError} `workspace-missing`, `settings-invalid` */
export function listRules(environment: Environment, place: string): readonly RuleLine[] {
  return ruleLines(readRulesText(requireWorkspace(environment, place).path).text);
}

/** Which rules a person names, and whether anything is written. */
export type RuleWords = {
  readonly place: string;
  readonly patterns: readonly string[];
  readonly dryRun: boolean;
};

/** What a change of the rules would do, or did. */
export type RuleChange = {
  readonly changed: readonly string[];
  /** Named, and as wanted already. */
  readonly unchanged: readonly string[];
};

/**
 * Add rules at the end of `.mignore`. All of them, or none.
 *
 * @throws {SnapError} `usage` for what is no rule, `settings-invalid` with the line where a bound would be broken (X24),
 * `volatile` when somebody else changes the file at the same time; the file is as it was then
 */
export function addIgnoreRules(environment: Environment, words: RuleWords): RuleChange {
  return edit(environment, words, addRules);
}

/** Take rules out of `.mignore`; comments and order of the others stay. @throws {SnapError} as `addIgnoreRules` */
export function removeIgnoreRules(environment: Environment, words: RuleWords): RuleChange {
  return edit(environment, words, removeRules);
}

function edit(
  environment: Environment,
  { place, patterns, dryRun }: RuleWords,
  how: typeof addRules,
): RuleChange {
  const { path: top } = requireWorkspace(environment, place);
  const before = readRulesText(top);
  const { text, changed, unchanged } = how(before.text, patterns);
  if (changed.length === 0) return { changed, unchanged };
  rulesOf(text);
  if (!dryRun) replaceRulesText(top, { before, text }, environment.rng);
  return { changed, unchanged };
}

/** Why a path is synced, or is not. */
export type CheckedPath = {
  readonly path: RelPath;
  readonly kind: Kind;
  /** `never`: by its name, whatever the rules say (S92). `refused`: no other disk could hold it. */
  readonly state: "synced" | "ignored" | "excluded" | "never" | "refused";
  /** The line that leaves it out. */
  readonly rule?: RuleLine;
  /** Git ignores it (G50). */
  readonly byGit?: true;
  /** The name, the excluded folder, or what is wrong with the name. */
  readonly why?: string;
};

/**
 * Which line of `.mignore`, name or exclusion decides about paths. Nothing has to stand there; a slash at the end means a folder.
 *
 * @throws {SnapError} `workspace-missing`, `settings-invalid`, `path-invalid` for a path outside the workspace
 */
export async function checkIgnored(
  environment: Environment,
  place: string,
  named: readonly string[],
): Promise<readonly CheckedPath[]> {
  const record = requireWorkspace(environment, place);
  const judge = await ignoreJudge(environment, record);
  return named.map((each) => {
    const at = workspacePath(environment, record, each);
    if (at === topPath) {
      throw new SnapError("usage", "The workspace itself is always synced", {
        hint: "Name something in it.",
      });
    }
    return judge(at, each.endsWith("/") ? "folder" : kindOf(path.join(record.path, at)));
  });
}

/** Tells of any path of a workspace why it is synced, or is not. @throws {SnapError} `settings-invalid` */
export async function ignoreJudge(
  environment: Environment,
  record: WorkspaceRecord,
): Promise<(at: RelPath, kind: Kind) => CheckedPath> {
  const { text } = readRulesText(record.path);
  const rules = rulesOf(text);
  const lines = ruleLines(text);
  const exclusions = new Exclusions(excludedIn(environment, record.id));
  const { gitIgnores } = gitIgnoresOf(environment, record);
  const git = await gitIgnores?.look(outsideOf(rules, exclusions));
  return (at, kind) => {
    const bare = { path: at, kind };
    const names = pathComponents(at);
    const outside = names.find(isOutsideName);
    if (outside !== undefined) return { ...bare, state: "never", why: outside };
    const excluded = exclusions.above(at);
    if (excluded !== undefined) return { ...bare, state: "excluded", why: excluded };
    const line = rules.lineFor(at, kind);
    const rule = lines.find((each) => each.line === line);
    if (rule !== undefined) return { ...bare, state: "ignored", rule };
    if (git?.ignores(at, kind) === true) return { ...bare, state: "ignored", byGit: true };
    const problem = names.map(nameProblem).find((each) => each !== undefined);
    if (problem !== undefined) return { ...bare, state: "refused", why: problem };
    return { ...bare, state: "synced" };
  };
}

function kindOf(whole: string): Kind {
  const stat = lstatSync(whole, { throwIfNoEntry: false });
  return stat?.isDirectory() === true ? "folder" : "file";
}
