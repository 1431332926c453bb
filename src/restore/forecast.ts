import type { RelPath } from "../core/path/rel-path.ts";
import type { PlanItem } from "../core/snapshot/restore-item.ts";
import type { PlaceKey, RemoteSeen } from "../core/snapshot/restore-picture.ts";
import { foresee } from "../core/snapshot/server-forecast.ts";
import { wantsOf, type ServerWish, type WantedThere } from "../core/snapshot/server-world.ts";
import type { IndexStore } from "../ports.ts";
import { SnapError } from "../std/error.ts";
import type { Work } from "../std/events.ts";
import { forEachLimited } from "../std/limiter.ts";
import type { Draft, Order } from "./draft.ts";
import { forecastAnew } from "./forecast-anew.ts";
import { serverPicture } from "./look-server.ts";
import type { RestoreDeps, RestoreRemote } from "./restore-deps.ts";
import { revisionOf } from "./revert.ts";

/** Files that are looked up in the index. */
const rememberedMax = 100_000;

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
  if (draft.plan.procedure === "documented") {
    const server = forecastAnew(index, await deps.scope(), draft.plan.items);
    return { ...draft, plan: { ...draft.plan, server } };
  }
  const { serverSide = "prefer" } = order;
  const wants = wantsOf(placesOf(draft.plan.items), serverSide);
  const { items: present, holding } = serverPicture(index, wants);
  const world = { ...wants, present, holding, known: new Map<RelPath, string | undefined>() };
  const { forecast, unasked } = foresee(world, serverSide);
  const withServer = (server: typeof forecast): Draft => ({
    ...draft,
    plan: { ...draft.plan, server },
  });
  if (unasked.length === 0) return withServer(forecast);
  const known = rememberedOf(index, present, unasked);
  if (order.isOffline === true)
    return withServer(foresee({ ...world, known }, serverSide).forecast);
  const open = unasked.filter(({ path }) => !known.has(path)).slice(0, asksMax);
  await askAll(kept, { open, known }, work);
  return withServer(foresee({ ...world, known }, serverSide).forecast);
}

function* placesOf(items: readonly PlanItem[]): Generator<WantedThere> {
  for (const { path, want, remote } of items) {
    if (remote === undefined || remote.action === "aside" || remote.action === "keep") continue;
    yield { path, want, isThere: remote.before !== undefined };
  }
}

/** What the index remembers of files that are still there. */
function rememberedOf(
  index: IndexStore,
  present: ReadonlyMap<PlaceKey, RemoteSeen>,
  wishes: readonly ServerWish[],
): Map<RelPath, string | undefined> {
  const known = new Map<RelPath, string | undefined>();
  for (const { path, key, hash } of wishes.slice(0, rememberedMax)) {
    const now = present.get(key);
    const node = now === undefined ? undefined : index.nodeOfRemoteId(now.remoteId);
    const history = node === undefined ? [] : index.history(node);
    const state = history.find((one) => one.hash === hash);
    if (state !== undefined) known.set(path, state.rev);
  }
  return known;
}

type Asking = {
  readonly open: readonly ServerWish[];
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
