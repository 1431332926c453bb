import { samePlace } from "../../src/core/merge/location.ts";
import type { MergeResult } from "../../src/core/merge/merge-result.ts";
import type { WholeTrees } from "../../src/core/merge/sighting.ts";
import { rootNode, type Entry, type NodeId } from "../../src/core/tree/node.ts";
import type { WholeTree } from "../../src/core/tree/tree-view.ts";

/** P1, P5, P6, P7: what must be there is there, once, and what must not is not. */
export function contentProblems(
  trees: WholeTrees,
  end: WholeTrees,
  first: MergeResult,
): readonly string[] {
  const counts = countsOf(end.local.all());
  const problems = [...lostContents(trees, counts), ...zombies(trees, counts)];
  for (const [hash, count] of counts) {
    if (hash !== "same" && count > 1) problems.push(`${hash} twice`);
  }
  if (first.conflicts.length > 0 && first.conflicts.length > possibleConflicts(trees, first)) {
    problems.push("too many conflicts");
  }
  return problems;
}

/** How many files have each content. */
export function countsOf(entries: Iterable<Entry>): Map<string, number> {
  const counts = new Map<string, number>();
  for (const { kind, hash = "" } of entries) {
    if (kind === "file") counts.set(hash, (counts.get(hash) ?? 0) + 1);
  }
  return counts;
}

/** New contents stay, whoever wrote them; old ones stay where nobody deleted or edited them. */
function lostContents(trees: WholeTrees, counts: Map<string, number>): readonly string[] {
  const { synced, local, remote } = trees;
  const problems: string[] = [];
  const old = new Set<string>();
  for (const { node, kind, hash = "" } of synced.all()) {
    old.add(hash);
    if (kind !== "file" || counts.has(hash)) continue;
    if (hasContent(local, node, hash) && hasContent(remote, node, hash)) {
      problems.push(`lost ${hash}`);
    }
  }
  return [...problems, ...lostFrom(local, old, counts), ...lostFrom(remote, old, counts)];
}

function hasContent(tree: WholeTree, node: NodeId, hash: string): boolean {
  return tree.get(node)?.hash === hash;
}

function lostFrom(
  side: WholeTree,
  old: ReadonlySet<string>,
  counts: Map<string, number>,
): readonly string[] {
  const problems: string[] = [];
  for (const { kind, hash = "" } of side.all()) {
    if (kind === "file" && !old.has(hash) && !counts.has(hash)) problems.push(`lost ${hash}`);
  }
  return problems;
}

/** P6: a delete that nothing opposes stays. A move of the node, or of a folder above that went too, opposes it. */
function zombies(trees: WholeTrees, counts: Map<string, number>): readonly string[] {
  const { synced, local, remote } = trees;
  const problems: string[] = [];
  for (const { node, kind, hash = "" } of synced.all()) {
    if (kind === "folder" || !counts.has(hash)) continue;
    const isHere = local.get(node) !== undefined;
    const isThere = remote.get(node) !== undefined;
    if (isHere && isThere) continue;
    const isGone = !isHere && !isThere;
    if (isGone || isUntouched(synced, isHere ? local : remote, node)) {
      problems.push(`resurrected ${hash}`);
    }
  }
  return problems;
}

function isUntouched(synced: WholeTree, kept: WholeTree, node: NodeId): boolean {
  for (let current = node; current !== rootNode;) {
    const old = synced.get(current);
    const now = kept.get(current);
    if (old === undefined || now === undefined || !samePlace(old, now) || old.hash !== now.hash)
      return false;
    current = old.parent;
  }
  return true;
}

/** Copies come from two edits of one file, or from two things at one place. */
function possibleConflicts({ synced, local, remote }: WholeTrees, first: MergeResult): number {
  const edits = [...synced.all()].filter(({ node, hash }) => {
    const [here, there] = [local.get(node)?.hash, remote.get(node)?.hash];
    if (here === undefined || there === undefined) return false;
    return here !== hash && there !== hash && here !== there;
  });
  return edits.length + first.conflicts.filter(({ node, copyNode }) => node === copyNode).length;
}
