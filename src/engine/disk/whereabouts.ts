import type { RelPath } from "../../core/path/rel-path.ts";
import type { LocalStat } from "../../core/tree/local-stat.ts";
import { rootNode, type NodeId } from "../../core/tree/node.ts";
import { pathOf } from "../../core/tree/tree-view.ts";
import type { IndexStore, LocalSide } from "../../ports.ts";
import type { Findings } from "./findings.ts";
import type { Looker } from "./scan.ts";
import { isTroubleWithOne } from "../trouble.ts";

/** What tells where a node is. */
export type Whereabouts = {
  readonly index: IndexStore;
  readonly looker: Looker;
  readonly findings: Findings;
};

/**
 * Whether a known node stands where its row says, besides the place that is asked about. Where its folder was not read,
 * the place itself is looked at.
 */
export async function isStillThere(
  { index, looker, findings }: Whereabouts,
  node: NodeId,
  here: RelPath,
): Promise<boolean> {
  const row = index.local.get(node);
  if (row === undefined || findings.missed.has(node)) return false;
  if (findings.visited.has(row.parent)) return true;
  const path = pathOf(index.local, node);
  if (path === undefined || path === here) return false;
  // Without an identity the place is all there is, and it counts where nobody is going to read the folder.
  if (row.fileId === "" && findings.isWhole) return false;
  const stat = await statIfSound(looker.local, path);
  return stat?.kind === row.kind && stat.fileId === row.fileId;
}

/** Undefined where nothing stands there, or nobody can tell. */
export async function statIfSound(local: LocalSide, path: RelPath): Promise<LocalStat | undefined> {
  try {
    return await local.stat(path);
  } catch (error) {
    if (isTroubleWithOne(error)) return undefined;
    throw error;
  }
}

/** The topmost vanished row at or above a node; undefined where it has not vanished. */
export function vanishedTop(
  { local }: IndexStore,
  { missed, claimed, visited }: Findings,
  node: NodeId,
): NodeId | undefined {
  let at = node;
  while (at !== rootNode && !claimed.has(at) && !visited.has(at)) {
    if (missed.has(at)) return at;
    const row = local.get(at);
    if (row === undefined) return undefined;
    at = row.parent;
  }
  return undefined;
}
