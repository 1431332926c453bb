import type { RelPath } from "../core/path/rel-path.ts";
import type { RemoteSeen } from "../core/snapshot/restore-picture.ts";
import type { LeftItem } from "../core/snapshot/restore-report.ts";
import type { RestoreItemRow } from "../core/snapshot/restore-state.ts";
import { judgeServed } from "../core/snapshot/served.ts";
import type { ServerWish } from "../core/snapshot/server-world.ts";
import type { FileHistory, RemoteItem } from "../core/tree/remote-item.ts";
import { bringEditsBack, withoutItemTrouble } from "./hidden-edits.ts";
import { wishOf, type Serving } from "./serving.ts";

/** A file that is wanted, and what is known to stand at its place. */
export type WishNow = { readonly wish: ServerWish; readonly now: RemoteSeen | undefined };

/**
 * Put a revision of a place back there, if one has the wanted content. There is no precondition, so the history is looked at before and
 * afterwards, by a later run where this one is killed (T25).
 */
export async function revert(serving: Serving, { wish, now }: WishNow): Promise<true> {
  const { path } = wish;
  const before = await serving.kept.history(path);
  const wanted = revisionOf(before, wish);
  const [newest] = before.revisions;
  const isOthers = isNewer(before, now);
  if (newest === undefined || wanted === undefined || isOthers) {
    // Anything newer is an edit, which the push meets (T26).
    if (isOthers) serving.close(path);
    else serving.refuse("revert", path);
    return true;
  }
  serving.intend([{ ...serving.rowAt(path), rev: newest.rev }]);
  const item = await withoutItemTrouble(() => serving.kept.revert(path, wanted));
  const told = await serving.kept.history(path);
  await settle(serving, wish, { told, superseded: newest.rev, item });
  return true;
}

/** Look whether Dropbox has the content of a place as a revision of it. */
export async function ask(serving: Serving, { wish, now }: WishNow): Promise<true> {
  const history = await serving.kept.history(wish.path);
  if (isNewer(history, now)) serving.close(wish.path);
  serving.know(wish, revisionOf(history, wish));
  return true;
}

/** Find out what became of a call that a run had begun when it was killed. */
export async function settleReverted(serving: Serving, row: RestoreItemRow): Promise<true> {
  const wish = wishOf(row);
  const told = await serving.kept.history(row.path);
  const [newest] = told.revisions;
  const isDone = wish !== undefined && row.rev !== undefined && newest?.rev !== row.rev;
  if (isDone) await settle(serving, wish, { told, superseded: row.rev });
  else serving.settle([{ path: row.path, way: "reverted", ours: [] }]);
  return true;
}

/** The revision of a place that has the wanted content, and can be put back. */
export function revisionOf({ revisions }: FileHistory, { hash }: ServerWish): string | undefined {
  return revisions.find((revision) => revision.hash === hash && revision.isKept)?.rev;
}

/** Something else stands there than when the fence was raised. */
function isNewer({ isDeleted, revisions }: FileHistory, now: RemoteSeen | undefined): boolean {
  return (isDeleted ? undefined : revisions[0]?.rev) !== now?.rev;
}

/** A call that may have been done. */
type Called = {
  readonly told: FileHistory;
  /** The newest revision before it. */
  readonly superseded: string;
  /** Its answer, where one came. */
  readonly item?: RemoteItem | undefined;
};

/** Take over what is ours. Somebody's edit below it has its name again, and the push finds a true conflict (T26). */
async function settle(serving: Serving, { path, hash }: ServerWish, called: Called): Promise<void> {
  const { told, superseded, item } = called;
  const { ours, back, copies } = judgeServed(told, { hash, superseded });
  const { device, clock } = serving.run.deps;
  const { kept } = serving;
  const noteLate = (place: RelPath): void => serving.noteLate(place);
  const noteLeft = (left: LeftItem): void => serving.noteLeft(left);
  await bringEditsBack({ kept, device, clock, noteLate, noteLeft }, path, { back, copies });
  const now = ours === undefined || item?.rev === ours ? item : await serving.kept.get(path);
  const isOurs = ours !== undefined && now?.rev === ours;
  serving.settle([{ path, way: "reverted", ours: isOurs ? [{ path, item: now }] : [] }]);
  // Where nothing came of it, the next row of the table has its turn.
  if (told.revisions[0]?.rev === superseded) serving.refuse("revert", path);
  else serving.close(path);
}
