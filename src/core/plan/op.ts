/**
 * @module core/plan — from a merged tree to a list of operations.
 *
 * `plan` compares the target of a merge with the local and the remote tree (`diff.ts`) and puts the differences into
 * an order in which every place is free when it is needed (`order.ts`). `simulate.ts` applies the same operations to
 * trees in memory. Nothing here touches a disk or a server; the executor checks each `before` again.
 */
import type { RelPath } from "../path/rel-path.ts";
import type { Entry, NodeId } from "../tree/node.ts";
import type { SyncedLike, TargetEntry } from "../merge/merge-result.ts";

/** The side an op writes to. */
export type Side = "local" | "remote";

/**
 * A node and the place an op acts on.
 *
 * `path` is the path on the op's own side at the moment the op runs, provided that all ops before it in the list have
 * run: on the local side made of names on disk, on the remote side of names on the server. For `S.*` it is the path
 * in the synced tree if there is one, else the local one. If the trees changed meanwhile, `parent` and `name` hold.
 */
type Placed = { readonly node: NodeId; readonly path: RelPath };

/** Make a folder. */
export type MkdirOp = Placed & {
  readonly kind: "L.mkdir" | "R.mkdir";
  readonly parent: NodeId;
  readonly name: string;
  readonly before: undefined;
  readonly after: TargetEntry;
};

/** Bring a file's content to this side: `L.put` downloads, `R.put` uploads. */
export type PutOp = Placed & {
  readonly kind: "L.put" | "R.put";
  readonly parent: NodeId;
  readonly name: string;
  /** What this side holds of the node; undefined: the place is free, and the file is created there. */
  readonly before: Entry | undefined;
  readonly after: TargetEntry;
};

/** Move or rename; children follow. */
export type MoveOp = Placed & {
  readonly kind: "L.move" | "R.move";
  /** Where the node is when the op runs. Undefined where it is in staging. */
  readonly from: RelPath | undefined;
  readonly parent: NodeId;
  readonly name: string;
  /** The entry on this side before the move; for `from-staging` before the first of the two steps. */
  readonly before: Entry;
  readonly after: TargetEntry;
  /**
   * A ring of places (a swap) is broken by two ops of one node: `to-staging` takes it out of the way, to
   * `.snap/trash/<op>/` on the disk or `.snap-tmp-<op>` on the server, and `from-staging`, later in the list, puts it
   * at its place (S49). Both carry the final place; everything else is `direct`.
   */
  readonly step: "direct" | "to-staging" | "from-staging";
};

/** Remove a file or a whole folder with all that is below it: locally into the trash. */
export type RemoveOp = Placed & {
  readonly kind: "L.trash" | "R.delete" | "R.deleteDir";
  readonly before: Entry;
  readonly after: undefined;
};

/**
 * Rename a local file or folder inside its folder to a conflicted-copy name (S43).
 *
 * The commit: where `copyNode` is another node than `node`, the local row becomes that of `copyNode`, and the `fileId`
 * of the synced row of `node` is cleared (S72). Where it is the same, the local row is renamed; and if `keepsPlace`,
 * the synced row gets `localName = name`, so that the rename does not pass for a move by the user.
 */
export type AsideOp = Placed & {
  readonly kind: "L.aside";
  readonly copyNode: NodeId;
  readonly keepsPlace: boolean;
  readonly from: RelPath;
  readonly parent: NodeId;
  readonly name: string;
  readonly before: Entry;
  readonly after: TargetEntry;
};

/** All three trees shall agree on `after`, and both sides do: write the synced row, nothing else. */
export type AdoptOp = Placed & {
  readonly kind: "S.adopt";
  readonly before: SyncedLike | undefined;
  readonly after: TargetEntry;
};

/** Drop the synced row: gone on both sides, or revived (see `MergeResult.revived`). */
export type ForgetOp = Placed & {
  readonly kind: "S.forget";
  readonly before: SyncedLike;
  readonly after: undefined;
};

/**
 * The local row of `node` becomes that of the node `to`; local and synced children change their parent with it. The
 * synced row of `node`, if it still has one, goes the same way, unless `to` has one: then it is dropped.
 */
export type RebindOp = Placed & {
  readonly kind: "S.rebind";
  readonly to: NodeId;
  readonly before: Entry;
  readonly after: undefined;
};

/** Compute the hash of a local file, then merge again. */
export type AskOp = Placed & {
  readonly kind: "ASK.hash";
  readonly before: Entry;
  readonly after: undefined;
};

/** One step of a plan, as plain data (S47). */
export type Op =
  | MkdirOp
  | PutOp
  | MoveOp
  | RemoveOp
  | AsideOp
  | AdoptOp
  | ForgetOp
  | RebindOp
  | AskOp;

/** The names of the ops, as they are logged. */
export type OpKind = Op["kind"];

/** The ops that change a disk or a server; the others change the index only. */
export type WriteOp = MkdirOp | PutOp | MoveOp | RemoveOp | AsideOp;

/** The ops that change nothing but the index. */
export type IndexOp = AdoptOp | ForgetOp | RebindOp | AskOp;

/** Whether an op changes a disk or a server. */
export function isWriteOp(op: Op): op is WriteOp {
  return op.kind.startsWith("L.") || op.kind.startsWith("R.");
}
