import type { DamagedRow, IndexFault, NodePart } from "./index-rows.ts";
import type { NodeId } from "./node.ts";

/**
 * What the checker asks of the index beside its rows. Kept in the file of the index; every write is inside one of its
 * transactions.
 */
export interface IndexCare {
  /** Files whose bytes changed by themselves, in node order (S28). */
  damaged(): readonly DamagedRow[];
  putDamaged(row: DamagedRow): void;
  removeDamaged(node: NodeId): void;
  /** Files of one part whose stamp stands for their hash (S24), in node order, behind a node. */
  trustedFiles(part: NodePart, after: NodeId, countMax: number): readonly NodeId[];
  /** Rows that break the rules of the index, of each kind at most so many (S103). */
  faults(countMax: number): readonly IndexFault[];
  /**
   * Nodes without a mark whose three entries are not the same to the letter, in node order, behind a node; another
   * Unicode form of a name is among them.
   */
  unmarked(after: NodeId, countMax: number): readonly NodeId[];
  /** Forget what is remembered of nodes that are in no tree: histories, upload sessions, reasons to wait. */
  removeLeftovers(): void;
}
