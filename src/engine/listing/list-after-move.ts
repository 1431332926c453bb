import { Exclusions } from "../../core/exclusions.ts";
import type { NodeId } from "../../core/tree/node.ts";
import { pathOf } from "../../core/tree/tree-view.ts";
import type { IndexStore } from "../../ports.ts";
import { movedFolders, setMovedFolders } from "../scope/exclusions-in-force.ts";

/** Moved folders that are looked at one by one; from there on everything is listed. */
export const movedFoldersMax = 1_000;

/**
 * Of a folder that we moved on the server all has to be named once more: what went from it before the move is told by its old path,
 * which nobody knows any more (S31). Called inside the transaction of the move.
 */
export function listAfterMove(index: IndexStore, node: NodeId): void {
  const path = pathOf(index.remote, node);
  if (path === undefined || index.remote.get(node)?.kind !== "folder") return;
  if (index.remote.children(node)[Symbol.iterator]().next().done === true) return;
  const waiting = new Exclusions(movedFolders(index));
  if (waiting.above(path) !== undefined) return;
  if (waiting.paths.length < movedFoldersMax) setMovedFolders(index, waiting.with(path).paths);
  else index.setMeta("cursor", undefined);
}
