import type { Sight } from "../core/snapshot/restore-picture.ts";
import type { SnapshotId } from "../core/snapshot/root.ts";
import type { ContentHash } from "../core/tree/node.ts";
import { pathOf } from "../core/tree/tree-view.ts";
import type { SnapshotStore } from "../ports.ts";
import { isSnapError } from "../std/error.ts";
import type { RestoreDeps } from "./restore-deps.ts";

/**
 * Hashes of local content that exists elsewhere, too: in Dropbox, as a revision there, or in a snapshot (T12).
 *
 * Snapshots are searched only for what Dropbox does not have, newest first, and only until all is found; those that are
 * damaged are passed over.
 *
 * @param met those that rows have which the look did not keep
 */
export async function savedHashes(
  deps: RestoreDeps,
  { local, remote, synced }: Pick<Sight, "local" | "remote" | "synced">,
  met: ReadonlySet<ContentHash> = new Set(),
): Promise<ReadonlySet<ContentHash>> {
  const saved = new Set(met);
  for (const { hash } of remote?.items.values() ?? []) saved.add(hash);
  for (const { hash } of synced.values()) saved.add(hash);
  const missing = new Set<ContentHash>();
  for (const { hash } of local.items.values()) {
    if (hash !== undefined && !saved.has(hash)) missing.add(hash);
  }
  if (missing.size > 0) addHistory(deps, missing, saved);
  if (missing.size > 0) await addSnapshots(deps, missing, saved);
  return saved;
}

function addHistory(
  { index }: RestoreDeps,
  missing: Set<ContentHash>,
  saved: Set<ContentHash>,
): void {
  for (const row of index.local.all()) {
    if (row.hash === undefined || !missing.has(row.hash)) continue;
    if (pathOf(index.local, row.node) === undefined) continue;
    if (!index.history(row.node).some(({ hash }) => hash === row.hash)) continue;
    saved.add(row.hash);
    missing.delete(row.hash);
  }
}

async function addSnapshots(
  { store, workspace }: RestoreDeps,
  missing: Set<ContentHash>,
  saved: Set<ContentHash>,
): Promise<void> {
  const roots = await store.list({ workspace, side: "local" });
  for (const root of roots.toReversed()) {
    for (const hash of await heldBy(store, root.id, missing)) {
      saved.add(hash);
      missing.delete(hash);
    }
    if (missing.size === 0) return;
  }
}

/**
 * Which of the hashes a snapshot holds. One that is damaged saves nothing: its content is announced as lost with the
 * rest, and stops no restore of a sound one.
 */
async function heldBy(
  store: SnapshotStore,
  id: SnapshotId,
  asked: ReadonlySet<ContentHash>,
): Promise<ReadonlySet<ContentHash>> {
  const held = new Set<ContentHash>();
  try {
    for await (const { hash, blocks } of store.entries(id)) {
      if (hash === undefined || blocks === undefined || !asked.has(hash)) continue;
      held.add(hash);
      if (held.size === asked.size) break;
    }
    return held;
  } catch (error) {
    if (isSnapError(error, "damaged", "snapshot-not-found")) return new Set();
    throw error;
  }
}
