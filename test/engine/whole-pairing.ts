import { compareBytes, type RelPath } from "../../src/core/path/rel-path.ts";
import type { LocalStat } from "../../src/core/tree/local-stat.ts";
import {
  rootNode,
  type ContentHash,
  type Kind,
  type LocalEntry,
  type NodeId,
  type SyncedEntry,
} from "../../src/core/tree/node.ts";
import { KnownNodes, localNameOf } from "./whole-known-nodes.ts";

/*
 * The order of S19 written down on whole trees in memory, as plainly as possible: what the look that goes folder by
 * folder is compared with.
 */

/** What a scan saw at one place. */
export type WholeSighting = {
  readonly path: RelPath;
  /** Position of its folder in the list, before its own; -1 for the top. */
  readonly parent: number;
  readonly kind: Kind;
  readonly stat: Pick<LocalStat, "name" | "fileId" | "size" | "modifiedNs">;
};

/** One scan, and what was known before it. */
export type WholeInput = {
  readonly seen: readonly WholeSighting[];
  /** What else stands on the disk, in no tree: links, ignored files. */
  readonly foreign: readonly { readonly parent: number; readonly name: string }[];
  /** Positions of folders in which a missing name proves nothing (S29). */
  readonly opaque: ReadonlySet<number>;
  readonly synced: Iterable<SyncedEntry>;
  readonly local: Iterable<LocalEntry>;
  /** Content of a file by its position, where known; asked only where there are no file ids (S19, 5). */
  readonly hashOf: (position: number) => ContentHash | undefined;
};

/** The node of each sighting by position; undefined for a new one. */
export type WholePairing = readonly (NodeId | undefined)[];

/**
 * Find out which node each thing on the disk is, against the last agreement of both sides (S19, S20). Pure; each step
 * considers only what the steps before left over.
 *
 * Folders come first and from the top, since the place of anything is a name in the *node* that its folder is. They
 * never compete with files for a node, so the order of the steps holds for each kind.
 */
export function pairWhole(input: WholeInput): WholePairing {
  const steps = new Steps(input);
  steps.byIdentity("folder");
  for (const folder of steps.folders) steps.foldersByPlace(folder);
  steps.byIdentity("file");
  for (const folder of steps.folders) steps.byName(folder, "file");
  for (const folder of steps.folders) steps.byKey(folder, "file");
  steps.byFileIdAlone();
  steps.byContent();
  for (const folder of steps.folders) steps.byLocalPlace(folder, "file");
  return steps.nodes;
}

/** The steps of S19, on what they have paired so far. */
class Steps {
  readonly nodes: (NodeId | undefined)[];
  /** Positions, those above first; the top is one of them. */
  readonly folders: readonly number[];
  readonly #input: WholeInput;
  readonly #known: KnownNodes;
  readonly #children: ReadonlyMap<number, readonly number[]>;
  readonly #namesOnDisk: ReadonlySet<string>;

