import { pathKeyOf } from "../../core/path/path-key.ts";
import {
  baseName,
  comparePaths,
  parentPath,
  topPath,
  type RelPath,
} from "../../core/path/rel-path.ts";
import type { RebaseItem, RebaseRequest } from "../../core/plan/sync-report.ts";
import { wantedAbsent } from "../../core/plan/suspects.ts";
import type { LocalStat } from "../../core/tree/local-stat.ts";
import { rootNode, type LocalEntry, type NodeId, type RemoteEntry } from "../../core/tree/node.ts";
import { descendants } from "../../core/tree/tree-view.ts";
import type { IndexStore, LocalSide } from "../../ports.ts";
import { forEachLimited } from "../../std/limiter.ts";
import type { EngineDeps } from "../engine-deps.ts";
import { isTroubleWithOne } from "../trouble.ts";

/** Places looked at at once. */
const statsParallelMax = 32;

/**
 * Make a restore look like what it means: the user edited, on top of the server's latest state (S98–S100).
 *
 * One transaction: for each node of the set the synced row becomes what the server has, the local row what the restore
 * left on the disk; the token is written (S101); `also` runs in it; the fence is lifted. Nodes outside the set keep their
 * rows, so what appeared on the server unseen comes down (S99). What the restore removed is gone without a second look (S27).
 *
 * @throws what the index throws; nothing has happened then
 */
export async function rebase(
  deps: EngineDeps,
  request: RebaseRequest,
  also: () => void,
): Promise<void> {
  const items = request.items.toSorted((a, b) => comparePaths(a.path, b.path));
  const stats = await statAll(deps.local, items);
  deps.index.transaction(() => {
    const rebasing = new Rebasing(deps.index, stats);
    for (const item of items) rebasing.apply(item);
    deps.tokens.put(request.restore, deps.clock.now(), rebasing.wanted);
    also();
    deps.journal.setFence(undefined);
  });
}

type Stats = ReadonlyMap<RelPath, LocalStat>;

async function statAll(local: LocalSide, items: readonly RebaseItem[]): Promise<Stats> {
  const stats = new Map<RelPath, LocalStat>();
  const wanted = items.filter(({ want }) => want.kind !== "absent");
  await forEachLimited(wanted, { parallel: statsParallelMax }, async ({ path }) => {
    const stat = await statIfSound(local, path);
    if (stat !== undefined) stats.set(path, stat);
  });
  return stats;
}

/** Trouble with one place is for the next observation to find: a rebase that fails leaves the whole restore undone. */
async function statIfSound(local: LocalSide, path: RelPath): Promise<LocalStat | undefined> {
  try {
    return await local.stat(path);
  } catch (error) {
    if (isTroubleWithOne(error)) return undefined;
    throw error;
  }
}

/** A place of the set, and the nodes that the trees have there. */
type Spot = {
  readonly name: string;
  readonly parent: NodeId;
  readonly local: LocalEntry | undefined;
  readonly remote: RemoteEntry | undefined;
  readonly synced: NodeId | undefined;
};

class Rebasing {
  readonly #index: IndexStore;
  readonly #stats: Stats;
  /** The node of each folder of the set. A folder comes before what is in it. */
  readonly #folders = new Map<RelPath, NodeId>([[topPath, rootNode]]);
  /** What is still to be done on the server, by node: the token of the restore (S101). */
  readonly wanted: Map<NodeId, string> = new Map();

  constructor(index: IndexStore, stats: Stats) {
    this.#index = index;
    this.#stats = stats;
  }

  apply(item: RebaseItem): void {
    const spot = this.#spotOf(item.path);
    if (spot === undefined) return;
    this.#rebaseSynced(spot);
    const node = this.#nodeFor(item, spot);
    this.#want(item, spot.remote, node);
    if (spot.local !== undefined && spot.local.node !== node) {
      this.#giveWay(spot.local, item.want.kind === "folder" ? node : undefined);
    }
    this.#enter(item, { ...spot, node });
    if (node === undefined) return;
    this.#index.local.put(this.#localRow(item, { ...spot, node }));
    if (item.want.kind === "file") this.#noteFile(node, item.want.stat);
  }

