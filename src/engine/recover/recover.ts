import type { Area } from "../../core/plan/local-act.ts";
import { conflictName } from "../../core/path/names.ts";
import { joinPath, type RelPath } from "../../core/path/rel-path.ts";
import { pathKeyOf } from "../../core/path/path-key.ts";
import type { Intent } from "../../core/tree/index-rows.ts";
import { rootNode, type Kind, type NodeId } from "../../core/tree/node.ts";
import { pathOf } from "../../core/tree/tree-view.ts";
import { isSnapError, SnapError } from "../../std/error.ts";
import { isoDate } from "../../std/time.ts";
import { commitAct } from "../execute/commit-act.ts";
import type { EngineDeps } from "../engine-deps.ts";
import { copyTag, trashArea } from "../execute/execution.ts";
import { spendTokens } from "../guards/holds-tokens.ts";
import { detailOf, type Home, type IntentDetail, type Ring } from "../execute/intents.ts";
import { commitLateEdit, noteDisplaced } from "../execute/late-writers.ts";
import { copyNamesMax, trashDays } from "../limits.ts";
import { logAct, logHomecoming, type Logging } from "../execute/op-log.ts";
import { moveSurely, type SureMove } from "../execute/move-surely.ts";
import { removeSkeleton } from "../execute/skeleton.ts";

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

/** Places that make trouble before the rest are not tried: where it belongs, where it was, and one beside. */
const homeTroublesMax = 3;

/** May be repeated: each intent ends only with what it was about. */
export async function settleIntents(deps: EngineDeps): Promise<void> {
  for (const intent of inSettlingOrder(deps.index.intents())) {
    try {
      await settle(deps, intent);
    } catch (error) {
      if (!isOfItem(error)) throw error;
      // What was displaced stays in the trash; the place is observed like any other.
      const facts = { op: intent.op, kind: intent.kind, reason: error.message };
      deps.logger.error("an interrupted op could not be finished", facts);
      // What nobody syncs under its staging name would be forgotten there without its intent (S92): it is tried again.
      if (await isStaged(deps, intent)) continue;
    }
    deps.index.transaction(() => deps.index.removeIntent(intent.op));
  }
}

function isOfItem(error: unknown): error is SnapError {
  return isSnapError(error) && error.class === "item";
}

/**
 * Single acts first: the last one of a ring may have given its node the name that it belongs at, beside the staged one, and
 * that name must not look taken.
 */
function inSettlingOrder(intents: readonly Intent[]): readonly Intent[] {
  const rank = (intent: Intent): number => Number(detailOf(intent).step !== "act");
  return intents.toSorted((a, b) => rank(a) - rank(b));
}

/** Whether something of this intent waits where nobody looks for it: below `.snap/`, or at a name that every client leaves alone. */
async function isStaged({ local, remote }: EngineDeps, intent: Intent): Promise<boolean> {
  const detail = detailOf(intent);
  if (detail.step === "act" || detail.step === "late") return false;
  if (detail.step === "ring" && detail.side === "local") {
    return (await local.stat(detail.staged)) !== undefined;
  }
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
    spendTokens(deps, op);
    noteDisplaced(deps, op, outcome);
    commitAct(index, op, outcome);
    logAct(loggingOf(deps), op, { act, outcome });
  });
}

function loggingOf(deps: EngineDeps): Logging {
  return { deps, cycle: Number(deps.index.meta("generation") ?? 0) };
}

/** A node that was taken out of a ring goes where it belongs, or back, or beside, whatever is free (S74). */
async function bringHome(deps: EngineDeps, node: NodeId, ring: Ring): Promise<void> {
  const found = await findStaged(deps, ring);
  if (found === undefined) return;
  const troubles: SnapError[] = [];
  for (const home of homesFor(deps, ring, found.kind)) {
    const folder = pathOf(deps.index[ring.side], home.parent);
    if (folder === undefined) continue;
    const path = joinPath(folder, home.name);
    const brought = await tryMove(deps, found, path);
    if (brought === "gone") return;
    if (brought instanceof SnapError) troubles.push(brought);
    if (troubles.length >= homeTroublesMax) break;
    if (brought === "moved") {
      return standAt(deps, { node, side: ring.side, home, path, staged: ring.staged });
    }
  }
  const [trouble] = troubles;
  if (trouble !== undefined) throw trouble;
  throw new SnapError("place-taken", `"${ring.staged}" could not be brought back to its place`);
}

/** What waits at a staging name; on the server by its id. */
type Staged = { readonly at: RelPath; readonly kind: Kind; readonly remoteId: string | undefined };

/** `gone`: it does not wait there any more, so that the next look at the side tells where it is. An error is of that place. */
type Brought = "moved" | "taken" | "gone" | SnapError;

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
  try {
    const outcome = await (isTwin ? local.settle(act) : local.perform(act));
    return outcome.state === "done" ? "moved" : "taken";
  } catch (error) {
    if (!isOfItem(error)) throw error;
    const still = await local.stat(from);
    // Cut off in its middle it may have two names now: another place would make a copy of it.
    if (still?.linkGroup !== undefined) throw error;
    return still === undefined ? "gone" : error;
  }
}

async function tryMoveRemote({ remote }: EngineDeps, move: SureMove): Promise<Brought> {
  try {
    await moveSurely(remote, move);
    return "moved";
  } catch (error) {
    if (isSnapError(error, "not-found")) return "gone";
    if (isSnapError(error, "conflict")) return "taken";
    if (isOfItem(error)) return error;
    throw error;
  }
}

type Standing = {
  readonly node: NodeId;
  readonly side: "local" | "remote";
  readonly home: Home;
  readonly path: RelPath;
  readonly staged: RelPath;
};

/** The row says where it stands now, and the log how it came there (P10). */
function standAt(deps: EngineDeps, { node, side, home, path, staged }: Standing): void {
  const { index } = deps;
  const place = { ...home, key: pathKeyOf(home.name) };
  index.transaction(() => {
    const entry = index[side].get(node);
    logHomecoming(loggingOf(deps), { side, from: staged, path, entry });
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
async function clearStaging(deps: EngineDeps): Promise<void> {
  for (const area of await deps.local.areas("staging")) {
    if (deps.journal.restore(area.id) === undefined) await removeIfPossible(deps, area);
  }
}

/** Ours begin with the day; anything else in the trash, and what an intent or a row still needs, is not to be emptied (S71). */
async function emptyTrash(deps: EngineDeps): Promise<void> {
  const needed = deps.index.intents().map(({ detail }) => detail);
  for (const { name } of deps.index.local.children(rootNode)) {
    // The row of a node that was taken out of a ring has the whole path as its name (S49).
    if (name.startsWith(".snap/")) needed.push(name);
  }
  const last = isoDate(deps.clock.now() - trashDays * 24 * 3_600_000).replaceAll("-", "");
  for (const area of await deps.local.areas("trash")) {
    const day = /^(\d{8})-[0-9a-f]+$/.exec(area.id)?.[1];
    if (day === undefined || day >= last) continue;
    if (!needed.some((detail) => detail.includes(area.id))) await removeIfPossible(deps, area);
  }
}

/** What nobody needs any more may hold what its owner had locked up: it stays, and everything else goes on (P9). */
async function removeIfPossible({ local, logger }: EngineDeps, area: Area): Promise<void> {
  try {
    await local.removeArea(area);
  } catch (error) {
    if (!isSnapError(error, "disk-error")) throw error;
    logger.error("an area could not be removed", { ...area, reason: error.message });
  }
}
