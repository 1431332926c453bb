import type { RelPath } from "../core/path/rel-path.ts";
import type { ServedItem } from "../core/plan/sync-report.ts";
import { readRemoteRecord } from "../core/snapshot/restore-record.ts";
import { batchEntriesMax } from "../core/snapshot/server-forecast.ts";
import { nextStep, type ServerStep } from "../core/snapshot/server-side-plan.ts";
import { openWishes, type ServerWish, type ServerWorld } from "../core/snapshot/server-world.ts";
import type { EngineControl } from "../ports.ts";
import { isSnapError, throwIfAborted } from "../std/error.ts";
import { forEachLimited } from "../std/limiter.ts";
import { relocateAll, settleRelocated } from "./relocate.ts";
import { ask, revert, settleReverted, type WishNow } from "./revert.ts";
import type { Run } from "./run.ts";
import { withoutItemTrouble } from "./hidden-edits.ts";
import { Serving } from "./serving.ts";

/** Files that are asked about at once; Dropbox makes one change after the other whatever is asked of it. */
const filesParallel = 4;

/**
 * Have Dropbox put back, move and copy what it still holds, instead of uploading it (T24). What does not come off here is left to the
 * ordinary push, and so is everything where the server fails again and again.
 *
 * @throws {SnapError} `interrupted`; `offline` and `throttled`, since what Dropbox holds would be uploaded otherwise; and what keeps a call
 * from being judged (T25). What was done is known then, and the next start goes on
 */
export async function serve(run: Run, engine: EngineControl): Promise<void> {
  const { kept } = run.deps;
  if (kept === undefined) return;
  const serving = new Serving(run, { kept, engine });
  try {
    const options = { parallel: filesParallel, signal: run.work.signal };
    await forEachLimited(serving.begun, options, (row) => settleBegun(serving, row));
    await serveAll(serving);
  } catch (error) {
    throwIfAborted(run.work.signal);
    if (!isSnapError(error, "server-error") || serving.isOpen) throw error;
  } finally {
    serving.noteCounts();
  }
}

async function settleBegun(serving: Serving, row: Serving["begun"][number]): Promise<void> {
  const { call } = readRemoteRecord(row.expected);
  const isDone = await withoutItemTrouble(() =>
    call === undefined ? settleReverted(serving, row) : settleRelocated(serving, row, call),
  );
  if (isDone === undefined) serving.giveUp(row.path);
}

/** Every call is tried once for a place, so the steps come to an end. */
async function serveAll(serving: Serving): Promise<void> {
  if (serving.run.facts.serverSide === "never") return;
  for (let world = serving.world(); ; world = serving.world()) {
    throwIfAborted(serving.run.work.signal);
    serving.progress(openWishes(world).length);
    const step = nextStep(world);
    if (step === undefined) return;
    await take(serving, step, world);
  }
}

async function take(serving: Serving, step: ServerStep, world: ServerWorld): Promise<void> {
  // Where a folder cannot be made, the step is another one.
  if (step.call !== "ask" && !(await makeFolders(serving, step.folders))) return;
  switch (step.call) {
    case "move":
    case "copy":
      return await relocateAll(serving, step.call, step.pairs);
    case "ask":
      return await forEachWish(serving, withNow(step.wishes, world), ask);
    case "revert":
      return await forEachWish(serving, withNow(step.wishes, world), revert);
    case "folders":
  }
}

/** Trouble with one file is for the push to find. */
async function forEachWish(
  serving: Serving,
  wishes: Iterable<WishNow>,
  act: (serving: Serving, wish: WishNow) => Promise<true>,
): Promise<void> {
  const options = { parallel: filesParallel, signal: serving.run.work.signal };
  await forEachLimited(wishes, options, async (each) => {
    const isDone = await withoutItemTrouble(() => act(serving, each));
    if (isDone === undefined) serving.giveUp(each.wish.path);
    // An answer alone settles nothing.
    if (act === revert) serving.advance(1);
  });
}

function* withNow(wishes: readonly ServerWish[], { present }: ServerWorld): Generator<WishNow> {
  for (const wish of wishes) yield { wish, now: present.get(wish.key) };
}

/** Missing folders come first, so that every answer has a place in the index. Says whether all of them are there. */
async function makeFolders(serving: Serving, folders: readonly RelPath[]): Promise<boolean> {
  let count = 0;
  for (let start = 0; start < folders.length; start += batchEntriesMax) {
    const there = await foldersOf(serving, folders.slice(start, start + batchEntriesMax));
    serving.noteFolders(there);
    count += there.length;
  }
  return count === folders.length;
}

/** One that is there already is adopted (S60). */
async function foldersOf(
  serving: Serving,
  paths: readonly RelPath[],
): Promise<readonly ServedItem[]> {
  const { kept, run } = serving;
  const told = await withoutItemTrouble(() => kept.makeFolders(paths, run.work));
  const there: ServedItem[] = [];
  for (const [place, path] of paths.entries()) {
    const made = told?.[place];
    const isMade = made !== undefined && !isSnapError(made);
    const item = isMade ? made : await withoutItemTrouble(() => kept.get(path));
    if (item?.kind === "folder") there.push({ path, item });
    else serving.refuse("folder", path);
  }
  return there;
}
