import type { RelPath } from "../core/path/rel-path.ts";
import type { PlanItem } from "../core/snapshot/restore-item.ts";
import { foresee } from "../core/snapshot/server-forecast.ts";
import { worldOf, type OpenWish, type WantedThere } from "../core/snapshot/server-world.ts";
import type { IndexStore } from "../ports.ts";
import { SnapError } from "../std/error.ts";
import type { Work } from "../std/events.ts";
import { forEachLimited } from "../std/limiter.ts";
import type { Draft, Order } from "./draft.ts";
import { serverPicture } from "./look-server.ts";
import type { RestoreDeps, RestoreRemote } from "./restore-deps.ts";
import { revisionOf } from "./revert.ts";

/** Files that Dropbox is asked about before a plan is shown: some seconds at the most. */
const asksMax = 200;
const asksParallel = 8;

/**
 * A draft whose plan says how it will reach Dropbox (T17). Where the index does not know whether Dropbox has a file's content as a
 * revision of its place, Dropbox is asked, for two hundred files at the most. What nobody was asked about counts as uploaded.
 */
export async function withForecast(
  deps: RestoreDeps,
  { order, draft }: { readonly order: Order; readonly draft: Draft },
  work: Work,
): Promise<Draft> {
  const { kept, index } = deps;
  if (kept === undefined || draft.sight.remote === undefined) return draft;
  const { serverSide = "prefer" } = order;
  const places = draft.plan.items.flatMap(placeOf);
  const world = worldOf(places, serverPicture(index, places), serverSide);
  const { forecast, unasked } = foresee(world, serverSide);
  const withServer = (server: typeof forecast): Draft => ({
    ...draft,
    plan: { ...draft.plan, server },
  });
  if (unasked.length === 0) return withServer(forecast);
  const known = new Map(unasked.flatMap((wish) => rememberedOf(index, wish)));
  const open = unasked.filter(({ path }) => !known.has(path)).slice(0, asksMax);
  await askAll(kept, { open, known }, work);
  return withServer(foresee({ ...world, known }, serverSide).forecast);
}

function placeOf({ path, want, remote }: PlanItem): readonly WantedThere[] {
  if (remote === undefined || remote.action === "aside" || remote.action === "keep") return [];
  return [{ path, want, isThere: remote.before !== undefined }];
}

/** What the index remembers of a file that is still there. */
function rememberedOf(
  index: IndexStore,
  { path, hash, now }: OpenWish,
): readonly (readonly [RelPath, string])[] {
  const node = now === undefined ? undefined : index.nodeOfRemoteId(now.remoteId);
  const history = node === undefined ? [] : index.history(node);
  const state = history.find((one) => one.hash === hash);
  return state === undefined ? [] : [[path, state.rev]];
}

type Asking = {
  readonly open: readonly OpenWish[];
  readonly known: Map<RelPath, string | undefined>;
};

/** Trouble with the answer leaves a file unasked: the plan says so, and the restore asks again. */
async function askAll(
  kept: Pick<RestoreRemote, "history">,
  { open, known }: Asking,
  { signal }: Work,
): Promise<void> {
  const options = { parallel: asksParallel, ...(signal === undefined ? {} : { signal }) };
  try {
    await forEachLimited(open, options, async (wish) => {
      known.set(wish.path, revisionOf(await kept.history(wish.path), wish));
    });
  } catch (error) {
    if (!(error instanceof SnapError) || error.class === "systemic") throw error;
  }
}
