import { isInside, pathComponents, type RelPath } from "../../core/path/rel-path.ts";
import type { Op } from "../../core/plan/op.ts";
import type { LeftPath } from "../../core/plan/sync-report.ts";
import { rootNode, type NodeId } from "../../core/tree/node.ts";
import { pathOf, type TreeView } from "../../core/tree/tree-view.ts";
import type { IndexStore } from "../../ports.ts";
import { rowOfFolder } from "../disk/start.ts";
import { withSubject } from "../disk/held-repository.ts";
import type { EngineDeps } from "../engine-deps.ts";

/** Repositories that a look found. */
export type FoundRepositories = {
  /** Folders that are held, repositories or perhaps some (G20). */
  readonly held: readonly RelPath[];
  /** Those whose work trees are synced (G46). */
  readonly workTrees: readonly RelPath[];
};

/**
 * The holds of folders that somebody moved on the server, and whose repositories here would not survive it (G48). What is held
 * does not move at all (G1); a work tree that is synced goes along with its history, by the one rename of the folder, where
 * nothing in it is at work and nothing leads to it, or from it, by a path that would break.
 */
export async function movedRepositories(
  { index, workTrees }: Pick<EngineDeps, "index" | "workTrees">,
  found: FoundRepositories,
): Promise<ReadonlyMap<NodeId, LeftPath>> {
  const holds = new Map<NodeId, LeftPath>();
  const hold = (node: NodeId, predicate: string): void => {
    const path = pathOf(index.local, node);
    if (path === undefined || holds.has(node)) return;
    const reason = withSubject(path, `was moved in Dropbox, and ${predicate}`);
    holds.set(node, { path, kind: "hold", reason });
  };
  for (const folder of found.held) {
    for (const node of movedAbove(index, folder)) hold(node, `"${folder}" in it is held`);
  }
  for (const folder of found.workTrees) {
    for (const node of movedAbove(index, folder)) {
      const path = pathOf(index.local, node) ?? folder;
      const reason = await workTrees?.fixed(folder, path);
      if (reason !== undefined) hold(node, reason);
    }
  }
  return holds;
}

/**
 * Folders that a plan would put aside or move here, for whatever reason, with something in them that is held: nothing moves that, and
 * so not what it lies in (G1, G48).
 *
 * @param held folders of the disk
 */
export function movedWithHeld(
  local: TreeView,
  held: readonly RelPath[],
  ops: readonly Op[],
): ReadonlyMap<NodeId, LeftPath> {
  const holds = new Map<NodeId, LeftPath>();
  if (held.length === 0) return holds;
  for (const { kind, node } of ops) {
    if (kind !== "L.aside" && kind !== "L.move") continue;
    const path = local.get(node)?.kind === "folder" ? pathOf(local, node) : undefined;
    const inner = path === undefined ? undefined : held.find((folder) => isInside(folder, path));
    if (path === undefined || inner === undefined) continue;
    const predicate = `has to make way for what is in Dropbox, and "${inner}" in it is held`;
    holds.set(node, { path, kind: "hold", reason: withSubject(path, predicate) });
  }
  return holds;
}

/** Of a folder and those above it, the ones that are to move here because they were moved there. */
function movedAbove(index: IndexStore, folder: RelPath): readonly NodeId[] {
  const moved: NodeId[] = [];
  let parent: NodeId = rootNode;
  for (const name of pathComponents(folder)) {
    const row = rowOfFolder(index, parent, name);
    if (row === undefined) break;
    if (isMovedThere(index, row.node)) moved.push(row.node);
    parent = row.node;
  }
  return moved;
}

function isMovedThere({ synced, remote }: IndexStore, node: NodeId): boolean {
  const [agreed, there] = [synced.get(node), remote.get(node)];
  if (agreed === undefined || there === undefined) return false;
  return agreed.parent !== there.parent || agreed.name !== there.name;
}
