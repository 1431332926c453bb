import type { ForgetRecord } from "../core/snapshot/forget-record.ts";
import type { RestoreRow } from "../core/snapshot/restore-state.ts";
import { latestUndoable } from "../restore/undo.ts";
import { lookAtIndex } from "../state/database.ts";
import { workspaceFiles } from "../state/locations.ts";
import { SnapError } from "../std/error.ts";
import type { Work } from "../std/events.ts";
import type { Environment } from "./environment.ts";
import { workspaceAround } from "./find-workspace.ts";
import { undoRestore } from "./restore.ts";
import type { RestoreReport, UndoWords } from "./restore.ts";
import { openSnapshotStore } from "./store.ts";

/** What was taken back, or for a dry run would be: a restore or rollback, or a forget. */
export type TakenBack =
  | { readonly act: "restore"; readonly outcome: RestoreReport | "planned" }
  | { readonly act: "forget"; readonly record: ForgetRecord };

/** Fewest digits that name an act. */
const idDigitsMin = 4;

/**
 * Take the latest restore, rollback or forget back, or the one that is named (T44). A forget by a schedule must be named.
 *
 * @throws {SnapError} as `undoRestore`, and `busy` where the store is being written
 */
export async function takeBack(
  environment: Environment,
  words: UndoWords,
  work: Work,
): Promise<TakenBack> {
  const store = await openSnapshotStore(environment);
  const record = chosenForget(environment, words, await listForgets(environment, words.place));
  if (record === undefined)
    return { act: "restore", outcome: await undoRestore(environment, words, work) };
  if (words.dryRun) return { act: "forget", record };
  return { act: "forget", record: await store.keeping.unforget(record.id) };
}

/** The forgets that can be taken back and concern the workspace around a place; all of them outside every workspace. */
export async function listForgets(
  environment: Environment,
  place: string,
): Promise<readonly ForgetRecord[]> {
  const { keeping } = await openSnapshotStore(environment);
  const workspace = workspaceAround(environment, place);
  return (await keeping.forgets()).filter(
    ({ snapshots }) =>
      workspace === undefined || snapshots.some((one) => one.workspace === workspace.id),
  );
}

/** Undefined where a restore is meant. */
function chosenForget(
  environment: Environment,
  { place, restore: named }: UndoWords,
  records: readonly ForgetRecord[],
): ForgetRecord | undefined {
  if (named !== undefined) return namedForget(named, records);
  const latest = records.findLast(({ reason }) => reason === "manual");
  if (latest === undefined) return undefined;
  const restored = latestRestore(environment, place);
  const isNewest = restored === undefined || Date.parse(latest.time) >= restored.madeAt;
  return isNewest ? latest : undefined;
}

function namedForget(named: string, records: readonly ForgetRecord[]): ForgetRecord | undefined {
  const matches =
    named.length < idDigitsMin ? [] : records.filter(({ id }) => id.startsWith(named));
  if (matches.length <= 1) return matches[0];
  throw new SnapError("usage", `"${named}" names ${matches.length} forgets`, {
    hint: "`snap restores` lists them; give more digits.",
  });
}

function latestRestore(environment: Environment, place: string): RestoreRow | undefined {
  const record = workspaceAround(environment, place);
  if (record === undefined) return undefined;
  using state = lookAtIndex(workspaceFiles(environment.locations, record.id).index);
  return state === undefined ? undefined : latestUndoable(state.journal);
}
