import type { RestoreRow } from "../core/snapshot/restore-state.ts";

/** Whether a restore was cut off: the next run finishes it or takes it back. */
export function isUnfinished({ state }: RestoreRow): boolean {
  return state !== "done" && state !== "partial" && state !== "not-done";
}
