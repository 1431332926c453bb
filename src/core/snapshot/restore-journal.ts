/** What is remembered of restores (T30): ports in the file of the index, whose writes join its transactions. */
import type { NodeId } from "../tree/node.ts";
import type { RestoreItemRow, RestoreRow } from "./restore-state.ts";

/** What restores set free from the mass guards (S101), in the file of the index; writes join its transactions. */
export interface RestoreTokens {
  /** Content hash that a restore wants of a node, "" for a folder, `absent` for nothing; undefined without a token. */
  wanted(node: NodeId): string | undefined;
  put(restore: string, madeAt: number, items: ReadonlyMap<NodeId, string>): void;
  /** The op of a node has committed; a token without items ends. */
  spend(node: NodeId): void;
  /** End the tokens that were made before a time, ms since 1970. */
  endBefore(madeAt: number): void;
}

/** The journal of restores, in the same file and transactions as the index (T30). */
export interface RestoreJournal {
  restores(): readonly RestoreRow[];
  restore(id: string): RestoreRow | undefined;
  putRestore(row: RestoreRow): void;
  items(restore: string): readonly RestoreItemRow[];
  putItems(rows: readonly RestoreItemRow[]): void;
  /** The restore whose fence stands: no cycle may run (S96). */
  fence(): string | undefined;
  setFence(restore: string | undefined): void;
}
