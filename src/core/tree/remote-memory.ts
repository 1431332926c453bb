import type { NodeId } from "./node.ts";

/** What the user should know of a node of the server; the path is that of its row. */
export type RemoteNote = {
  readonly node: NodeId;
  /**
   * `repository`: held with everything below (G20). `refused`: no disk of ours can hold its name (S14). `excluded`: a
   * folder that appeared and was left on the server (S94), told until a sync has come to its end.
   */
  readonly kind: "repository" | "refused" | "excluded";
  /** The end of a sentence about it. */
  readonly reason: string;
};

/** Something that the server shows and no tree may hold (X1): told by every sync until the server shows it no more. */
export type Refusal = {
  /** The components of `path_lower` below the linked folder, with `/` between them; data of a stranger. */
  readonly place: string;
  /** For display only. */
  readonly path: string;
  readonly reason: string;
};

/**
 * What listings of the server leave to remember beside the rows of the remote tree. Kept in the file of the index; every
 * write is inside one of its transactions.
 */
export interface RemoteMemory {
  /** A listing of everything begins: no id was named yet, and nothing was refused (S34). */
  beginListing(): void;
  /** The listing of everything has named an id. */
  noteListed(remoteId: string): void;
  /** The listing of everything is done: the ids are not needed any more. */
  endListing(): void;
  /**
   * Remote rows that the listing of everything did not name and that nothing stands in, in falling node order, below a node.
   * Falling, since a folder mostly has a smaller number than what is in it.
   */
  unnamedLeaves(below: NodeId, countMax: number): readonly NodeId[];
  /** Remote rows with an id that it did not name. */
  unnamed(countMax: number): readonly NodeId[];
  /** Remote rows without an id: folders that were only named as parents (S31). */
  unlisted(countMax: number): readonly NodeId[];
  notes(): readonly RemoteNote[];
  putNote(note: RemoteNote): void;
  /** Of any kind but `excluded`: the node stands as any other. */
  removeNote(node: NodeId): void;
  /** The row of a node becomes that of another one. */
  moveNote(from: NodeId, to: NodeId): void;
  /** Of all nodes and the kinds that follow from the rules: everything is judged anew (S95). */
  removeNotes(): void;
  /** The folders that appeared have been told. */
  removeAnnouncements(): void;
  /** At most so many, in order of their places. */
  refusals(countMax: number): readonly Refusal[];
  refusalCount(): number;
  putRefusal(refusal: Refusal): void;
  /** At this very place, and where `below` is set, in it. */
  removeRefusals(place: string, options: { readonly below: boolean }): void;
}
