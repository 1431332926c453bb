import type { Op, PutOp } from "../../core/plan/op.ts";
import { rootNode, type NodeId, type RemoteEntry } from "../../core/tree/node.ts";
import type { TreeView } from "../../core/tree/tree-view.ts";
import { batchBytesMax, batchMin, folderEntriesMax } from "../limits.ts";

/** Files that come down as one folder. */
export type FolderDownload = {
  readonly folder: NodeId;
  readonly ops: readonly PutOp[];
  /** Of everything that is in the folder, wanted or not. */
  readonly bytes: number;
  readonly entries: number;
};

type Weight = { readonly bytes: number; readonly entries: number };

/**
 * The folders of the server that are worth to come down whole: the uppermost that are not too large, and of which at least half is
 * wanted, by number and by bytes.
 */
export function folderDownloads(
  tree: TreeView<RemoteEntry>,
  ops: readonly Op[],
  givesWhole: boolean,
): readonly FolderDownload[] {
  const wanted = new Wanted(tree);
  for (const op of ops) if (op.kind === "L.put") wanted.add(op);
  const found: FolderDownload[] = [];
  const scales = new Scales(tree);
  const pick = (folder: NodeId): void => {
    const files = wanted.below(folder);
    if (files.length < batchMin) return;
    const weight = folder === rootNode && !givesWhole ? undefined : scales.weigh(folder);
    if (weight !== undefined && isWorth(files, weight)) {
      found.push({ folder, ops: files, ...weight });
      return;
    }
    for (const child of wanted.foldersIn(folder)) pick(child);
  };
  pick(rootNode);
  return found;
}

function isWorth(ops: readonly PutOp[], { bytes, entries }: Weight): boolean {
  const wantedBytes = ops.reduce((sum, op) => sum + op.after.size, 0);
  return 2 * ops.length >= entries && 2 * wantedBytes >= bytes;
}

/** Wanted files by the folders that they are in. */
class Wanted {
  readonly #tree: TreeView<RemoteEntry>;
  readonly #ops = new Map<NodeId, PutOp[]>();
  readonly #folders = new Map<NodeId, Set<NodeId>>();

  constructor(tree: TreeView<RemoteEntry>) {
    this.#tree = tree;
  }

  add(op: PutOp): void {
    const file = this.#tree.get(op.node);
    if (file === undefined) return;
    let folder = file.parent;
    const isKnown = this.#ops.has(folder);
    const inside = this.#ops.get(folder) ?? [];
    inside.push(op);
    this.#ops.set(folder, inside);
    for (let known = isKnown; !known && folder !== rootNode;) {
      const above = this.#tree.get(folder)?.parent;
      if (above === undefined) return;
      const folders = this.#folders.get(above) ?? new Set();
      known = folders.has(folder);
      this.#folders.set(above, folders.add(folder));
      folder = above;
    }
  }

  foldersIn(folder: NodeId): Iterable<NodeId> {
    return this.#folders.get(folder) ?? [];
  }

  below(folder: NodeId): readonly PutOp[] {
    const found: PutOp[] = [];
    const open = [folder];
    for (let next = open.pop(); next !== undefined; next = open.pop()) {
      for (const op of this.#ops.get(next) ?? []) found.push(op);
      for (const inside of this.foldersIn(next)) open.push(inside);
    }
    return found;
  }
}

/** Weighs folders with all that is in them, each once, and none further than to its bounds. */
class Scales {
  readonly #tree: TreeView<RemoteEntry>;
  readonly #known = new Map<NodeId, Weight | undefined>();

  constructor(tree: TreeView<RemoteEntry>) {
    this.#tree = tree;
  }

  /** Undefined for one that is too large. */
  weigh(folder: NodeId): Weight | undefined {
    if (!this.#known.has(folder)) this.#known.set(folder, this.#weigh(folder));
    return this.#known.get(folder);
  }

  #weigh(folder: NodeId): Weight | undefined {
    let [bytes, entries] = [0, 1];
    for (const child of this.#tree.children(folder)) {
      const weight =
        child.kind === "folder" ? this.weigh(child.node) : { bytes: child.size, entries: 1 };
      if (weight === undefined) return undefined;
      bytes += weight.bytes;
      entries += weight.entries;
      if (bytes > batchBytesMax || entries > folderEntriesMax) return undefined;
    }
    return { bytes, entries };
  }
}
