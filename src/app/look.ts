import { parseRelPath, topPath, type RelPath } from "../core/path/rel-path.ts";
import type { SnapshotEntry } from "../core/snapshot/entry.ts";
import type { NotedRoot } from "../core/snapshot/note.ts";
import type { DamagedRoot } from "../snapshot/store.ts";
import { SnapError } from "../std/error.ts";
import type { Environment } from "./environment.ts";
import { snapshotPath } from "./snapshot-path.ts";
import { openSnapshotStore, snapshotFilter } from "./store.ts";

/** The snapshots of the workspace around a place, or of all; oldest first. */
export async function listSnapshots(
  environment: Environment,
  request: { readonly place: string; readonly all: boolean },
): Promise<readonly NotedRoot[]> {
  const store = await openSnapshotStore(environment);
  return store.list(snapshotFilter(environment, request));
}

/** Snapshots that cannot be read, of whichever workspace: a list without them would lie (N8). */
export async function damagedSnapshots(environment: Environment): Promise<readonly DamagedRoot[]> {
  return (await openSnapshotStore(environment)).damagedRoots();
}

/** A snapshot by id, prefix, label, `latest`, `latest~n` or `@time`. */
export type SnapshotRequest = { readonly place: string; readonly reference: string };

/** @throws {SnapError} `snapshot-not-found`, `snapshot-ambiguous` */
export async function findSnapshot(
  environment: Environment,
  { place, reference }: SnapshotRequest,
): Promise<NotedRoot> {
  const store = await openSnapshotStore(environment);
  return store.find(reference, snapshotFilter(environment, { place, all: false }));
}

/** What of a snapshot is to be listed. */
export type EntriesRequest = SnapshotRequest & {
  /** A folder, or a single entry; the top if absent. */
  readonly path: string | undefined;
  /** Everything below, not only the entries right in the folder. */
  readonly recursive: boolean;
};

/** @throws {SnapError} `snapshot-not-found`, `path-missing` when the snapshot has no such path, `damaged` */
export async function* entriesOf(
  environment: Environment,
  request: EntriesRequest,
): AsyncGenerator<SnapshotEntry> {
  const store = await openSnapshotStore(environment);
  const filter = snapshotFilter(environment, { place: request.place, all: false });
  const root = await store.find(request.reference, filter);
  const under = parseRelPath(request.path === undefined ? "" : snapshotPath(request.path));
  let found = under === topPath;
  for await (const entry of store.entries(root.id, under)) {
    found = true;
    if (isListed(entry, under, request.recursive)) yield entry;
  }
  if (found) return;
  throw new SnapError("path-missing", `The snapshot holds no "${under}"`, {
    path: under,
    hint: "`snap ls SNAPSHOT` lists what it holds.",
  });
}

function isListed(entry: SnapshotEntry, under: RelPath, recursive: boolean): boolean {
  if (entry.path === under) return entry.type !== "folder";
  if (recursive) return true;
  const below = under === topPath ? entry.path : entry.path.slice(under.length + 1);
  return !below.includes("/");
}
