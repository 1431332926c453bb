import { isFirstDone, type FirstSide } from "../restore/first-sync.ts";
import type { WorkspaceRecord } from "../state/config.ts";
import { SnapError } from "../std/error.ts";
import type { Environment } from "./environment.ts";
import type { LinkedRecord } from "./find-workspace.ts";
import type { LinkedWorkspace } from "./workspace.ts";

/** The first sync has come to its end: from here on the link is one like any other. */
export function endInitial(environment: Environment, { id }: Pick<WorkspaceRecord, "id">): void {
  environment.settings.update((config) => ({
    ...config,
    workspaces: config.workspaces.map((record) => (record.id === id ? ended(record) : record)),
  }));
}

function ended({ initial: _initial, ...record }: WorkspaceRecord): WorkspaceRecord {
  return record;
}

/**
 * A link whose first sync was cut off (S44) may have come to its end since, by the recovery of its restore: then it is noted.
 *
 * @throws {SnapError} `refused` where it has not: uniting the two sides is not what was asked for
 */
export function settleInitial({ environment, record, state }: LinkedWorkspace): void {
  const { initial } = record;
  if (initial === undefined) return;
  const isDone = state.journal
    .restores()
    .some((row) => row.madeAt >= record.madeAt && isFirstDone(row, initial));
  if (!isDone) throw cutOff(record, initial);
  endInitial(environment, record);
}

/** @throws {SnapError} `refused` where the first sync of a link has not come to its end */
export function refuseUnsettled(record: LinkedRecord): void {
  if (record.initial !== undefined) throw cutOff(record, record.initial);
}

function cutOff({ path, remote }: LinkedRecord, side: FirstSide): SnapError {
  const words = [path, remote === "" ? "/" : remote].map((word) => JSON.stringify(word)).join(" ");
  return new SnapError("refused", `The first sync of "${path}" (${side}) was cut off`, {
    path,
    hint: `\`snap sync\` ends it where it had begun to change anything; else run \`snap link --initial ${side} ${words}\` again, or \`snap unlink\`.`,
  });
}
