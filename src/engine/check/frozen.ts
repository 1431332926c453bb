import { comparePaths, type RelPath } from "../../core/path/rel-path.ts";
import type { LeftPath } from "../../core/plan/sync-report.ts";
import type { NodeId, RemoteEntry } from "../../core/tree/node.ts";
import { pathOf } from "../../core/tree/tree-view.ts";
import type { IndexStore } from "../../ports.ts";
import { damagedFiles } from "./bit-rot.ts";
import type { LocalObservation } from "../disk/observe-local.ts";
import type { RemoteObservation } from "../listing/observe-remote.ts";

/** What both observations keep the merge away from. */
export type Frozen = {
  /** For `MergeInput.frozen`: unknown or held, each with everything below it (S29). */
  readonly nodes: ReadonlySet<NodeId>;
  /** Of both observations, and of what neither of them could tell alone; in path order. */
  readonly left: readonly LeftPath[];
  /** Folders of the disk that are held for a repository: none of them moves with a folder above it either (G1). */
  readonly heldHere: readonly RelPath[];
};

/** What both looks found, and what follows from the two together. */
export type Observations = {
  readonly local: LocalObservation;
  readonly remote: RemoteObservation;
  /** Folders whose move would harm a repository (G48). */
  readonly moved?: ReadonlyMap<NodeId, LeftPath>;
};

/**
 * Put together what both observations found unknown or held. Called after both, before the merge.
 *
 * What the server has at a place where the disk holds a link, a special file, or something unknown cannot come down, so
 * it is unknown as well; what the user moved away from there is not.
 */
export function frozenNodes(
  index: IndexStore,
  { local, remote, moved = new Map() }: Observations,
): Frozen {
  const nodes = new Set([...local.frozen, ...remote.frozen]);
  const left = new Map(
    [...local.left, ...remote.left].map((item) => [`${item.kind} ${item.path}`, item]),
  );
  for (const [node, hold] of moved) {
    nodes.add(node);
    left.set(`${hold.kind} ${hold.path}`, hold);
  }
  for (const { node, left: damage } of damagedFiles(index)) {
    nodes.add(node);
    left.set(`damaged ${damage.path}`, damage);
  }
  for (const { parent, key } of local.blocked) {
    const entry = index.remote.childByKey(parent, key);
    if (entry === undefined || entry.scope !== "in" || nodes.has(entry.node)) continue;
    if (isMovedHere(index, entry)) continue;
    nodes.add(entry.node);
    const path = pathOf(index.remote, entry.node) ?? entry.name;
    const reason = "cannot come down: its place here is taken by something that is not synced";
    left.set(`unknown ${path}`, { path, kind: "unknown", reason });
  }
  return {
    nodes,
    left: [...left.values()].toSorted((a, b) => comparePaths(a.path, b.path)),
    heldHere: local.repositories.held,
  };
}

/** The file stands elsewhere on the disk, and it is the user who moved it there. */
function isMovedHere({ local, synced }: IndexStore, entry: RemoteEntry): boolean {
  const here = local.get(entry.node);
  const agreed = synced.get(entry.node);
  if (here === undefined || agreed === undefined) return false;
  const awayHere = here.parent !== entry.parent || here.key !== entry.key;
  return awayHere && agreed.parent === entry.parent && agreed.key === entry.key;
}
