import type { ForgetRecord } from "../core/snapshot/forget-record.ts";
import type { RestoreJournal } from "../ports.ts";
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
  if (named !== undefined) return namedForget(environment, { place, named, records });
  const latest = records.findLast(({ reason }) => reason === "manual");
  if (latest === undefined) return undefined;
  const restored = fromJournal(environment, place, latestUndoable);
  const isNewest = restored === undefined || Date.parse(latest.time) >= restored.madeAt;
  return isNewest ? latest : undefined;
}

type Naming = {
  readonly place: string;
  readonly named: string;
  readonly records: readonly ForgetRecord[];
};

function namedForget(
  environment: Environment,
  { place, named, records }: Naming,
): ForgetRecord | undefined {
  const isNamed = ({ id }: { readonly id: string }): boolean => id.startsWith(named);
  const [match, ...others] = named.length < idDigitsMin ? [] : records.filter(isNamed);
  if (match === undefined) return undefined;
  const isRestore = fromJournal(environment, place, (journal) => journal.restores().some(isNamed));
  if (others.length === 0 && isRestore !== true) return match;
  throw new SnapError("usage", `"${named}" names more than one act`, {
    hint: "`snap restores` lists them; give more digits.",
  });
}

/** What the journal of the workspace around a place says; undefined where there is none. */
function fromJournal<T>(
  environment: Environment,
  place: string,
  ask: (journal: RestoreJournal) => T,
): T | undefined {
  const record = workspaceAround(environment, place);
  if (record === undefined) return undefined;
  using state = lookAtIndex(workspaceFiles(environment.locations, record.id).index);
  return state === undefined ? undefined : ask(state.journal);
}
