import { pathKeyOf } from "../core/path/path-key.ts";
import { rootNode, type LocalEntry, type NodeId } from "../core/tree/node.ts";
import type { IndexStore } from "../ports.ts";
import type { Findings, Settlement } from "./local-settle.ts";
import type { Content, Contents } from "./read-content.ts";
import { topPosition, type Scan, type Seen } from "./scan.ts";

/** Everything that an observation of the disk found out. */
export type Observed = {
  readonly findings: Findings;
  readonly settlement: Settlement;
  readonly contents: Contents;
};

/**
 * Write the rows of the local tree that changed, in one transaction.
 *
 * @returns the node of each sighting that has a row now, by position.
 */
export function writeLocalRows(index: IndexStore, observed: Observed): ReadonlyMap<number, NodeId> {
  const { findings, settlement, contents } = observed;
  const { scan, rows, nodes } = findings;
  const leftovers = leftoverFolders(scan, nodes);
  const nodeAt = new Map<number, NodeId>([[topPosition, rootNode]]);
  index.transaction(() => {
    for (const node of settlement.gone) index.local.remove(node);
    for (const [position, seen] of scan.seen.entries()) {
      const parent = nodeAt.get(seen.parent);
      if (parent === undefined || settlement.skipped.has(position)) continue;
      if (leftovers.has(position)) continue;
      const node = nodes[position] ?? index.newNode();
      nodeAt.set(position, node);
      const before = rows.get(node);
      const row = rowOf({ node, parent, seen, content: contents.of.get(position), before });
      if (!isSame(before, row)) index.local.put(row);
    }
  });
  return nodeAt;
}

/**
 * New folders that hold something, and all of it left out by the rules. They are what stays of a folder that the other
 * side removed, and are not uploaded until they hold something else (S70).
 */
function leftoverFolders(scan: Scan, nodes: Findings["nodes"]): ReadonlySet<number> {
  const leftovers = new Set<number>();
  const holdsIgnored = new Set<number>();
  const holdsMore = new Set<number>(scan.clouded);
  for (const { parent, why } of scan.foreign) {
    (why === "ignored" ? holdsIgnored : holdsMore).add(parent);
  }
  for (let position = scan.seen.length - 1; position >= 0; position -= 1) {
    const seen = scan.seen[position];
    if (seen === undefined) continue;
    const isLeftover =
      seen.kind === "folder" &&
      nodes[position] === undefined &&
      holdsIgnored.has(position) &&
      !holdsMore.has(position);
    if (isLeftover) leftovers.add(position);
    (isLeftover ? holdsIgnored : holdsMore).add(seen.parent);
  }
  return leftovers;
}

type Facts = {
  readonly node: NodeId;
  readonly parent: NodeId;
  readonly seen: Seen;
  readonly content: Content | undefined;
  readonly before: LocalEntry | undefined;
};

function rowOf({ node, parent, seen, content, before }: Facts): LocalEntry {
  const { name, fileId } = seen.stat;
  const stat = content?.stat ?? seen.stat;
  return {
    node,
    parent,
    name,
    fileId,
    kind: seen.kind,
    key: before?.name === name ? before.key : pathKeyOf(name),
    hash: seen.kind === "folder" ? "" : content?.hash,
    size: stat.size,
    stamp: stat.stamp,
    trusted: content?.trusted ?? seen.kind === "folder",
    absentAt: undefined,
  };
}

/** The stamp of a folder changes with everything in it and proves nothing: it alone is no reason to write. */
function isSame(before: LocalEntry | undefined, now: LocalEntry): boolean {
  if (before === undefined) return false;
  const sameState =
    now.kind === "folder" || (before.stamp === now.stamp && before.trusted === now.trusted);
  return (
    sameState &&
    before.parent === now.parent &&
    before.kind === now.kind &&
    before.name === now.name &&
    before.fileId === now.fileId &&
    before.hash === now.hash &&
    before.size === now.size &&
    before.absentAt === undefined
  );
}
