import type { MergeResult } from "../../core/merge/merge-result.ts";
import { isConflictName } from "../../core/path/names.ts";
import { comparePaths, type RelPath } from "../../core/path/rel-path.ts";
import type { LeftPath } from "../../core/plan/sync-report.ts";
import { gitdirPlace, type Overrides } from "../../core/repo/gitdir-path.ts";
import { rootNode, type NodeId } from "../../core/tree/node.ts";
import { pathOf, type TreeView } from "../../core/tree/tree-view.ts";
import { withSubject } from "../disk/held-repository.ts";

/**
 * Repositories in which a merge would make a conflicted copy, with the folder to hold: two histories in one gitdir are none (G45).
 * In node order.
 */
export function repositoryConflicts(
  overrides: Overrides,
  result: MergeResult,
): ReadonlyMap<NodeId, LeftPath> {
  const found = new Map<NodeId, { readonly repository: RelPath; readonly paths: Set<RelPath> }>();
  for (const { tree, node } of copiesIn(result)) {
    const path = pathOf(tree, node);
    const place = path === undefined ? undefined : gitdirPlace(overrides, path);
    if (path === undefined || place === undefined) continue;
    const { repository } = place;
    const folder = folderAbove(tree, node, repository);
    const known = found.get(folder) ?? { repository, paths: new Set() };
    known.paths.add(path);
    found.set(folder, known);
  }
  return new Map(
    [...found].map(([node, { repository, paths }]) => [node, heldByConflict(repository, paths)]),
  );
}

/** Everything that would get the name of a copy, where it stands now. */
function* copiesIn({ conflicts, touched, trees }: MergeResult): Generator<{
  readonly tree: TreeView;
  readonly node: NodeId;
}> {
  for (const { node } of conflicts) yield { tree: trees.local, node };
  for (const { node, name } of touched) {
    if (!isConflictName(name)) continue;
    const known = [trees.local, trees.remote].filter((tree) => tree.get(node) !== undefined);
    const isOld = known.some((tree) => tree.get(node)?.name === name);
    // One that is on no side yet is the copy of a conflict.
    if (!isOld && known[0] !== undefined) yield { tree: known[0], node };
  }
}

function folderAbove(tree: TreeView, node: NodeId, path: RelPath): NodeId {
  let current = node;
  while (current !== rootNode && pathOf(tree, current) !== path) {
    current = tree.get(current)?.parent ?? rootNode;
  }
  return current;
}

/** Files that are named; a repository has more. */
const namedMax = 10;

function heldByConflict(repository: RelPath, paths: ReadonlySet<RelPath>): LeftPath {
  const all = [...paths].toSorted(comparePaths);
  const named = all.slice(0, namedMax).map((path) => `"${path}"`);
  const more = all.length > namedMax ? `, and ${all.length - namedMax} more` : "";
  const differing = `${named.join(", ")}${more}`;
  return {
    path: repository,
    kind: "hold",
    reason: withSubject(
      repository,
      `holds a repository that was changed here and on another device; both changed ${differing}`,
    ),
    hint: "Save the commits of this device first: `git branch saved` for each branch that both changed. Then leave the folder out with a line in .mignore and go on with Git alone; or let the other device's repository win: remove the files here that both changed, and sync.",
  };
}
