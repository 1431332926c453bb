import { pathKeyOf } from "../../core/path/path-key.ts";
import type { LocalEntry, NodeId } from "../../core/tree/node.ts";
import { present } from "../../std/assert.ts";
import type { IndexStore } from "../../ports.ts";
import { Folder, type SeenStat } from "./folder.ts";

/** Rows of the local tree that are written in one transaction. */
const rowsInARow = 2_000;

/** A row on its way: as it is, or made when its folder has a node. */
type Waiting =
  | { readonly row: LocalEntry }
  | {
      readonly parent: Folder;
      readonly stat: SeenStat;
      /** Undefined for a new one. */
      readonly node: NodeId | undefined;
      /** The folder that gets the node. */
      readonly own: Folder | undefined;
    };

/**
 * Writes the rows of a look as it goes, some thousand in one transaction, in the order in which they came: a folder
 * before what is in it. What is here and not written yet is lost in a crash, and found again by the next look.
 */
export class RowWriter {
  /** Nodes of the new folders that have their row now. */
  readonly made: Set<NodeId> = new Set();
  readonly #index: IndexStore;
  #waiting: Waiting[] = [];

  constructor(index: IndexStore) {
    this.#index = index;
  }

  /** A row that stays where it is. */
  put(row: LocalEntry): void {
    this.#wait({ row });
  }

  /** What stands in a folder becomes a row: of a new node, if none is named. */
  add(parent: Folder, stat: SeenStat, node?: NodeId): void {
    this.ensure(parent);
    this.#wait({ parent, stat, node, own: undefined });
  }

  /** A folder and those above it have rows, or get them before anything that comes later. */
  ensure(folder: Folder): void {
    if (folder.hasRow) return;
    const parent = present(folder.above, "the folder above a new one");
    this.ensure(parent);
    folder.hasRow = true;
    this.#wait({ parent, stat: present(folder.stat, "stat"), node: folder.node, own: folder });
  }

  flush(): void {
    const waiting = this.#waiting;
    this.#waiting = [];
    if (waiting.length === 0) return;
    this.#index.transaction(() => {
      for (const one of waiting) this.#write(one);
    });
  }

  #wait(waiting: Waiting): void {
    this.#waiting.push(waiting);
    if (this.#waiting.length >= rowsInARow) this.flush();
  }

  #write(waiting: Waiting): void {
    const { local } = this.#index;
    if ("row" in waiting) {
      local.put(waiting.row);
      return;
    }
    const { stat, own } = waiting;
    const parent = present(waiting.parent.node, "the node of a folder with a row");
    const node = waiting.node ?? this.#index.newNode();
    if (own !== undefined) {
      own.node = node;
      this.made.add(node);
    }
    const before = waiting.node === undefined ? undefined : local.get(node);
    local.put(rowOf({ node, parent, stat, before }));
  }
}

type RowFacts = {
  readonly node: NodeId;
  readonly parent: NodeId;
  readonly stat: SeenStat;
  readonly before: LocalEntry | undefined;
};

/** The row of what was seen. The hash stays while the stat proves it; otherwise the file has to be read (S18). */
export function rowOf({ node, parent, stat, before }: RowFacts): LocalEntry {
  const { name, fileId, size, stamp } = stat;
  const key = before?.name === name ? before.key : pathKeyOf(name);
  const place = { node, parent, name, key, fileId, size, stamp, absentAt: undefined };
  if (stat.kind === "folder") return { ...place, kind: "folder", hash: "", trusted: true };
  const isProven = before?.stamp === stamp && before.fileId === fileId;
  const [hash, trusted] = isProven ? [before.hash, before.trusted] : [undefined, false];
  return { ...place, kind: "file", hash, trusted };
}

/** A row as what was seen of it. */
export function statOfRow({ name, kind, fileId, size, stamp }: LocalEntry): SeenStat {
  return { name, kind, fileId, size, stamp, modifiedNs: stamp.split(" ")[1] ?? "" };
}

/**
 * Remove what is gone with everything below it, the deepest first, so that what is left after a crash still hangs on
 * the top and is missed again (S27).
 *
 * @param keeps what is unknown keeps its row with all rows below, its parents keep theirs (S29)
 */
export function removeGone(
  index: IndexStore,
  tops: Iterable<NodeId>,
  keeps: { readonly unknown: ReadonlySet<NodeId>; readonly parents: ReadonlySet<NodeId> },
): void {
  let gone: NodeId[] = [];
  const remove = (): void => {
    const batch = gone;
    gone = [];
    if (batch.length === 0) return;
    index.transaction(() => {
      for (const node of batch) index.local.remove(node);
    });
  };
  for (const top of tops) {
    for (const node of deepestFirst(index, top, keeps.unknown)) {
      if (keeps.parents.has(node)) continue;
      gone.push(node);
      if (gone.length >= rowsInARow) remove();
    }
  }
  remove();
}

function* deepestFirst(
  index: IndexStore,
  node: NodeId,
  unknown: ReadonlySet<NodeId>,
): Generator<NodeId> {
  if (unknown.has(node)) return;
  for (const child of index.local.children(node)) {
    if (child.kind === "folder") yield* deepestFirst(index, child.node, unknown);
    else if (!unknown.has(child.node)) yield child.node;
  }
  yield node;
}
