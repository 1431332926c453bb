import { diskPlaceOf, samePlace } from "../merge/location.ts";
import type {
  Conflict,
  MergeResult,
  SyncedLike,
  TargetEntry,
  Trees,
} from "../merge/merge-result.ts";
import { pathKeyOf, sameName } from "../path/path-key.ts";
import { joinPath, topPath, type RelPath } from "../path/rel-path.ts";
import { deepestFirst, topFirst } from "../tree/depth.ts";
import type { Entry, NodeId } from "../tree/node.ts";
import { pathOf, type TreeView } from "../tree/tree-view.ts";
import { present } from "../../std/assert.ts";
import type { AdoptOp, AskOp, AsideOp, ForgetOp, Op, RebindOp } from "./op.ts";
import { placeOn } from "./places.ts";

/**
 * What is done in the index alone, before anything else: hashes to ask for, rows to forget, ids to change, and rows
 * to write where both sides agree already. In the order in which they apply.
 */
export function indexOps(result: MergeResult, trees: Trees): readonly Op[] {
  return [
    ...result.asks.map((node): AskOp => {
      const before = present(trees.local.get(node), "a local file");
      return {
        kind: "ASK.hash",
        node,
        path: shownPath(trees.local, before),
        before,
        after: undefined,
      };
    }),
    ...result.revived.map((node) => forget(trees, node)),
    ...result.rebinds.map(({ from, to }): RebindOp => {
      const before = present(trees.local.get(from), "a local entry");
      const path = shownPath(trees.local, before);
      return { kind: "S.rebind", node: from, to, path, before, after: undefined };
    }),
    ...goneNodes(result).map((node) => forget(result.trees, node)),
    ...adoptions(result),
  ];
}

function forget(trees: Trees, node: NodeId): ForgetOp {
  const before = present(trees.synced.get(node), "a synced row");
  return {
    kind: "S.forget",
    node,
    path: shownPath(trees.synced, before),
    before,
    after: undefined,
  };
}

/**
 * Synced nodes that neither side has, children before their parents. The folders above may have lost their own rows
 * by a revival.
 */
function goneNodes({ trees, decided, isHeld }: MergeResult): readonly NodeId[] {
  const gone = [...decided]
    .filter((node) => trees.synced.get(node) !== undefined && trees.local.get(node) === undefined)
    .filter((node) => trees.remote.get(node) === undefined && !isHeld(node));
  return deepestFirst(trees.synced, gone);
}

/** Parents before their children. */
function adoptions({ touched, target, trees, conflicts }: MergeResult): readonly AdoptOp[] {
  const waiting = new Set(conflicts.map(({ node }) => node));
  const adopted = touched
    .filter((after) => !waiting.has(after.node) && isReached(trees, after))
    .filter((after) => !isAgreed(trees.synced.get(after.node), after))
    .map(({ node }) => node);
  return topFirst(target, adopted).map((node): AdoptOp => {
    const after = present(target.get(node), "an entry of the target");
    const before = trees.synced.get(node);
    return { kind: "S.adopt", node, path: shownPath(target, after), before, after };
  });
}

function isReached({ local, remote }: Trees, target: TargetEntry): boolean {
  const here = local.get(target.node);
  const there = remote.get(target.node);
  if (here === undefined || there === undefined) return false;
  if (here.hash !== target.hash || there.hash !== target.hash) return false;
  return samePlace(here, placeOn("local", target)) && samePlace(there, target);
}

function isAgreed(synced: SyncedLike | undefined, target: TargetEntry): boolean {
  return (
    synced !== undefined &&
    synced.hash === target.hash &&
    samePlace(synced, target) &&
    sameName(diskPlaceOf(synced).name, diskPlaceOf(target).name)
  );
}

/** The renames that come before everything else (S43); the deepest first, so that each path holds when its op runs. */
export function asideOps(result: MergeResult, conflicts: readonly Conflict[]): readonly AsideOp[] {
  const byPutAside = new Map(conflicts.map((conflict) => [conflict.node, conflict]));
  return deepestFirst(result.trees.local, [...byPutAside.keys()]).map((node) => {
    const { copyNode, copyName, parent } = present(byPutAside.get(node), "a conflict");
    const before = present(result.trees.local.get(node), "a local entry");
    const { kind, hash, size } = before;
    const synced = result.trees.synced.get(node);
    const isUnmoved = synced !== undefined && samePlace(before, diskPlaceOf(synced));
    const from = shownPath(result.trees.local, before);
    return {
      kind: "L.aside",
      node,
      copyNode,
      keepsPlace: copyNode === node && isUnmoved,
      from,
      path: joinPath(pathOf(result.trees.local, parent) ?? topPath, copyName),
      parent,
      name: copyName,
      before,
      after: {
        node: copyNode,
        parent,
        kind,
        name: copyName,
        key: pathKeyOf(copyName),
        hash: hash ?? "",
        size,
        localName: undefined,
      },
    };
  });
}

/** The path of an entry, or its name alone where the folders above are not in that tree. */
function shownPath(tree: TreeView, { node, name }: Entry): RelPath {
  return pathOf(tree, node) ?? joinPath(topPath, name);
}
