import type { ContentHash, Entry, NodeId } from "../tree/node.ts";
import type { TreeView } from "../tree/tree-view.ts";

/** What the merge needs of a synced row: an entry, and the name on disk where it differs from the server's (S42). */
export type SyncedLike = Entry & { readonly localName?: string | undefined };

/** The three trees; a node has the same id in each (S6). */
export type Trees = {
  readonly synced: TreeView<SyncedLike>;
  readonly local: TreeView;
  readonly remote: TreeView;
};

/** What one node looked like when both sides last agreed, and looks like now; absent is `undefined`. */
export type Sighting = {
  readonly node: NodeId;
  readonly synced: SyncedLike | undefined;
  readonly local: Entry | undefined;
  readonly remote: Entry | undefined;
};

/** Everything that a merge depends on. */
export type MergeInput = Trees & {
  /**
   * The nodes to be merged, in node order. All others are taken for clean: both sides have what was agreed on, and that
   * is what they shall be (S5, S45).
   */
  readonly slice: readonly NodeId[];
  /**
   * There are nodes outside the slice that are not clean (S45). They are taken along where something in the slice meets
   * them, otherwise left for later: nothing of them is removed, and no folder above them.
   */
  readonly partial?: boolean;
  /**
   * Nodes that are unknown or outside the scope, by themselves (S29); the top stands for everything. The merge passes it on
   * to what is below them, in whichever tree.
   */
  readonly frozen: ReadonlySet<NodeId>;
  /** Name of this device, as written into conflicted copies (S87). */
  readonly device: string;
  /** Day of the merge, `YYYY-MM-DD`. */
  readonly date: string;
  /** Local folders that hold nothing synced and are no conflicted copies when they make way (S70); none where absent. */
  readonly isLeftover?: (node: NodeId) => boolean;
  /** A fresh node id, for conflicted copies. */
  readonly newNode: () => NodeId;
};

/** Where and what a node shall be on both sides. `name` and `key` are those of the server. */
export type TargetEntry = Entry & {
  readonly hash: ContentHash;
  /** The name on disk where it shall differ from `name`: one of two local names with one key (S42). */
  readonly localName: string | undefined;
};

/** The local node `from` is really the remote node `to` (S36). */
export type Rebind = { readonly from: NodeId; readonly to: NodeId };

/** A local file or folder that is renamed on disk, inside its folder, before anything else happens to it (S43). */
export type Conflict = {
  /** The node whose local entry is put aside. */
  readonly node: NodeId;
  /**
   * The node that the copy is afterwards. A fresh one where the contents were in conflict: the remote keeps the
   * node. The same one where only the name was: the file or folder stays what it is, under another name.
   */
  readonly copyNode: NodeId;
  readonly copyName: string;
  readonly parent: NodeId;
};

/** Something the user may wonder about, for the log. */
export type Notice = {
  readonly kind:
    | "edit-wins-over-delete"
    | "folder-recreated"
    | "both-moved"
    | "move-undone"
    | "folders-merged"
    | "equal-files-joined"
    | "case-conflict";
  readonly node: NodeId;
};

/** What a merge decided; `plan` turns it into operations. */
export type MergeResult = {
  /**
   * The tree that both sides shall have. Held nodes are not in it; the copies of `conflicts` are, under the name
   * they will get.
   */
  readonly target: TreeView<TargetEntry>;
  /** The part of the target that is not as it was agreed on before, or may not be; in node order. */
  readonly touched: readonly TargetEntry[];
  /**
   * The slice, with what it met, and whatever else was touched. Where one of these is neither held nor in the target, it
   * shall go; no other node shall.
   */
  readonly decided: ReadonlySet<NodeId>;
  /**
   * Nodes deleted on one side whose delete a change on the other side beats (S37), children first. Their synced
   * rows are forgotten before anything is done: what is left is new on its side. Otherwise a crash between
   * re-creating a moved folder and its files would make the files look deleted.
   */
  readonly revived: readonly NodeId[];
  /** Local nodes that become remote ones, parents first. Applied after `revived`. */
  readonly rebinds: readonly Rebind[];
  /** Local files whose hash is needed. They are held until it is known. */
  readonly asks: readonly NodeId[];
  readonly conflicts: readonly Conflict[];
  readonly notices: readonly Notice[];
  /**
   * Frozen nodes, and those of the slice that are below them or wait for their hash: no op touches them or removes or moves
   * a folder above.
   */
  readonly held: ReadonlySet<NodeId>;
  /** Whether any node is left alone, also one outside the slice. */
  readonly isHeld: (node: NodeId) => boolean;
  /** The three trees as they are after `revived` and `rebinds`; what the plan compares the target with. */
  readonly trees: Trees;
};
