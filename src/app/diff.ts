import { parseRelPath, topPath } from "../core/path/rel-path.ts";
import type { EntryChange } from "../core/snapshot/diff.ts";
import { unitsAsOne } from "../core/snapshot/unit.ts";
import type { Work } from "../std/events.ts";
import { compareWith } from "./compare.ts";
import type { Environment } from "./environment.ts";
import { snapshotPath } from "./snapshot-path.ts";
import { openSnapshotStore, snapshotFilter } from "./store.ts";

/** The two ends of a comparison; `to` may be `local`, the present workspace, or `remote`, what Dropbox holds. */
export type DiffRequest = {
  readonly place: string;
  readonly from: string;
  readonly to: string;
  /** Only what is at and below it. */
  readonly path?: string | undefined;
  /** Snapshots of any workspace may be named. */
  readonly all?: boolean;
  /** Repositories file by file, not each as one; between snapshots only. */
  readonly wholeUnits?: boolean;
};

/** Content is compared by hash, never by time. @throws {SnapError} as `findSnapshot`, and as `compareWith` for `local` and `remote` */
export async function* diffSnapshots(
  environment: Environment,
  request: DiffRequest,
  work: Work,
): AsyncGenerator<EntryChange> {
  const { place, to } = request;
  const under = request.path === undefined ? topPath : parseRelPath(snapshotPath(request.path));
  const store = await openSnapshotStore(environment);
  const filter = snapshotFilter(environment, { place, all: request.all ?? false });
  const root = await store.find(request.from, filter);
  if (to === "local" || to === "remote") {
    yield* compareWith(environment, { store, root, side: to, place, under, doing: "diff" }, work);
    return;
  }
  const changes = store.diff(root.id, (await store.find(to, filter)).id, under);
  yield* request.wholeUnits === true ? changes : unitsAsOne(changes);
}
