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
import { isOfItem } from "../trouble.ts";

/** Places that make trouble before the rest are not tried: where it belongs, where it was, and one beside. */
const homeTroublesMax = 3;

/**
 * A node that was taken out of a ring goes where it belongs, or back, or beside, whatever is free (S74).
 *
 * @throws {SnapError} where no place takes it: it waits, and is tried again
 */
export async function bringHome(deps: EngineDeps, node: NodeId, ring: Ring): Promise<void> {
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
