import { isInside, type RelPath } from "../../core/path/rel-path.ts";
import type { GoingThere } from "../../core/snapshot/engine-control.ts";
import type { RemoteItem } from "../../core/tree/remote-item.ts";
import { throwIfAborted } from "../../std/error.ts";
import type { Work } from "../../std/events.ts";
import { forEachLimited } from "../../std/limiter.ts";
import type { EngineDeps } from "../engine-deps.ts";
import { removeEmptied } from "../execute/remove-emptied.ts";
import { listing } from "../execute/skeleton.ts";
import { refuseOtherFence } from "../fence.ts";
import { isOfItem } from "../trouble.ts";
import { settleIntents } from "./settle-intents.ts";

/** Files that are removed at once; Dropbox makes one change after the other whatever is asked of it. */
const filesParallel = 4;

/**
 * Remove what a restore wants gone from Dropbox (T36): files by the revision that was seen (S62), then the folders that are empty then
 * (S63). Nothing that anybody else put there meanwhile is removed. A run that was cut off is gone on with.
 *
 * @throws {SnapError} `refused` unless the fence of this restore stands; what keeps Dropbox from being reached; `interrupted`
 */
export async function emptyServer(
  deps: EngineDeps,
  restore: string,
  { going: { files, folders }, work }: { readonly going: GoingThere; readonly work: Work },
): Promise<void> {
  refuseOtherFence(deps, restore);
  await settleIntents(deps);
  let done = 0;
  const total = files.length + folders.length;
  const count = (current: RelPath): void => {
    done += 1;
    const bytes = { bytes: 0, bytesTotal: undefined };
    work.onProgress?.({ step: "Emptying Dropbox", done, total, current, ...bytes });
  };
  await forEachLimited(
    files,
    { parallel: filesParallel, signal: work.signal },
    async ({ path, rev }) => {
      await deleteUnlessEdited(deps, path, rev);
      count(path);
    },
  );
  const removed: RelPath[] = [];
  for (const path of folders) {
    throwIfAborted(work.signal);
    const isGone = removed.some((folder) => isInside(path, folder));
    if (!isGone && (await unlessOfItem(() => removeIfEmpty(deps, path, work)))) removed.push(path);
    count(path);
  }
}

/** With one folder: it stays, and comes down again. What was moved away for it has an intent. */
async function unlessOfItem(act: () => Promise<boolean>): Promise<boolean> {
  try {
    return await act();
  } catch (error) {
    if (!isOfItem(error)) throw error;
    return false;
  }
}

/** Somebody's edit stays, and so does what Dropbox does not let go: with equal content on both sides it is agreed on again. */
async function deleteUnlessEdited(
  { remote }: EngineDeps,
  path: RelPath,
  rev: string,
): Promise<void> {
  try {
    await remote.deleteFile(path, rev);
  } catch (error) {
    if (!isOfItem(error)) throw error;
  }
}

/** @returns whether it is gone */
async function removeIfEmpty(deps: EngineDeps, path: RelPath, work: Work): Promise<boolean> {
  const { index, remote } = deps;
  const top = await remote.get(path);
  if (top === undefined) return true;
  const node = index.nodeOfRemoteId(top.remoteId);
  const rest = [top, ...(await listing(deps, path))];
  if (node === undefined || !rest.every((item) => isKnownFolder(deps, item))) return false;
  const { remoteId } = top;
  const { intent } = await removeEmptied(deps, { node, path, remoteId, folders: rest }, work);
  index.transaction(() => index.removeIntent(intent));
  return true;
}

/** Excluded and ignored folders are nobody's to remove here (T8). */
function isKnownFolder({ index }: EngineDeps, { kind, remoteId }: RemoteItem): boolean {
  if (kind !== "folder") return false;
  const node = index.nodeOfRemoteId(remoteId);
  return node !== undefined && index.remote.get(node)?.scope === "in";
}
