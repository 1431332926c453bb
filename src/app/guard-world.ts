import type { GitIgnores } from "../core/repo/git-ignored.ts";
import type { OverrideRecord } from "../core/repo/override.ts";
import type { ElsewherePlaces } from "../guard/elsewhere.ts";
import { openGitIgnores } from "../guard/git-ignores.ts";
import { openGuard, type RepoGuard } from "../guard/repo-guard.ts";
import type { WorkspaceRecord } from "../state/config.ts";
import type { Environment } from "./environment.ts";

/** The guard with the programs of this machine. */
export function openGuardOf({ clock, host, variables }: Environment): RepoGuard {
  const programs = {
    path: variables["PATH"],
    home: variables["HOME"],
    configHome: variables["XDG_CONFIG_HOME"],
  };
  return openGuard({ clock, host, programs });
}

/** Who tells what Git ignores, where a link leaves that out (G50). */
export function gitIgnoresOf(
  { clock }: Pick<Environment, "clock">,
  { path: top, repos, gitignore }: Pick<WorkspaceRecord, "path" | "repos" | "gitignore">,
): { readonly gitIgnores?: GitIgnores } {
  const isLeftOut = repos === "exclude" && gitignore === "exclude";
  return isLeftOut ? { gitIgnores: openGitIgnores({ top, clock }) } : {};
}

/** Where repositories may be that keep their history away from their files (G11). */
export function elsewherePlaces({ cwd, variables }: Environment): ElsewherePlaces {
  return {
    home: variables["HOME"],
    configHome: variables["XDG_CONFIG_HOME"],
    dataHome: variables["XDG_DATA_HOME"],
    gitDir: variables["GIT_DIR"],
    gitWorkTree: variables["GIT_WORK_TREE"],
    cwd,
  };
}

/** Every consent that was recorded; whether one still holds is the guard's to say. */
export function overrideRecords({ settings }: Environment): readonly OverrideRecord[] {
  return settings.read().overrides.filter(isOverrideRecord);
}

function isOverrideRecord(record: object): record is OverrideRecord {
  const fields = new Map<string, unknown>(Object.entries(record));
  const has = (name: string, is: (value: unknown) => boolean): boolean => is(fields.get(name));
  const may = (name: string, is: (value: unknown) => boolean): boolean =>
    fields.get(name) === undefined || has(name, is);
  return (
    ["path", "fingerprint", "reason", "who", "host"].every((name) => has(name, isText)) &&
    ["at", "expiresAt"].every((name) => has(name, Number.isFinite)) &&
    may("repoId", isText) &&
    may("trust", (value) => typeof value === "boolean") &&
    may("unpushed", Number.isFinite) &&
    may("worktrees", (value) => Array.isArray(value) && value.every(isText))
  );
}

function isText(value: unknown): value is string {
  return typeof value === "string";
}
