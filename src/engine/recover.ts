import { conflictName } from "../core/path/names.ts";
import { joinPath, type RelPath } from "../core/path/rel-path.ts";
import { pathKeyOf } from "../core/path/path-key.ts";
import type { Intent } from "../core/tree/index-rows.ts";
import { rootNode, type Kind, type NodeId } from "../core/tree/node.ts";
import { pathOf } from "../core/tree/tree-view.ts";
import { isSnapError, SnapError } from "../std/error.ts";
import { isoDate } from "../std/time.ts";
import { commitAct } from "./commit-act.ts";
import type { EngineDeps } from "./engine-deps.ts";
import { copyTag, trashArea } from "./execution.ts";
import { detailOf, type Home, type IntentDetail, type Ring } from "./intents.ts";
import { commitLateEdit, noteDisplaced } from "./late-writers.ts";
import { copyNamesMax, trashDays } from "./limits.ts";
import { moveSurely, type SureMove } from "./move-surely.ts";
import { removeSkeleton } from "./skeleton.ts";

/**
 * Finish what was under way when the last run ended, before anything is observed (S74), and clear away what nobody owns
 * any more (S71, S75).
 *
 * @throws {SnapError} systemic and transient errors: nothing may be observed while half of an op is done.
 */
export async function recover(deps: EngineDeps): Promise<void> {
  await settleIntents(deps);
  await clearStaging(deps);
  await emptyTrash(deps);
}

/** May be repeated: each intent ends only with what it was about. */
export async function settleIntents(deps: EngineDeps): Promise<void> {
  for (const intent of inSettlingOrder(deps.index.intents())) {
    try {
      await settle(deps, intent);
    } catch (error) {
      if (!isSnapError(error) || error.class !== "item") throw error;
      // What was displaced stays in the trash; the place is observed like any other.
      const facts = { op: intent.op, kind: intent.kind, reason: error.message };
      deps.logger.error("an interrupted op could not be finished", facts);
      // What nobody syncs under its staging name would be forgotten there without its intent (S92): it is tried again.
      if (await isStaged(deps, intent)) continue;
    }
    deps.index.transaction(() => deps.index.removeIntent(intent.op));
  }
}

/**
 * Single acts first: the last one of a ring may have given its node the name that it belongs at, beside the staged one, and
 * that name must not look taken.
 */
function inSettlingOrder(intents: readonly Intent[]): readonly Intent[] {
  const rank = (intent: Intent): number => Number(detailOf(intent).step !== "act");
  return intents.toSorted((a, b) => rank(a) - rank(b));
}

/** Whether something of this intent waits at a name of the server that every client leaves alone. */
async function isStaged({ remote }: EngineDeps, intent: Intent): Promise<boolean> {
  const detail = detailOf(intent);
  if (detail.step === "act" || detail.step === "late") return false;
  if (detail.step === "ring" && detail.side === "local") return false;
  return (await remote.get(detail.staged)) !== undefined;
}

async function settle(deps: EngineDeps, intent: Intent): Promise<void> {
  const detail = detailOf(intent);
  switch (detail.step) {
    case "act":
      return await settleAct(deps, intent, detail);
    case "ring":
      if (detail.act !== undefined) await deps.local.settle(detail.act);
      return await bringHome(deps, intent.node, detail);
    case "late":
      return commitLateEdit(deps, { intent, detail, outcome: await deps.local.settle(detail.act) });
    case "skeleton":
      if ((await deps.remote.get(detail.staged)) !== undefined) await removeSkeleton(deps, detail);
  }
}

/** The disk is settled first; then the act is committed like any other, in one transaction with the end of its intent. */
async function settleAct(
  deps: EngineDeps,
  intent: Intent,
  { act, op }: IntentDetail & { readonly step: "act" },
): Promise<void> {
  const { local, index } = deps;
  const outcome = await local.settle(act);
  index.transaction(() => {
    index.removeIntent(intent.op);
    if (outcome.state === "cancelled") return;
    noteDisplaced(deps, op, outcome);
    commitAct(index, op, outcome);
  });
}

