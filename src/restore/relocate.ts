import { parseRelPath, type RelPath } from "../core/path/rel-path.ts";
import type { ServedItem } from "../core/plan/sync-report.ts";
import type { ServerCall } from "../core/snapshot/restore-record.ts";
import type { RestoreItemRow } from "../core/snapshot/restore-state.ts";
import { batchEntriesMax } from "../core/snapshot/server-forecast.ts";
import type { Relocation } from "../core/snapshot/server-world.ts";
import type { RemoteItem } from "../core/tree/remote-item.ts";
import { isSnapError, throwIfAborted } from "../std/error.ts";
import { forEachLimited } from "../std/limiter.ts";
import { remoteBelow } from "./look-remote.ts";
import { withoutItemTrouble } from "./hidden-edits.ts";
import { rowWithCall, wishOf, type Outcome, type Serving, type Way } from "./serving.ts";

/** Places that are looked at at once. */
const looksParallel = 4;

/** Let Dropbox move or copy to free places, a thousand at once (T24). The intents are in the journal before. */
export async function relocateAll(
  serving: Serving,
  call: "move" | "copy",
  pairs: readonly Relocation[],
): Promise<void> {
  for (let start = 0; start < pairs.length; start += batchEntriesMax) {
    throwIfAborted(serving.run.work.signal);
    await relocateSome(serving, call, pairs.slice(start, start + batchEntriesMax));
  }
}

async function relocateSome(
  serving: Serving,
  call: "move" | "copy",
  pairs: readonly Relocation[],
): Promise<void> {
  const calls = pairs.map(({ from, to }) => {
    const { kind, path, remoteId } = from;
    return { to, asked: { call, kind, from: path, remoteId } };
  });
  serving.intend(calls.map(({ to, asked }) => rowWithCall(serving.rowAt(to), asked)));
  const request = pairs.map(({ from, to }) => ({ from: from.path, to }));
  // Where the batch as a whole is refused, or its answer is lost, each place tells what was done.
  const told = await withoutItemTrouble(() =>
    serving.kept.relocate(call, request, serving.run.work),
  );
  const results = calls.map((each, place) => ({ ...each, result: told?.[place] }));
  const outcomes: Outcome[] = [];
  await forEachLimited(results, { parallel: looksParallel }, async ({ to, asked, result }) => {
    const isTold = result !== undefined && !isSnapError(result);
    const there = isTold ? result : await withoutItemTrouble(() => serving.kept.get(to));
    outcomes.push(await outcomeOf(serving, { to, asked, isTold }, there));
  });
  serving.settle(outcomes);
  serving.advance(pairs.reduce((sum, { keys }) => sum + keys.length, 0));
}

/** Find out what became of a call that a run had begun when it was killed. */
export async function settleRelocated(
  serving: Serving,
  { path }: RestoreItemRow,
  asked: ServerCall,
): Promise<true> {
  const there = await serving.kept.get(path);
  const called = { to: path, asked, isTold: false };
  // Where nothing is there the call was not made, and has its turn.
  const isMade = there !== undefined;
  serving.settle([
    isMade ? await outcomeOf(serving, called, there) : { path, way: "moved", ours: [] },
  ]);
  return true;
}

type Called = {
  readonly to: RelPath;
  readonly asked: ServerCall;
  /** By the answer of the call, so that it is ours. */
  readonly isTold: boolean;
};

/** What has the wanted content is as it shall be, whoever did it. Anything else there is for the push. */
async function outcomeOf(
  serving: Serving,
  called: Called,
  there: RemoteItem | undefined,
): Promise<Outcome> {
  const { to: path, asked, isTold } = called;
  const way: Way = asked.call === "move" ? "moved" : "copied";
  // Whatever became of it, it is tried once.
  serving.refuse(asked.call, path);
  if (there === undefined) return { path, way, ours: [] };
  if (there.kind === "folder") return { path, way, ours: await folderOf(serving, called, there) };
  serving.close(path);
  if (there.hash === wishOf(serving.rowAt(path))?.hash) {
    const moved = asked.call === "move" ? { isMoved: true as const } : {};
    return { path, way, ours: [{ path, item: there, ...moved }] };
  }
  // An edit of the source went along. A move took it to its new name, and the push meets it there; a copy is one too many.
  if (asked.call === "copy" && isTold) {
    await withoutItemTrouble(() => serving.kept.deleteFile(path, there.rev));
  }
  return { path, way, ours: [] };
}

/**
 * What came along with a folder. Edits of that moment keep the row that was known, so that the push takes them for what they are; what
 * somebody took away meanwhile is put there anew.
 */
async function folderOf(
  serving: Serving,
  { to, asked }: Called,
  folder: RemoteItem,
): Promise<readonly ServedItem[]> {
  if (asked.kind !== "folder" || folder.remoteId !== asked.remoteId) return [];
  const listed = await withoutItemTrouble(() =>
    Array.fromAsync(serving.kept.list(to, { recursive: true })),
  );
  if (listed === undefined) return [];
  const there = new Map(listed.map((item) => [item.keys.join("/"), item]));
  const place = folder.keys.join("/");
  const came = Array.from(remoteBelow(serving.run.deps.index, folder.remoteId), (known) => {
    const path = parseRelPath(`${to}/${known.path}`);
    return { path, item: there.get(`${place}/${known.key}`), was: known.hash };
  });
  const ours = came.filter(({ item, was }) => item === undefined || item.hash === was);
  return [
    { path: to, item: folder, isMoved: true },
    ...ours.map(({ path, item }) => ({ path, item })),
  ];
}
