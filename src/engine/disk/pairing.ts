import { compareBytes, type RelPath } from "../../core/path/rel-path.ts";
import type { FileId, NodeId, SyncedEntry } from "../../core/tree/node.ts";

/** The nodes that something may be by the place it stands at, the likeliest first. */
export type PlaceCandidates = {
  /** Synced under this very name. */
  readonly exact: readonly NodeId[];
  /** Synced under another Unicode form of it, which is no rename (S16). */
  readonly named: readonly NodeId[];
  /** Synced under a name of the same key that is gone from the disk. */
  readonly keyed: readonly NodeId[];
  /** Known here to the local tree alone. */
  readonly own: readonly NodeId[];
};

/** A file that is not surely the one it was. */
export type Sighting = PlaceCandidates & {
  readonly path: RelPath;
  readonly fileId: FileId;
  readonly size: number;
  readonly modifiedNs: string;
};

/** The loose ends of one look, and what is known of the nodes that they can be. */
export type PairingInput = {
  readonly seen: readonly Sighting[];
  /** Synced files with a file id, in node order: several for hard links. */
  readonly withFileId: (fileId: FileId) => readonly SyncedEntry[];
  /** No thing outside of `seen` is this node. */
  readonly isFree: (node: NodeId) => boolean;
};

/** The node of each sighting by position; undefined for a new one. */
export type Pairing = readonly (NodeId | undefined)[];

/**
 * Find out which node each loose file is, against the last agreement of both sides (S19, S20). Pure; each step considers
 * only what the steps before left over. Step 5 needs contents and comes later, see `pairByContent`.
 */
export function pairEntries(input: PairingInput): Pairing {
  const { seen } = input;
  const steps = new Steps(seen.length, input.isFree);
  byFileId(steps, input, sameState);
  steps.byPlace(seen, ({ exact }) => exact);
  steps.byPlace(seen, ({ named }) => named);
  steps.byPlace(seen, ({ keyed }) => keyed);
  byFileId(steps, input, () => true);
  steps.byPlace(seen, ({ own }) => own);
  return steps.nodes;
}

/** The same for the folders in one folder that no identity was found for: their place is all there is. */
export function pairByPlace(
  seen: readonly PlaceCandidates[],
  isFree: (node: NodeId) => boolean,
): Pairing {
  const steps = new Steps(seen.length, isFree);
  steps.byPlace(seen, ({ exact }) => exact);
  steps.byPlace(seen, ({ named }) => named);
  steps.byPlace(seen, ({ keyed }) => keyed);
  steps.byPlace(seen, ({ own }) => own);
  return steps.nodes;
}

/** What the steps of S19 have paired so far. */
class Steps {
  readonly nodes: (NodeId | undefined)[];
  readonly #isFree: (node: NodeId) => boolean;
  readonly #taken = new Set<NodeId>();

  constructor(count: number, isFree: (node: NodeId) => boolean) {
    this.nodes = Array.from({ length: count }, () => undefined);
    this.#isFree = isFree;
  }

  /** Steps 2, 3 and 6. */
  byPlace(
    seen: readonly PlaceCandidates[],
    candidatesOf: (one: PlaceCandidates) => readonly NodeId[],
  ): void {
    for (const [position, one] of seen.entries()) this.pair(position, candidatesOf(one));
  }

  /** The first candidate that nobody has; nothing where the position has its node already. */
  pair(position: number, candidates: readonly NodeId[]): void {
    if (this.nodes[position] !== undefined) return;
    const node = candidates.find((one) => !this.#taken.has(one) && this.#isFree(one));
    if (node === undefined) return;
    this.nodes[position] = node;
    this.#taken.add(node);
  }
}

/**
 * Step 1, unchanged or a proven move: a rename alters only the ctime; and step 4, moved and edited. Where several
 * names share a file id, the name the node was synced under keeps it, otherwise the smaller name (S20).
 */
function byFileId(
  steps: Steps,
  { seen, withFileId }: Pick<PairingInput, "seen" | "withFileId">,
  agrees: (sighting: Sighting, entry: SyncedEntry) => boolean,
): void {
  const unpaired = [...seen.entries()].filter(
    ([position, { fileId }]) => steps.nodes[position] === undefined && fileId !== "",
  );
  for (const [fileId, group] of Map.groupBy(unpaired, ([, sighting]) => sighting.fileId)) {
    const entries = withFileId(fileId);
    const fitting = (sighting: Sighting): NodeId[] =>
      entries.filter((entry) => agrees(sighting, entry)).map(({ node }) => node);
    for (const [position, sighting] of group) {
      const here = fitting(sighting).filter((node) => sighting.exact.includes(node));
      steps.pair(position, here);
    }
    for (const [position, sighting] of group.toSorted(([, a], [, b]) => byPath(a, b))) {
      steps.pair(position, fitting(sighting));
    }
  }
}

function byPath(a: Sighting, b: Sighting): number {
  return compareBytes(a.path, b.path);
}

/** Size and mtime are those of the agreement; the parts of a stamp are size, mtime and ctime (S18). */
export function sameState(
  { size, modifiedNs }: Pick<Sighting, "size" | "modifiedNs">,
  agreed: Pick<SyncedEntry, "stamp">,
): boolean {
  const [agreedSize, agreedModifiedNs] = agreed.stamp.split(" ");
  return agreedSize === String(size) && agreedModifiedNs === modifiedNs;
}
