import { joinPath, topPath, type RelPath } from "../core/path/rel-path.ts";
import { rootNode, type LocalEntry, type NodeId } from "../core/tree/node.ts";
import type { Pairing } from "./pairing.ts";
import { topPosition, type Scan } from "./scan.ts";
import type { ScopeRules } from "./standing.ts";

/** What the first look missed. */
export type Missed = {
  readonly scan: Scan;
  readonly scope: ScopeRules;
  readonly rows: LocalRows;
  readonly vanished: Vanished;
};

/** The rows of the local tree before a scan. */
export type LocalRows = ReadonlyMap<NodeId, LocalEntry>;

/** Something that is not where it was, while its folder is: evidence for a removal is needed here (S27). */
export type VanishedTop = {
  readonly entry: LocalEntry;
  /** Where its folder stands now, in the scan. */
  readonly parent: number;
  readonly path: RelPath;
};

/** What a scan should have met and did not. */
export type Vanished = {
  /** Every one of them, also what is below another. */
  readonly nodes: ReadonlySet<NodeId>;
  readonly tops: readonly VanishedTop[];
};

/** A scan, whose sightings are which nodes, and the rows they are compared with. */
export type Sought = {
  readonly scan: Scan;
  readonly nodes: Pairing;
  readonly rows: LocalRows;
};

/** What of the local tree a scan did not meet. What lies below a folder that was not looked into is not missed (S29). */
export function findVanished({ scan, nodes, rows }: Sought): Vanished {
  const positions = new Map<NodeId, number>([[rootNode, topPosition]]);
  for (const [position, node] of nodes.entries()) {
    if (node !== undefined) positions.set(node, position);
  }
  const hidden = hiddenBelow({ rows, positions, closed: scan.closed });
  const missing = [...rows.values()].filter(
    (entry) => !positions.has(entry.node) && !hidden(entry.parent),
  );
  const tops = missing.flatMap((entry): VanishedTop[] => {
    const parent = positions.get(entry.parent);
    if (parent === undefined) return [];
    const path = joinPath(scan.seen[parent]?.path ?? topPath, entry.name);
    return [{ entry, parent, path }];
  });
  return { nodes: new Set(missing.map((entry) => entry.node)), tops };
}

type Whereabouts = {
  readonly rows: LocalRows;
  readonly positions: ReadonlyMap<NodeId, number>;
  readonly closed: ReadonlyMap<number, unknown>;
};

/** Whether what is in a folder was out of sight: the nearest folder above that the scan met decides. */
function hiddenBelow({ rows, positions, closed }: Whereabouts): (folder: NodeId) => boolean {
  const answers = new Map<NodeId, boolean>();
  return (folder) => {
    const chain: NodeId[] = [];
    let current: NodeId | undefined = folder;
    while (current !== undefined && !positions.has(current) && !answers.has(current)) {
      chain.push(current);
      current = rows.get(current)?.parent;
    }
    const answer =
      current !== undefined && (answers.get(current) ?? closed.has(positions.get(current) ?? NaN));
    for (const node of chain) answers.set(node, answer);
    return answer;
  };
}
