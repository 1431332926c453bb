import type { LeftPath } from "../core/plan/sync-report.ts";
import { rootNode, type NodeId } from "../core/tree/node.ts";
import type { Pairing } from "./pairing.ts";
import { topPosition, type Scan } from "./scan.ts";
import type { Doubts } from "./second-look.ts";
import type { LocalRows, Vanished } from "./vanished.ts";

/** What an observation knows before it writes anything. */
export type Findings = {
  readonly scan: Scan;
  readonly nodes: Pairing;
  readonly rows: LocalRows;
  readonly vanished: Vanished;
  readonly doubts: Doubts;
  /** Sightings whose content or inside is unknown, by position. */
  readonly troubles: ReadonlyMap<number, LeftPath>;
};

/** Which sightings become rows, which rows stay as they are, and which go. */
export type Settlement = {
  /** Positions that are not written, with the reason; what is below one of them is not written either. */
  readonly skipped: ReadonlyMap<number, LeftPath | undefined>;
  /** Nodes that keep the rows they have: unknown in this cycle (S29). */
  readonly staying: ReadonlySet<NodeId>;
  /** Nodes that are gone from the disk (S27). */
  readonly gone: ReadonlySet<NodeId>;
};

/**
 * Decide what may be written, so that the local tree stays a tree: an unknown node keeps its old row, its parents
 * keep theirs (S29), and nothing else is put on its place. Pure; grows the unknown until nothing contradicts it.
 */
export function settle(findings: Findings): Settlement {
  const settling = new Settling(findings);
  while (settling.step()) {
    // Each step makes more nodes unknown, of which there are finitely many.
  }
  return settling.result();
}

class Settling {
  readonly #findings: Findings;
  readonly #skipped = new Map<number, LeftPath | undefined>();
  readonly #staying = new Set<NodeId>();

  constructor(findings: Findings) {
    this.#findings = findings;
    for (const [position, trouble] of findings.troubles) this.#skip(position, trouble);
    for (const node of findings.vanished.nodes) {
      if (this.#isDoubted(node)) this.#staying.add(node);
    }
  }

  /** @returns whether anything was added. */
  step(): boolean {
    const before = this.#skipped.size + this.#staying.size;
    this.#keepParents();
    this.#yieldPlaces();
    return this.#skipped.size + this.#staying.size > before;
  }

  result(): Settlement {
    const { nodes } = this.#findings.vanished;
    const gone = new Set([...nodes].filter((node) => !this.#staying.has(node)));
    return { skipped: this.#skipped, staying: this.#staying, gone };
  }

  #skip(position: number, why: LeftPath | undefined): void {
    if (this.#skipped.has(position)) return;
    this.#skipped.set(position, why);
    const node = this.#findings.nodes[position];
    if (node !== undefined) this.#staying.add(node);
  }

  /** A vanished node is in doubt with the one above it that had to give the evidence. */
  #isDoubted(node: NodeId): boolean {
    const { vanished, doubts, rows } = this.#findings;
    for (let at: NodeId | undefined = node; at !== undefined && vanished.nodes.has(at);) {
      if (doubts.has(at)) return true;
      at = rows.get(at)?.parent;
    }
    return false;
  }

  /** No parent of an unknown node is removed (S29). */
  #keepParents(): void {
    const { vanished, rows } = this.#findings;
    for (const node of this.#staying) {
      const parent = rows.get(node)?.parent;
      if (parent !== undefined && vanished.nodes.has(parent)) this.#staying.add(parent);
    }
  }

  #yieldPlaces(): void {
    const { scan, nodes } = this.#findings;
    const kept = this.#keptPlaces();
    for (const [position, { parent, path, stat }] of scan.seen.entries()) {
      if (this.#skipped.has(position)) continue;
      if (this.#skipped.has(parent)) {
        this.#skip(position, undefined);
        continue;
      }
      const folder = parent === topPosition ? rootNode : nodes[parent];
      const owner = folder === undefined ? undefined : kept.get(`${folder}/${stat.name}`);
      if (owner === undefined || owner === nodes[position]) continue;
      this.#skip(position, {
        path,
        kind: "unknown",
        reason: "takes the place of something unknown",
      });
    }
  }

  #keptPlaces(): ReadonlyMap<string, NodeId> {
    const places = new Map<string, NodeId>();
    for (const node of this.#staying) {
      const row = this.#findings.rows.get(node);
      if (row !== undefined) places.set(`${row.parent}/${row.name}`, node);
    }
    return places;
  }
}
