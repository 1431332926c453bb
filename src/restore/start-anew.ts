import { placeKey, type PlaceKey } from "../core/snapshot/restore-picture.ts";
import { readRemoteRecord } from "../core/snapshot/restore-record.ts";
import type { EngineControl } from "../ports.ts";
import { goingThere, type PlannedThere } from "./going-there.ts";
import type { Run } from "./run.ts";

/**
 * Steps 2 and 3 of the procedure `documented` (T36): what was planned is removed from Dropbox, and what is known of both sides forgotten. The
 * fence stands until both is done, so that nothing is synced in between; each may be repeated.
 *
 * @throws {SnapError} what keeps Dropbox from being reached; `interrupted`
 */
export async function startAnew(run: Run, engine: EngineControl): Promise<void> {
  const { deps, id, work } = run;
  const going = goingThere(deps.index, await deps.scope(), plannedIn(run));
  await engine.emptyServer(id, going, work);
  await deps.keepIndex?.(id);
  engine.beginAnew(id, () => run.enter("handed"));
}

/** What the journal says; where the disk is not as planned, Dropbox stays too. */
function plannedIn({ items }: Run): ReadonlyMap<PlaceKey, PlannedThere> {
  const left = new Set(
    items.filter(({ side, step }) => side === "local" && step === "left").map(({ path }) => path),
  );
  const planned = new Map<PlaceKey, PlannedThere>();
  for (const { side, path, step, expected } of items) {
    if (side === "local") continue;
    const { aside, before, want } = readRemoteRecord(expected);
    const isLeft = aside || step === "left" || left.has(path);
    const plan = { rev: before?.rev, isFolderWanted: want?.kind === "folder" };
    planned.set(placeKey(path), isLeft ? "stays" : plan);
  }
  return planned;
}
