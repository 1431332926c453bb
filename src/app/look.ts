import { parseRelPath, topPath, type RelPath } from "../core/path/rel-path.ts";
import type { SnapshotEntry } from "../core/snapshot/entry.ts";
import type { NotedRoot } from "../core/snapshot/note.ts";
import { isAskedFor, type RootFilter } from "../core/snapshot/root-filter.ts";
import { DiskStoreFiles } from "../snapshot/disk-files.ts";
import { lookAtRoots, type DamagedRoot } from "../snapshot/looked-roots.ts";
import type { OpenedStore } from "../snapshot/store.ts";
import { readVerified, type LastCheck } from "../snapshot/verified.ts";
import { SnapError } from "../std/error.ts";
import type { Environment } from "./environment.ts";
import { snapshotPath } from "./snapshot-path.ts";
import { refuseMissingStore } from "./known-store.ts";
import { openSnapshotStore, refuseStoreInside, snapshotFilter, storeFolder } from "./store.ts";

/** A snapshot of a list, and what is known of it beside its root. */
export type ListedSnapshot = {
  readonly root: NotedRoot;
  /** The last verification that is recorded; absent where there is none. */
  readonly verified?: LastCheck;
};

/** A list of snapshots, and those that cannot be read, of whichever workspace: a list without them would lie (N8). */
export type SnapshotList = {
  readonly snapshots: readonly ListedSnapshot[];
  readonly damaged: readonly DamagedRoot[];
};

/** The snapshots of the workspace around a place, or of all; oldest first. @throws {SnapError} `usage` for an unknown reason */
export async function listSnapshots(
  environment: Environment,
  request: { readonly place: string; readonly all: boolean } & RootFilter,
): Promise<SnapshotList> {
  const folder = storeFolder(environment);
  refuseStoreInside(environment, folder);
  refuseMissingStore(environment, folder);
  const { rng, logger } = environment;
  const parts = { files: new DiskStoreFiles(folder, rng), logger };
  const { roots, damaged } = await lookAtRoots(parts, snapshotFilter(environment, request));
  const verified = await readVerified(parts);
  const asked = roots.filter((root) => isAskedFor(root, request));
  return { snapshots: asked.map((root) => listed(root, verified)), damaged };
}

function listed(
  root: NotedRoot,
  verifiedOf: (root: NotedRoot) => LastCheck | undefined,
): ListedSnapshot {
  const verified = verifiedOf(root);
  return verified === undefined ? { root } : { root, verified };
}

/** A snapshot by id, prefix, label, `latest`, `latest~n` or `@time`; with `all` of any workspace. */
export type SnapshotRequest = {
  readonly place: string;
  readonly reference: string;
  readonly all?: boolean;
};

/** @throws {SnapError} `snapshot-not-found`, `snapshot-ambiguous` */
export async function findSnapshot(
  environment: Environment,
  request: SnapshotRequest,
): Promise<ListedSnapshot> {
  const { store, root } = await openSnapshot(environment, request);
  return listed(root, await store.verified());
}

/** The store, and the snapshot in it that is named. @throws {SnapError} as `findSnapshot` */
export async function openSnapshot(
  environment: Environment,
  { place, reference, all = false }: SnapshotRequest,
): Promise<{ readonly store: OpenedStore; readonly root: NotedRoot }> {
  const store = await openSnapshotStore(environment);
  return { store, root: await store.find(reference, snapshotFilter(environment, { place, all })) };
}

/** What of a snapshot is to be listed. */
export type EntriesRequest = SnapshotRequest & {
  /** A folder, or a single entry; the top if absent. */
  readonly path: string | undefined;
  /** Everything below, not only the entries right in the folder. */
  readonly recursive: boolean;
  /** Told of the snapshot before the first entry. */
  readonly onRoot?: (root: NotedRoot) => void;
};

/** @throws {SnapError} `snapshot-not-found`, `path-missing` when the snapshot has no such path, `damaged` */
export async function* entriesOf(
  environment: Environment,
  request: EntriesRequest,
): AsyncGenerator<SnapshotEntry> {
  const { store, root } = await openSnapshot(environment, request);
  request.onRoot?.(root);
  const under = parseRelPath(request.path === undefined ? "" : snapshotPath(request.path));
  let found = under === topPath;
  for await (const entry of store.entries(root.id, under)) {
    found = true;
    if (isListed(entry, under, request.recursive)) yield entry;
  }
  if (found) return;
  throw noSuchPath(under);
}

/** The error for a path that a snapshot does not have. */
export function noSuchPath(path: string): SnapError {
  return new SnapError("path-missing", `The snapshot holds no "${path}"`, {
    path,
    hint: "`snap ls SNAPSHOT` lists what it holds, `snap find NAME` looks for it in all snapshots.",
  });
}

function isListed(entry: SnapshotEntry, under: RelPath, recursive: boolean): boolean {
  if (entry.path === under) return entry.type !== "folder";
  if (recursive) return true;
  const below = under === topPath ? entry.path : entry.path.slice(under.length + 1);
  return !below.includes("/");
}
