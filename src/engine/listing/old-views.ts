import type { RemoteItem, RemotePage } from "../../core/tree/remote-item.ts";
import type { IndexStore } from "../../ports.ts";
import { throwIfAborted } from "../../std/error.ts";
import type { Work } from "../../std/events.ts";
import type { EngineDeps } from "../engine-deps.ts";

/**
 * Whether a listing shows a file by a revision that both sides have left behind (S33): listings of the real service may lag
 * behind, and repeat what they said. It is not what the server has, unless the server says so when it is asked.
 */
export function isOldView(index: IndexStore, { kind, remoteId, rev }: RemoteItem): boolean {
  if (kind === "folder") return false;
  const node = index.nodeOfRemoteId(remoteId);
  const synced = node === undefined ? undefined : index.synced.get(node);
  if (synced === undefined || synced.kind !== kind || synced.rev === rev) return false;
  const row = index.remote.get(synced.node);
  // A place that was given another id meanwhile says nothing of this one.
  if (row !== undefined && row.remoteId !== remoteId) return false;
  return index.history(synced.node).some((state) => state.rev === rev);
}

/**
 * What the server has now where a page shows old views. An older page may have been taken for news before: then what looks
 * old is what stands there, and no later page ever tells of it again.
 *
 * @returns those that are at their places, as they are; what is somewhere else is in a page to come
 */
export async function askAboutOldViews(
  { index, remote }: Pick<EngineDeps, "index" | "remote">,
  { changes }: RemotePage,
  work: Work,
): Promise<readonly RemoteItem[]> {
  const last = new Map<string, RemoteItem>();
  for (const one of changes) if (one.change === "present") last.set(one.item.remoteId, one.item);
  const found: RemoteItem[] = [];
  for (const item of last.values()) {
    if (!isOldView(index, item)) continue;
    throwIfAborted(work.signal);
    const now = await remote.get(item.path);
    if (now?.remoteId === item.remoteId) found.push(now);
  }
  return found;
}
