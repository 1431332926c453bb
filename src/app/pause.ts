import type { Paused, WorkspaceRecord } from "../state/config.ts";
import type { Environment } from "./environment.ts";
import { isLinked } from "./find-workspace.ts";

/** Which workspaces, and since when and why they are left alone; undefined for to go on. */
export type PauseRequest = {
  /** Id of one; every linked one where absent. */
  readonly workspace?: string | undefined;
  readonly paused: Paused | undefined;
};

/**
 * Remember which workspaces the daemon leaves alone, until it is told to go on: over its own end and that of the machine. One
 * that is paused already takes the new reason.
 *
 * @returns the linked workspaces that were meant, as they are now
 */
export function setPaused(
  environment: Environment,
  { workspace, paused }: PauseRequest,
): readonly WorkspaceRecord[] {
  const isMeant = (record: WorkspaceRecord): boolean =>
    isLinked(record) && (workspace === undefined || record.id === workspace);
  const config = environment.settings.update((before) => ({
    ...before,
    workspaces: before.workspaces.map((record) =>
      isMeant(record) ? withPause(record, paused) : record,
    ),
  }));
  return config.workspaces.filter(isMeant);
}

function withPause(record: WorkspaceRecord, paused: Paused | undefined): WorkspaceRecord {
  const { paused: _, ...rest } = record;
  return paused === undefined ? rest : { ...rest, paused };
}
