import type { Sight } from "../core/snapshot/restore-picture.ts";
import type { ContentHash } from "../core/tree/node.ts";
import { pathOf } from "../core/tree/tree-view.ts";
import type { RestoreDeps } from "./restore-deps.ts";

/**
 * Hashes of local content that exists elsewhere, too: in Dropbox, as a revision there, or in a snapshot (T12).
 *
 * Snapshots are searched only for what Dropbox does not have, newest first, and only until all is found.
 */
export async function savedHashes(
  deps: RestoreDeps,
  { local, remote, synced }: Omit<Sight, "saved">,
): Promise<ReadonlySet<ContentHash>> {
  const saved = new Set<ContentHash>();
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
    for await (const { hash, blocks } of store.entries(root.id)) {
      if (hash === undefined || blocks === undefined || !missing.delete(hash)) continue;
      saved.add(hash);
      if (missing.size === 0) return;
    }
  }
}
