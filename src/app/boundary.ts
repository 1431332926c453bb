import { isAlwaysOutside, type IgnoreRules } from "../core/ignore.ts";
import { parentPath, topPath, type RelPath } from "../core/path/rel-path.ts";
import { overridesOf } from "../core/repo/gitdir-path.ts";
import type { LocalStat } from "../core/tree/local-stat.ts";
import { exclusionsInForce } from "../engine/scope/exclusions-in-force.ts";
import { rulesInForce } from "../engine/scope/rules-in-force.ts";
import type { ScopeRules } from "../engine/scope/standing.ts";
import { isLinked } from "./find-workspace.ts";
import { gitIgnoresOf } from "./guard-world.ts";
import { overriddenFolders } from "./guard-overrides.ts";
import type { OpenWorkspace } from "./open-workspace.ts";

/** What belongs to a workspace: the rules in force, and what was decided about its repositories. */
export type Boundary = {
  readonly rules: IgnoreRules;
  /** The same as the sync applies it, folder by folder. */
  readonly scope: ScopeRules;
  readonly isOutside: (path: RelPath, kind: LocalStat["kind"]) => boolean;
  /** Left out by a rule alone: neither by its nature nor because it was excluded (N33). */
  readonly isIgnored: (path: RelPath, kind: LocalStat["kind"]) => boolean;
  /** Whether the repository that this marker belongs to is synced like other files. */
  readonly isRepositorySynced: (marker: RelPath) => boolean;
};

/** Read the rules of a workspace. @throws {SnapError} as `readRules`; `settings-invalid` when they break a bound */
export async function boundaryOf(
  workspace: Pick<OpenWorkspace, "environment" | "record" | "local" | "state">,
): Promise<Boundary> {
  const { environment, local, state, record } = workspace;
  const exclusions = exclusionsInForce(state.index);
  const deps = { local, index: state.index, clock: environment.clock };
  const { rules } = await rulesInForce(
    { ...deps, ...gitIgnoresOf(environment, record) },
    exclusions,
  );
  const overridden = await overriddenFolders(environment, record);
  const isNever = (path: RelPath): boolean =>
    isAlwaysOutside(path) || exclusions.above(path) !== undefined;
  const isByRule = (path: RelPath, kind: LocalStat["kind"]): boolean =>
    rules.ignores(path, kind === "folder" ? "folder" : "file");
  return {
    rules,
    scope: {
      rules,
      exclusions,
      repos: isLinked(record) ? record.repos : "refuse",
      ...overridesOf({
        overridden: (folder) => overridden.has(folder),
        repositoryAt: (folder) => overridden.get(folder),
      }),
    },
    isOutside: (path, kind) => isNever(path) || isByRule(path, kind),
    isIgnored: (path, kind) => !isNever(path) && isByRule(path, kind),
    isRepositorySynced: (marker) => overridden.has(parentPath(marker) ?? topPath),
  };
}