  constructor(input: WholeInput) {
    const positions = [...input.seen.keys()];
    this.nodes = positions.map(() => undefined);
    this.folders = [-1, ...positions.filter((position) => input.seen[position]?.kind === "folder")];
    this.#input = input;
    this.#known = new KnownNodes(input.synced, input.local);
    this.#children = Map.groupBy(positions, (position) => input.seen[position]?.parent ?? -1);
    this.#namesOnDisk = new Set([
      ...input.seen.map(({ parent, stat }) => nameIn(parent, stat.name)),
      ...input.foreign.map(({ parent, name }) => nameIn(parent, name)),
    ]);
  }

  /** Step 1: unchanged, or a proven move: a rename alters only the ctime. */
  byIdentity(kind: Kind): void {
    this.#byFileId(kind, kind === "folder" ? () => true : sameState);
  }

  /** Step 4: moved and edited. */
  byFileIdAlone(): void {
    this.#byFileId("file", () => true);
  }

  foldersByPlace(parent: number): void {
    this.byName(parent, "folder");
    this.byKey(parent, "folder");
    this.byLocalPlace(parent, "folder");
  }

  /** Step 2: covers a save by renaming, which makes a new inode. */
  byName(parent: number, kind: Kind): void {
    this.#inFolder(parent, kind, (place) => this.#known.exact(place));
    this.#inFolder(parent, kind, (place) => this.#known.named(place));
  }

  /** Step 3: a rename that changes only the case. */
  byKey(parent: number, kind: Kind): void {
    const isOnDisk = (name: string): boolean => this.#namesOnDisk.has(nameIn(parent, name));
    this.#inFolder(parent, kind, (place) => this.#known.keyed(place, isOnDisk));
  }

  /** Step 5: one disappeared and one appeared file of equal content, each unique; only where there are no file ids. */
  byContent(): void {
    const appeared = this.#unpaired("file").filter((at) => this.#stat(at)?.fileId === "");
    if (appeared.length === 0) return;
    const contentOf = (at: number): string | undefined => {
      const hash = this.#input.hashOf(at);
      return hash === undefined ? undefined : contentKey(this.#stat(at)?.size, hash);
    };
    const seen = Map.groupBy(appeared, contentOf);
    const gone = Map.groupBy(this.#known.disappeared(this.#opaqueNodes()), ({ size, hash }) =>
      contentKey(size, hash),
    );
    for (const [content, positions] of seen) {
      const entries = content === undefined ? undefined : gone.get(content);
      const [position, ...others] = positions;
      if (position === undefined || others.length > 0 || entries?.length !== 1) continue;
      this.#pair(position, entries[0]?.node);
    }
  }

  /** Step 6: what only the local tree knows at this place. */
  byLocalPlace(parent: number, kind: Kind): void {
    this.#inFolder(parent, kind, (place) => this.#known.localOnly(place));
  }

  /**
   * Pair by file id. Where several names share one, the name the node was synced under keeps it, otherwise the
   * smaller name (S20).
   */
  #byFileId(kind: Kind, agrees: (sighting: WholeSighting, node: SyncedEntry) => boolean): void {
    const groups = Map.groupBy(this.#unpaired(kind), (at) => this.#stat(at)?.fileId ?? "");
    groups.delete("");
    for (const [fileId, positions] of groups) {
      const find = (at: number, isWanted: (entry: SyncedEntry) => boolean): void => {
        const sighting = this.#input.seen[at];
        if (sighting === undefined || this.nodes[at] !== undefined) return;
        const free = this.#known.withFileId(fileId, kind);
        this.#pair(at, free.find((node) => isWanted(node) && agrees(sighting, node))?.node);
      };
      for (const at of positions) find(at, (entry) => this.#isPlaceOf(at, entry));
      for (const at of positions.toSorted(this.#byPath)) find(at, () => true);
    }
  }

  #inFolder(
    parent: number,
    kind: Kind,
    find: (place: { folder: NodeId; kind: Kind; name: string }) => NodeId | undefined,
  ): void {
    const folder = this.#nodeOfFolder(parent);
    if (folder === undefined) return;
    for (const at of this.#children.get(parent) ?? []) {
      const sighting = this.#input.seen[at];
      if (sighting?.kind !== kind || this.nodes[at] !== undefined) continue;
      this.#pair(at, find({ folder, kind, name: sighting.stat.name }));
    }
  }

  #pair(position: number, node: NodeId | undefined): void {
    if (node === undefined) return;
    this.nodes[position] = node;
    this.#known.take(node);
  }

  #unpaired(kind: Kind): readonly number[] {
    const positions = [...this.#input.seen.keys()];
    return positions.filter(
      (at) => this.nodes[at] === undefined && this.#input.seen[at]?.kind === kind,
    );
  }

  #stat(position: number): WholeSighting["stat"] | undefined {
    return this.#input.seen[position]?.stat;
  }

  #nodeOfFolder(position: number): NodeId | undefined {
    return position === -1 ? rootNode : this.nodes[position];
  }

  #opaqueNodes(): ReadonlySet<NodeId> {
    const nodes = [...this.#input.opaque].map((position) => this.#nodeOfFolder(position));
    return new Set(nodes.filter((node) => node !== undefined));
  }

  #isPlaceOf(position: number, entry: SyncedEntry): boolean {
    const sighting = this.#input.seen[position];
    return (
      sighting !== undefined &&
      this.#nodeOfFolder(sighting.parent) === entry.parent &&
      sighting.stat.name === localNameOf(entry)
    );
  }

  readonly #byPath = (a: number, b: number): number =>
    compareBytes(this.#input.seen[a]?.path ?? "", this.#input.seen[b]?.path ?? "");
}

/** Size and mtime are those of the agreement; the parts of a stamp are size, mtime and ctime (S18). */
function sameState({ stat }: WholeSighting, node: SyncedEntry): boolean {
  const [size, modifiedNs] = node.stamp.split(" ");
  return size === String(stat.size) && modifiedNs === stat.modifiedNs;
}

function nameIn(parent: number, name: string): string {
  return `${parent}/${name.normalize("NFC")}`;
}

function contentKey(size: number | undefined, hash: ContentHash | undefined): string {
  return `${size} ${hash}`;
}
