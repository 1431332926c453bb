import type { MoveAct } from "../../core/plan/local-act.ts";
import { conflictName } from "../../core/path/names.ts";
import { joinPath, type RelPath } from "../../core/path/rel-path.ts";
import { pathKeyOf } from "../../core/path/path-key.ts";
import { rootNode, type Kind, type NodeId } from "../../core/tree/node.ts";
import { pathOf } from "../../core/tree/tree-view.ts";
import { isSnapError, SnapError } from "../../std/error.ts";
import { isoDate } from "../../std/time.ts";
import type { EngineDeps } from "../engine-deps.ts";
import { copyTag, trashArea } from "../execute/execution.ts";
import type { Home, Ring } from "../execute/intents.ts";
import { moveSurely, type SureMove } from "../execute/move-surely.ts";
import { logHomecoming, loggingOf } from "../execute/op-log.ts";
import { copyNamesMax } from "../limits.ts";
import { listAfterMove } from "../listing/list-after-move.ts";
import { isOfItem, isTroubleWithOne } from "../trouble.ts";

/** Places that make trouble before the rest are not tried: where it belongs, where it was, and one beside. */
const homeTroublesMax = 3;

/** A node that was taken out of a ring, and waits. */
export type Stray = {
  readonly node: NodeId;
  readonly ring: Ring;
  /** Its last move was cut off: it may have arrived, and be somewhere else since. */
  readonly wasArriving: boolean;
};

/**
 * A node that was taken out of a ring goes where it belongs, or back, or beside, whatever is free (S74).
 *
 * @throws {SnapError} where no place takes it: it waits, and is tried again
 */
export async function bringHome(deps: EngineDeps, stray: Stray): Promise<void> {
  const { node, ring } = stray;
  const found = await findStaged(deps, ring);
  if (found === undefined || (await hasArrived(deps, stray, found))) return;
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
  throw trouble ?? notBrought(ring);
}

function notBrought({ staged }: Ring): SnapError {
  return new SnapError("place-taken", `"${staged}" could not be brought back to its place`);
}

/** What waits at a staging name; on the server by its id. */
type Staged = {
  readonly at: RelPath;
  readonly kind: Kind;
  readonly remoteId: string | undefined;
  /** Of a file of the disk that has another name, too. */
  readonly linkGroup?: string | undefined;
};

/** `gone`: it does not wait there any more, so that the next look at the side tells where it is. An error is of that place. */
type Brought = "moved" | "taken" | "gone" | SnapError;

async function findStaged({ local, remote }: EngineDeps, ring: Ring): Promise<Staged | undefined> {
  const at = ring.staged;
  if (ring.side === "remote") {
    const item = await remote.get(at);
    return item && { at, kind: item.kind, remoteId: item.remoteId };
  }
  const stat = await local.stat(at);
  if (stat?.kind !== "folder" && stat?.kind !== "file") return undefined;
  return { at, kind: stat.kind, remoteId: undefined, linkGroup: stat.linkGroup };
}

/**
 * Whether a file of the disk has its name at home already, or where its row was found since: then only the staged name was left
 * (S68). One that may have been moved on by its user waits for a look at the disk: another name would make a copy of it.
 *
 * @throws {SnapError} it waits
 */
async function hasArrived(deps: EngineDeps, stray: Stray, staged: Staged): Promise<boolean> {
  const { node, ring, wasArriving } = stray;
  if (staged.linkGroup === undefined) return false;
  const row = deps.index.local.get(node);
  const known = row === undefined || row.name === ring.staged ? [] : [row];
  for (const { parent, name } of [...known, ring.to, ring.from]) {
    const folder = pathOf(deps.index.local, parent);
    if (folder === undefined) continue;
    const path = joinPath(folder, name);
    if ((await linkGroupAt(deps, path)) !== staged.linkGroup) continue;
    const act = await moveAct(deps, staged.at, path);
    const outcome = act && (await deps.local.settle(act));
    if (outcome?.state === "cancelled") throw notBrought(ring);
    standAt(deps, { node, side: ring.side, home: { parent, name }, path, staged: ring.staged });
    return true;
  }
  if (wasArriving) throw notBrought(ring);
  return false;
}

/** Undefined also where nothing can be seen. */
async function linkGroupAt({ local }: EngineDeps, path: RelPath): Promise<string | undefined> {
  try {
    return (await local.stat(path))?.linkGroup;
  } catch (error) {
    if (isTroubleWithOne(error)) return undefined;
    throw error;
  }
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
  const act = await moveAct(deps, from, to);
  if (act === undefined) return "gone";
  try {
    const outcome = await deps.local.perform(act);
    return outcome.state === "done" ? "moved" : "taken";
  } catch (error) {
    if (!isOfItem(error)) throw error;
    const still = await deps.local.stat(from);
    if (still === undefined) return "gone";
    const isTwin =
      still.linkGroup !== undefined && (await linkGroupAt(deps, to)) === still.linkGroup;
    // Cut off in its middle it has two names now: another place would make a copy of it.
    if (isTwin) throw error;
    return error;
  }
}

/** Undefined where nothing waits there any more. */
async function moveAct(deps: EngineDeps, from: RelPath, to: RelPath): Promise<MoveAct | undefined> {
  const stat = await deps.local.stat(from);
  if (stat === undefined) return undefined;
  const { fileId, size, modifiedNs } = stat;
  const before =
    stat.kind === "folder"
      ? ({ kind: "folder", fileId } as const)
      : ({ kind: "file", fileId, size, modifiedNs, hash: undefined } as const);
  const displaceTo = trashArea(deps);
  return { act: "move", from, to, before, displaceTo, copy: copyTag(deps) };
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
    listAfterMove(index, node);
  });
}