/** A node that was taken out of a ring goes where it belongs, or back, or beside, whatever is free (S74). */
async function bringHome(deps: EngineDeps, node: NodeId, ring: Ring): Promise<void> {
  const found = await findStaged(deps, ring);
  if (found === undefined) return;
  for (const home of homesFor(deps, ring, found.kind)) {
    const folder = pathOf(deps.index[ring.side], home.parent);
    if (folder === undefined) continue;
    const brought = await tryMove(deps, found, joinPath(folder, home.name));
    if (brought === "gone") return;
    if (brought === "moved") return standAt(deps, { node, side: ring.side, home });
  }
  throw new SnapError("place-taken", `"${ring.staged}" could not be brought back to its place`);
}

/** What waits at a staging name; on the server by its id. */
type Staged = { readonly at: RelPath; readonly kind: Kind; readonly remoteId: string | undefined };

/** `gone`: it does not wait there any more, so that the next look at the side tells where it is. */
type Brought = "moved" | "taken" | "gone";

async function findStaged({ local, remote }: EngineDeps, ring: Ring): Promise<Staged | undefined> {
  const at = ring.staged;
  if (ring.side === "remote") {
    const item = await remote.get(at);
    return item && { at, kind: item.kind, remoteId: item.remoteId };
  }
  const kind = (await local.stat(at))?.kind;
  return kind === "folder" || kind === "file" ? { at, kind, remoteId: undefined } : undefined;
}

function* homesFor({ config, clock }: EngineDeps, ring: Ring, kind: Kind): Generator<Home> {
  yield ring.to;
  yield ring.from;
  const tried = new Set<string>();
  const context = { device: config.device, date: isoDate(clock.now()) };
  while (tried.size < copyNamesMax) {
    const taken = (name: string): boolean => tried.has(name);
    const name = conflictName(ring.from.name, kind, { ...context, taken });
    tried.add(name);
    yield { parent: rootNode, name };
  }
}

async function tryMove(deps: EngineDeps, staged: Staged, to: RelPath): Promise<Brought> {
  const { at, remoteId } = staged;
  return remoteId === undefined
    ? await tryMoveLocal(deps, at, to)
    : await tryMoveRemote(deps, { from: at, to, remoteId });
}

async function tryMoveLocal(deps: EngineDeps, from: RelPath, to: RelPath): Promise<Brought> {
  const { local } = deps;
  const stat = await local.stat(from);
  if (stat === undefined) return "gone";
  const { fileId, size, modifiedNs } = stat;
  const before =
    stat.kind === "folder"
      ? ({ kind: "folder", fileId } as const)
      : ({ kind: "file", fileId, size, modifiedNs, hash: undefined } as const);
  const displaceTo = trashArea(deps);
  const act = { act: "move", from, to, before, displaceTo, copy: copyTag(deps) } as const;
  // Cut off before, this very move may have given the file its second name already.
  const isTwin =
    stat.linkGroup !== undefined && (await local.stat(to))?.linkGroup === stat.linkGroup;
  const outcome = await (isTwin ? local.settle(act) : local.perform(act));
  return outcome.state === "done" ? "moved" : "taken";
}

async function tryMoveRemote({ remote }: EngineDeps, move: SureMove): Promise<Brought> {
  try {
    await moveSurely(remote, move);
    return "moved";
  } catch (error) {
    if (isSnapError(error, "not-found")) return "gone";
    if (isSnapError(error, "conflict")) return "taken";
    throw error;
  }
}

type Standing = {
  readonly node: NodeId;
  readonly side: "local" | "remote";
  readonly home: Home;
};

function standAt({ index }: EngineDeps, { node, side, home }: Standing): void {
  const place = { ...home, key: pathKeyOf(home.name) };
  index.transaction(() => {
    if (side === "local") {
      const row = index.local.get(node);
      if (row !== undefined) index.local.put({ ...row, ...place });
      return;
    }
    const row = index.remote.get(node);
    if (row !== undefined) index.remote.put({ ...row, ...place });
  });
}

/** A restore stages below its own id, and clears that itself (S75). */
async function clearStaging({ local, journal }: EngineDeps): Promise<void> {
  for (const area of await local.areas("staging")) {
    if (journal.restore(area.id) === undefined) await local.removeArea(area);
  }
}

/** Ours begin with the day; anything else in the trash is not ours to empty (S71). */
async function emptyTrash({ local, clock }: EngineDeps): Promise<void> {
  const last = isoDate(clock.now() - trashDays * 24 * 3_600_000).replaceAll("-", "");
  for (const area of await local.areas("trash")) {
    const day = /^(\d{8})-[0-9a-f]+$/.exec(area.id)?.[1];
    if (day !== undefined && day < last) await local.removeArea(area);
  }
}
