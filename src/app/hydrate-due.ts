import { hydrateDue } from "../core/snapshot/hydration.ts";
import { isSnapError, throwIfAborted } from "../std/error.ts";
import type { Work } from "../std/events.ts";
import type { Environment } from "./environment.ts";
import { hydrateSnapshot, type HydrateOutcome } from "./hydrate.ts";
import { openSnapshotStore } from "./store.ts";

/** How one hydration that nobody asked for ended. */
export type DueOutcome =
  | { readonly id: string; readonly outcome: HydrateOutcome }
  | { readonly id: string; readonly trouble: string };

/**
 * Fetch what pinned thin snapshots may lose soon (N42): called by the daemon once a day or more often. What fails is told and tried at the
 * next call; one snapshot does not keep another from it.
 *
 * @throws {SnapError} `interrupted`; what opening the store can throw
 */
export async function hydratePinned(
  environment: Environment,
  work: Work,
): Promise<readonly DueOutcome[]> {
  const store = await openSnapshotStore(environment);
  const due = hydrateDue(await store.list(), environment.clock.now());
  const ended: DueOutcome[] = [];
  for (const { id, workspace } of due) {
    throwIfAborted(work.signal);
    const request = {
      place: workspace.path,
      reference: id,
      all: true,
      dryRun: false,
      wait: undefined,
    };
    try {
      ended.push({ id, outcome: await hydrateSnapshot(environment, request, work) });
    } catch (error) {
      throwIfAborted(work.signal);
      if (!isSnapError(error)) throw error;
      environment.logger.error("cannot hydrate a pinned snapshot", { id, reason: error.message });
      ended.push({ id, trouble: error.message });
    }
  }
  return ended;
}
