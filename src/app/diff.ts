import { parseRelPath, topPath, type RelPath } from "../core/path/rel-path.ts";
import type { EntryChange } from "../core/snapshot/diff.ts";
import { UnitChanges, type UnitDifference } from "../core/snapshot/unit-changes.ts";
import type { SnapshotRoot } from "../core/snapshot/root.ts";
import type { SnapshotStore } from "../ports.ts";
import { throwIfAborted } from "../std/error.ts";
import type { Work } from "../std/events.ts";
import { compareWith } from "./compare.ts";
import type { PresentChange } from "./compare-units.ts";
import type { Environment } from "./environment.ts";
import { snapshotPath } from "./snapshot-path.ts";
import { openSnapshotStore, snapshotFilter } from "./store.ts";
import { unitDifference } from "./unit-difference.ts";
import { storedUnit } from "./unit-files.ts";

/** The two ends of a comparison; `to` may be `local`, the present workspace, or `remote`, what Dropbox holds. */
export type DiffRequest = {
  readonly place: string;
  readonly from: string;
  readonly to: string;
  /** Only what is at and below it. */
  readonly path?: string | undefined;
  /** Snapshots of any workspace may be named. */
  readonly all?: boolean;
  /** Repositories file by file, not each as one; not for `remote`, where there are none. */
  readonly wholeUnits?: boolean;
};

/** Content is compared by hash, never by time. @throws {SnapError} as `findSnapshot`, and as `compareWith` for `local` and `remote` */
export async function* diffSnapshots(
  environment: Environment,
  request: DiffRequest,
  work: Work,
): AsyncGenerator<PresentChange> {
  const { place, to, wholeUnits = false } = request;
  const under = request.path === undefined ? topPath : parseRelPath(snapshotPath(request.path));
  const store = await openSnapshotStore(environment);
  const filter = snapshotFilter(environment, { place, all: request.all ?? false });
  const root = await store.find(request.from, filter);
  if (to === "local" || to === "remote") {
    yield* compareWith(
      environment,
      { store, root, side: to, place, under, doing: "diff", attributes: true, wholeUnits },
      work,
    );
    return;
  }
  const sides = { store, from: root, to: await store.find(to, filter) };
  const changes = store.diff(root.id, sides.to.id, under);
  yield* wholeUnits ? changes : withUnits(sides, { changes, under }, work);
}

/** Two snapshots that are compared. */
type Snapshots = {
  readonly store: SnapshotStore;
  readonly from: SnapshotRoot;
  readonly to: SnapshotRoot;
};

/** Changes of files, and then one of each repository that differs: nobody reads one file by file (N43). */
async function* withUnits(
  { store, from, to }: Snapshots,
  { changes, under }: { readonly changes: AsyncIterable<EntryChange>; readonly under: RelPath },
  work: Work,
): AsyncGenerator<EntryChange | UnitDifference> {
  const units = new UnitChanges(under);
  for await (const change of changes) {
    throwIfAborted(work.signal);
    if (!units.take(change)) yield change;
  }
  for (const unit of units.changed) {
    const { path } = unit;
    const sides = { from: storedUnit(store, from, path), to: storedUnit(store, to, path) };
    yield await unitDifference(sides, unit, work);
  }
}
