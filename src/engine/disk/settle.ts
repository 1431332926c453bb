import type { LeftPath } from "../../core/plan/sync-report.ts";
import { rootNode, type LocalEntry, type NodeId } from "../../core/tree/node.ts";
import type { Findings, Loose } from "./findings.ts";
import type { Folder } from "./folder.ts";
import type { Doubts } from "./second-look.ts";

/** What an observation knows before it writes its loose ends. */
export type Unsettled = {
  readonly findings: Findings;
  readonly doubts: Doubts;
  /** The row that a node had so far. */
  readonly rowOf: (node: NodeId) => LocalEntry | undefined;
  /** Whether a node is missed, or below one that is. */
  readonly isVanished: (node: NodeId) => boolean;
};

/** Which loose ends become rows, and which rows stay as they are. */
export type Settlement = {
  /** Loose ends that are not written, with the reason where there is one to tell. */
  readonly skipped: ReadonlyMap<Loose, LeftPath | undefined>;
  /** Nodes that keep the rows they have: unknown in this cycle, each with everything below it (S29). */
  readonly unknown: ReadonlySet<NodeId>;
  /** Nodes that have vanished, and stay for what is below them (S29). */
  readonly parents: ReadonlySet<NodeId>;
};

/**
 * Decide what may be written, so that the local tree stays a tree: an unknown node keeps its old row, its parents
 * keep theirs (S29), and nothing else is put on its place. Pure; grows the unknown until nothing contradicts it.
 */
export function settle(unsettled: Unsettled): Settlement {
  const settling = new Settling(unsettled);
  while (settling.step()) {
    // Each step makes more nodes unknown, of which there are finitely many.
  }
  return settling;
}

class Settling implements Settlement {
  readonly skipped = new Map<Loose, LeftPath | undefined>();
  readonly unknown = new Set<NodeId>();
  readonly parents = new Set<NodeId>();
  readonly #unsettled: Unsettled;
  readonly #shut = new Set<Folder>();

  constructor(unsettled: Unsettled) {
    this.#unsettled = unsettled;
    const { findings, doubts } = unsettled;
    for (const loose of findings.loose) {
      if (loose.own !== undefined && findings.closed.has(loose.own)) this.#skip(loose, undefined);
    }
    for (const node of doubts.keys()) this.unknown.add(node);
  }

  /** @returns whether anything was added. */
  step(): boolean {
    const before = this.#size();
    this.#keepParents();
    this.#yieldPlaces();
    return this.#size() > before;
  }

  #size(): number {
    return this.skipped.size + this.unknown.size + this.parents.size;
  }

  #skip(loose: Loose, why: LeftPath | undefined): void {
    this.skipped.set(loose, why);
    if (loose.own !== undefined) this.#shut.add(loose.own);
    if (loose.node !== undefined) this.unknown.add(loose.node);
  }

  /** No parent of an unknown node is removed (S29). */
  #keepParents(): void {
    const { rowOf, isVanished } = this.#unsettled;
    for (const node of this.unknown) {
      let at = rowOf(node)?.parent;
      while (at !== undefined && at !== rootNode && isVanished(at)) {
        this.parents.add(at);
        at = rowOf(at)?.parent;
      }
    }
  }

  #yieldPlaces(): void {
    const kept = this.#keptPlaces();
    if (kept.size === 0) return;
    for (const loose of this.#unsettled.findings.loose) {
      if (this.skipped.has(loose)) continue;
      const { folder, stat, node } = loose;
      if (this.#isBelowSkipped(folder)) {
        this.#skip(loose, undefined);
        continue;
      }
      const owner = folder.node === undefined ? undefined : kept.get(`${folder.node}/${stat.name}`);
      if (owner === undefined || owner === node) continue;
      this.#skip(loose, {
        path: folder.pathOf(stat.name),
        kind: "unknown",
        reason: "takes the place of something unknown",
      });
    }
  }

  #isBelowSkipped(folder: Folder): boolean {
    for (let at: Folder | undefined = folder; at !== undefined; at = at.above) {
      if (this.#shut.has(at)) return true;
    }
    return false;
  }

  #keptPlaces(): ReadonlyMap<string, NodeId> {
    const places = new Map<string, NodeId>();
    for (const node of [...this.unknown, ...this.parents]) {
      const row = this.#unsettled.rowOf(node);
      if (row !== undefined) places.set(`${row.parent}/${row.name}`, node);
    }
    return places;
  }
}
