import { fetchDamaged } from "../engine/check/bit-rot.ts";
import { runCheck, type CheckReport } from "../engine/check/check.ts";
import type { CheckFinding } from "../engine/check/finding.ts";
import type { Work } from "../std/events.ts";
import type { Environment } from "./environment.ts";
import { requireLink } from "./find-workspace.ts";
import { refuseHalfRestored } from "./half-restored.ts";
import { parseLeft } from "./last-left.ts";
import { openLinked } from "./workspace.ts";
import { workspacePath } from "./workspace-path.ts";

export type { CheckFinding, CheckReport };

/** What is to be checked. */
export type CheckWords = {
  readonly place: string;
  /** Read every file, too. */
  readonly rehash: boolean;
  /** Mark nothing for the next sync. */
  readonly dryRun: boolean;
  readonly onFinding: (finding: CheckFinding) => void;
};

/**
 * Compare disk, server and index of the workspace around a place (S103).
 *
 * @throws {SnapError} `workspace-missing`, `busy`, `refused` in the middle of a restore, and what makes a plan impossible
 */
export async function checkWorkspaceAt(
  environment: Environment,
  words: CheckWords,
  work: Work,
): Promise<CheckReport> {
  const record = requireLink(environment, words.place);
  await using workspace = await openLinked(environment, record, "check");
  refuseHalfRestored(workspace.state, record);
  const left = parseLeft(workspace.state.index.meta("last_left"));
  const { rehash, dryRun, onFinding } = words;
  return await runCheck(workspace.engineDeps, { rehash, dryRun, left, onFinding }, work);
}

/** Which file is to be fetched anew. */
export type FetchWords = {
  readonly place: string;
  /** As the user typed it. */
  readonly named: string;
  /** Only find out whether it could be. */
  readonly dryRun: boolean;
};

/**
 * Put a damaged file into the trash, so that the next sync brings it down again (S28).
 *
 * @returns its path in the workspace
 * @throws {SnapError} as `fetchDamaged`, and what opening the workspace can throw
 */
export async function fetchDamagedFile(
  environment: Environment,
  { place, named, dryRun }: FetchWords,
): Promise<string> {
  const record = requireLink(environment, place);
  const path = workspacePath(environment, record, named);
  await using workspace = await openLinked(environment, record, "check --fetch");
  refuseHalfRestored(workspace.state, record);
  await fetchDamaged(workspace.engineDeps, path, { dryRun });
  return path;
}
