import { isUnfinished } from "../core/snapshot/restore-state.ts";
import type { WorkspaceRecord } from "../state/config.ts";
import type { OpenIndex } from "../state/database.ts";
import { SnapError } from "../std/error.ts";

/**
 * In the middle of a restore the disk is neither the old state nor the new one: nothing may be captured, and the bond that the
 * restore still needs may not be forgotten.
 *
 * @throws {SnapError} `refused`
 */
export function refuseHalfRestored(state: OpenIndex, record: WorkspaceRecord): void {
  if (!state.journal.restores().some(isUnfinished)) return;
  const isLinked = record.linkId !== undefined;
  throw new SnapError("refused", `A restore of "${record.path}" was interrupted`, {
    path: record.path,
    hint: `\`snap ${isLinked ? "sync" : "undo --dry-run"}\` finishes it or takes it back; then try again.`,
  });
}
