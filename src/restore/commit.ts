import { needsTimes, setOf, stepsOf, type LocalStep } from "../core/snapshot/restore-steps.ts";
import type { RestoreItemRow } from "../core/snapshot/restore-state.ts";
import { isOwnedByOther } from "../core/snapshot/restore-plan.ts";
import { readLocalRecord } from "../core/snapshot/restore-record.ts";
import { ownerRefusal } from "../core/tree/owner.ts";
import { throwIfAborted, SnapError } from "../std/error.ts";
import { forEachLimited } from "../std/limiter.ts";
import { isoDate } from "../std/time.ts";
import { dressFiles, dressFolders } from "./dress.ts";
import type { Run } from "./run.ts";
import { swap } from "./swap.ts";
import { swapUnits } from "./units.ts";

/** Intents that are written in one transaction before their acts (T22). */
const intentsPerBatch = 256;
const actsParallel = 8;

/**
 * Swap the paths of a staged restore, from its journal: parents first, deletions last, folder times at the very end.
 * The first batch of intents is the point of no return (T30). After a crash the same call goes on.
 *
 * @throws {SnapError} `interrupted` between two batches; what stops every path
 */
export async function commit(run: Run): Promise<void> {
  const { device, clock } = run.deps;
  const { groups, times } = stepsOf(run.items, { device, date: isoDate(clock.now()) });
  const open = groups.map((group) =>
    group.filter(({ row }) => row.step === "staged" || row.step === "acting"),
  );
  const total = open.flat().length;
  let done = 0;
  for (const [order, group] of open.entries()) {
    // Folders are made one after the other, since each may hold the next.
    const parallel = order === 0 ? 1 : actsParallel;
    for (let start = 0; start < group.length; start += intentsPerBatch) {
      throwIfAborted(run.work.signal);
      const batch = group.slice(start, start + intentsPerBatch);
      await commitBatch(run, batch, parallel);
      done += batch.length;
      run.progress("commit", { done, total });
    }
  }
  throwIfAborted(run.work.signal);
  await swapUnits(run);
  await setFolderTimes(run, times);
}

async function commitBatch(run: Run, batch: readonly LocalStep[], parallel: number): Promise<void> {
  const { journal, local } = run.deps;
  const intents = batch.map(({ row }) => ({ ...row, step: "acting" as const }));
  if (run.row.state === "committing") journal.putItems(intents);
  else run.enter("committing", () => journal.putItems(intents));
  const ended: RestoreItemRow[] = [];
  await forEachLimited(batch, { parallel }, async (step) => {
    ended.push(...(await swap(local, step)));
  });
  journal.putItems(await dressFiles(run, ended));
}

/** Children first: what is done in a folder changes its time. */
async function setFolderTimes(run: Run, steps: readonly LocalStep[]): Promise<void> {
  const paths = new Set(steps.map(({ row }) => row.path));
  const fresh = new Map(
    run.items
      .filter(({ side, path }) => side === "local" && paths.has(path))
      .map((row) => [row.path, row]),
  );
  await dressFolders(run, steps, fresh);
  const ended: RestoreItemRow[] = [];
  for (const step of steps) {
    const row = fresh.get(step.row.path) ?? step.row;
    if (row.step === "left") continue;
    const note = await trySetTimes(run, step);
    if (step.record.deed === "times") {
      const expected = JSON.stringify({ ...step.record, note });
      ended.push({ ...row, expected, step: "acted", witness: "folder" });
    } else if (note !== null) {
      ended.push(withNote(row, note));
    }
  }
  run.enter("committed", () => run.deps.journal.putItems(ended));
}

/** A folder that was made has a record of its own. */
function withNote(row: RestoreItemRow, more: string): RestoreItemRow {
  const record = readLocalRecord(row.expected);
  const note = record.note === null ? more : `${record.note}; ${more}`;
  return { ...row, expected: JSON.stringify({ ...record, note }) };
}

async function trySetTimes({ deps }: Run, { row, record }: LocalStep): Promise<string | null> {
  try {
    const stat = await deps.local.stat(row.path);
    if (stat !== undefined && needsTimes(record, stat)) {
      const wanted = setOf(record);
      const now = await deps.local.setMetadata(row.path, { ...wanted, fileId: stat.fileId });
      const { owner } = wanted;
      if (owner !== undefined && isOwnedByOther(owner, now)) return ownerRefusal(owner);
    }
    return null;
  } catch (error) {
    if (!(error instanceof SnapError) || error.class !== "item") throw error;
    return `its mode and time could not be set: ${error.message}`;
  }
}