  /** What the server has already needs no op, so nothing would ever spend it. */
  #want({ want }: RebaseItem, remote: RemoteEntry | undefined, node: NodeId | undefined): void {
    if (remote !== undefined && remote.node !== node) this.wanted.set(remote.node, wantedAbsent);
    if (node === undefined || want.kind === "absent") return;
    const hash = want.kind === "file" ? want.hash : "";
    if (remote?.node !== node || remote.hash !== hash) this.wanted.set(node, hash);
  }

  /** What is said of places below is said of the folder that is wanted here, else of the one that has to go. */
  #enter({ path, want }: RebaseItem, spot: Spot & { readonly node: NodeId | undefined }): void {
    const { node, remote, synced, local } = spot;
    const folder = want.kind === "folder" ? node : (remote?.node ?? this.#unmoved(synced, local));
    if (folder !== undefined) this.#folders.set(path, folder);
  }

  /** What the server has at another place now is spoken of there, with all that it holds. */
  #unmoved(synced: NodeId | undefined, local: LocalEntry | undefined): NodeId | undefined {
    return [synced, local?.node].find(
      (node) => node !== undefined && this.#index.remote.get(node) === undefined,
    );
  }

  /** Undefined where the folder of the place is in no tree: there is nothing to say about it. */
  #spotOf(path: RelPath): Spot | undefined {
    const parent = this.#folderNode(parentPath(path) ?? topPath);
    if (parent === undefined) return undefined;
    const name = baseName(path);
    const key = pathKeyOf(name);
    const local = childNamed(this.#index, parent, name);
    const synced = this.#index.synced.childByKey(parent, key);
    return {
      name,
      parent,
      local,
      remote: this.#remoteAt({ parent, name, local }),
      synced: synced?.node,
    };
  }

  /** A name on the disk that is another one on the server leads there by its node (S42). */
  #remoteAt({
    parent,
    name,
    local,
  }: Pick<Spot, "parent" | "name" | "local">): RemoteEntry | undefined {
    const { remote, synced } = this.#index;
    const twin = local && synced.get(local.node)?.localName === name && remote.get(local.node);
    if (twin && twin.parent === parent && twin.scope === "in") return twin;
    const entry = remote.childByKey(parent, pathKeyOf(name));
    return entry?.scope === "in" ? entry : undefined;
  }

  #folderNode(path: RelPath): NodeId | undefined {
    const known = this.#folders.get(path);
    if (known !== undefined) return known;
    const above = this.#folderNode(parentPath(path) ?? topPath);
    if (above === undefined) return undefined;
    const name = baseName(path);
    const node =
      childNamed(this.#index, above, name)?.node ??
      this.#index.remote.childByKey(above, pathKeyOf(name))?.node;
    if (node !== undefined) this.#folders.set(path, node);
    return node;
  }

  /** synced := remote, and the row goes where the server has none (S98). */
  #rebaseSynced({ name, remote, synced, local }: Spot): void {
    for (const node of new Set([synced, local?.node])) {
      if (node !== undefined && this.#index.remote.get(node) === undefined) this.#forget(node);
    }
    if (remote !== undefined && this.#isAgreedFolder(remote.parent)) this.#agree(remote, name);
  }

  /** No stat proves anything afterwards: what is here is another content than the agreed one (S24). */
  #agree(remote: RemoteEntry, localName: string): void {
    const { node, parent, kind, name, key, hash, size, remoteId, rev } = remote;
    const before = this.#index.synced.get(node);
    const agreed = { node, parent, kind, name, key, hash, size, remoteId, rev };
    this.#index.synced.put({
      ...agreed,
      localName: before?.localName === localName ? localName : undefined,
      fileId: before?.fileId ?? "",
      stamp: "",
      trusted: false,
    });
    if (kind === "file") this.#index.addHistory(node, rev, hash ?? "");
    this.#index.removeParked(node);
    this.#index.removeUpload(node);
  }

  /** What is below goes with it: no synced row stays without its folder. */
  #forget(node: NodeId): void {
    const { synced } = this.#index;
    for (const entry of descendants(synced, node)) synced.remove(entry.node);
    synced.remove(node);
  }

  #isAgreedFolder(node: NodeId): boolean {
    return node === rootNode || this.#index.synced.get(node)?.kind === "folder";
  }

  /** Paired by place (S98): the node of the server there, else one that only the disk knows. */
  #nodeFor({ want }: RebaseItem, { local, remote }: Spot): NodeId | undefined {
    if (want.kind === "absent") return undefined;
    if (remote?.kind === want.kind) return remote.node;
    const isOwn = local?.kind === want.kind && this.#index.remote.get(local.node) === undefined;
    return isOwn ? local.node : this.#index.newNode();
  }

  /** What is in a folder stays in it when the folder is found to be another node, and goes when no folder is left. */
  #giveWay(local: LocalEntry, node: NodeId | undefined): void {
    const rows = this.#index.local;
    if (node === undefined) {
      for (const entry of descendants(rows, local.node)) rows.remove(entry.node);
    } else {
      for (const child of rows.children(local.node)) rows.put({ ...child, parent: node });
    }
    rows.remove(local.node);
  }

  /**
   * What stands there now. Something that was taken away since keeps a row, so that its absence is looked into as
   * any other (S27); something edited since is read by the next observation.
   */
  #localRow({ path, want }: RebaseItem, spot: Spot & { readonly node: NodeId }): LocalEntry {
    const { node, parent, name } = spot;
    const place = { node, parent, name, key: pathKeyOf(name), absentAt: undefined };
    const here = this.#stats.get(path);
    if (want.kind !== "file") {
      const fileId = here?.fileId ?? "";
      return { ...place, kind: "folder", hash: "", size: 0, fileId, stamp: "", trusted: true };
    }
    const { size, fileId, stamp } = here ?? want.stat;
    const hash = stamp === want.stat.stamp ? want.hash : undefined;
    return { ...place, kind: "file", hash, size, fileId, stamp, trusted: false };
  }

  /** A move of the restored file before it is uploaded is a move of this node (S19, 4). */
  #noteFile(node: NodeId, { fileId }: LocalStat): void {
    const synced = this.#index.synced.get(node);
    if (synced !== undefined) this.#index.synced.put({ ...synced, fileId });
  }
}

function childNamed({ local }: IndexStore, parent: NodeId, name: string): LocalEntry | undefined {
  const first = local.childByKey(parent, pathKeyOf(name));
  if (first === undefined || first.name === name) return first;
  return [...local.children(parent)].find((entry) => entry.name === name);
}
