import { diffEntries, type EntryChange } from "../core/snapshot/diff.ts";
import type { Work } from "../std/events.ts";
import { captureSource } from "./capture-source.ts";
import type { Environment } from "./environment.ts";
import { requireWorkspace } from "./find-workspace.ts";
import { hashedEntries } from "./local-entries.ts";
import { openSnapshotStore, snapshotFilter } from "./store.ts";
import { openWorkspace } from "./open-workspace.ts";

/** The two ends of a comparison; `to` may be `local`, the present workspace. */
export type DiffRequest = { readonly place: string; readonly from: string; readonly to: string };

/** Content is compared by hash, never by time. @throws {SnapError} as `findSnapshot`, and `workspace-missing`, `busy` for `local` */
export async function* diffSnapshots(
  environment: Environment,
  request: DiffRequest,
  work: Work,
): AsyncGenerator<EntryChange> {
  const store = await openSnapshotStore(environment);
  const filter = snapshotFilter(environment, { place: request.place, all: false });
  const from = await store.find(request.from, filter);
  if (request.to !== "local") {
    const to = await store.find(request.to, filter);
    yield* store.diff(from.id, to.id);
    return;
  }
  const record = requireWorkspace(environment, request.place);
  await using workspace = await openWorkspace(environment, record, "diff");
  const source = await captureSource(workspace, { side: "local" });
  const present = hashedEntries({ source, local: workspace.local }, work);
  yield* diffEntries(store.entries(from.id), present);
}
