import { assert, present } from "../../std/assert.ts";
import type { RelPath } from "../path/rel-path.ts";
import { rootNode, type NodeId } from "../tree/node.ts";
import { pathOf } from "../tree/tree-view.ts";
import type { SideChanges } from "./diff.ts";
import type { Op } from "./op.ts";
import { OpWriter } from "./op-writer.ts";
import { placeOn, type Places } from "./places.ts";

/** The phases after the index ops and the asides, in order: an interrupted run errs to too many files (S48). */
export const phases = ["mkdirs", "moves", "puts", "removals"] as const;
/** One of them. */
export type Phase = (typeof phases)[number];

/** Where a path stands in the order of what it belongs to; undefined for what goes in any order (G45). */
export type StepOf = (path: RelPath, change: "put" | "removal") => number | undefined;

/**
 * Puts the changes of one side into an order in which every place is free when it is needed (S49).
 *
 * A change is written as soon as nothing has to go before it: what is in its way is pulled ahead, whatever its
 * phase. Where two changes wait for each other, one move on the ring goes out of the way first, to staging.
 */
export class Sequencer {
  readonly #changes: SideChanges;
  readonly #places: Places;
  readonly #writer: OpWriter;
  readonly #stepOf: StepOf | undefined;
  readonly #done = new Set<NodeId>();
  readonly #staged = new Set<NodeId>();
  /** For each folder to remove, what moves out of it. */
  readonly #leaving = new Map<NodeId, NodeId[]>();

  constructor(changes: SideChanges, places: Places, stepOf?: StepOf) {
    this.#stepOf = stepOf;
    this.#changes = changes;
    this.#places = places;
    this.#writer = new OpWriter(changes, places);
    for (const node of changes.moves.keys()) this.#noteLeaving(node);
  }

  /** The ops of one phase; the phases are to be asked for in their order. */
  write(phase: Phase): readonly Op[] {
    const rewrites = phase === "puts" ? sorted(this.#changes.rewrites.keys()) : [];
    const isRewrite = new Set(rewrites);
    const isMade = this.#changes.creates;
    for (const node of this.#inSteps([...this.#nodesOf(phase), ...rewrites], phase)) {
      if (isRewrite.has(node) && !isMade.has(node)) {
        this.#writer.rewrite(node);
        continue;
      }
      this.#writeWithAllBefore(node);
      for (const staged of this.#staged) this.#writeWithAllBefore(staged);
    }
    return this.#writer.takeOps();
  }

  /** What has steps comes behind the rest, in their order; otherwise everything stays where it is. */
  #inSteps(nodes: readonly NodeId[], phase: Phase): readonly NodeId[] {
    const stepOf = this.#stepOf;
    if (stepOf === undefined || phase === "mkdirs" || phase === "moves") return nodes;
    const { tree, target } = this.#changes;
    const change = phase === "puts" ? "put" : "removal";
    const steps = new Map<NodeId, number>();
    for (const node of nodes) {
      const path = change === "put" ? pathOf(target, node) : pathOf(tree, node);
      steps.set(node, (path === undefined ? undefined : stepOf(path, change)) ?? -1);
    }
    return nodes.toSorted((a, b) => (steps.get(a) ?? -1) - (steps.get(b) ?? -1));
  }

  #nodesOf(phase: Phase): readonly NodeId[] {
    const { creates, moves } = this.#changes;
    switch (phase) {
      case "mkdirs":
        return sorted(creates.keys()).filter((node) => creates.get(node)?.kind === "folder");
      case "moves":
        return sorted(moves.keys());
      case "puts":
        return sorted(creates.keys()).filter((node) => creates.get(node)?.kind === "file");
      case "removals":
        return this.#removalTops();
    }
  }

  /** Folders and files whose folder is not removed itself, the deepest first. */
  #removalTops(): readonly NodeId[] {
    const { removes } = this.#changes;
    return sorted(removes)
      .filter((node) => !this.#isRemovedWithFolder(node))
      .toSorted((a, b) => this.#depthOf(b) - this.#depthOf(a));
  }

  #isRemovedWithFolder(node: NodeId): boolean {
    const { removes, tree } = this.#changes;
    return removes.has(present(tree.get(node), "an entry to remove").parent);
  }

  #depthOf(node: NodeId): number {
    let depth = 0;
    for (let current = node; current !== rootNode; depth += 1) {
      current = present(this.#changes.tree.get(current), "a folder above").parent;
    }
    return depth;
  }

  #noteLeaving(node: NodeId): void {
    const { removes, tree } = this.#changes;
    for (let above = tree.get(node)?.parent ?? rootNode; above !== rootNode;) {
      if (removes.has(above)) this.#leaving.set(above, [...(this.#leaving.get(above) ?? []), node]);
      above = tree.get(above)?.parent ?? rootNode;
    }
  }

  /** Depth first, without recursion: a chain of renames may be as long as a folder has files. */
  #writeWithAllBefore(node: NodeId): void {
    const stack = [node];
    const waiting = new Set(stack);
    for (let top = stack.at(-1); top !== undefined; top = stack.at(-1)) {
      const first = this.#done.has(top) ? undefined : this.#mustGoBefore(top);
      if (first === undefined) {
        this.#finish(top);
        stack.pop();
        waiting.delete(top);
      } else if (waiting.has(first)) {
        for (const popped of this.#breakRing(stack, stack.indexOf(first))) waiting.delete(popped);
      } else {
        assert(!this.#done.has(first), "a place is given to one node only");
        stack.push(first);
        waiting.add(first);
      }
    }
  }

  #finish(node: NodeId): void {
    if (this.#done.has(node)) return;
    this.#done.add(node);
    if (this.#changes.removes.has(node)) this.#writer.remove(node);
    else if (this.#changes.creates.has(node)) this.#writer.create(node);
    else this.#writer.move(node, this.#staged.delete(node) ? "from-staging" : "direct");
  }

  /** A change that has to be written before this one. */
  #mustGoBefore(node: NodeId): NodeId | undefined {
    const { removes, creates, moves, side } = this.#changes;
    if (removes.has(node)) return this.#leaving.get(node)?.find((mover) => this.#isIn(mover));
    const target = present(creates.get(node) ?? moves.get(node), "a change");
    const folder = this.#missingFolder(node, target.parent);
    if (folder !== undefined) return folder;
    const place = placeOn(side, target);
    const occupant = this.#places.occupantOf(place);
    if (occupant !== undefined) return occupant === node ? undefined : occupant;
    // A disk that folds case has the place only when what leaves a name like it is gone.
    const alike = this.#places.alikeOn(place);
    return alike.find((other) => other !== node && (moves.has(other) || removes.has(other)));
  }

  /** Whether something that is to move has not left its place. */
  #isIn(mover: NodeId): boolean {
    return !this.#done.has(mover) && !this.#staged.has(mover);
  }

  /** The first folder on the way up from `parent` that is not where it can be used yet. */
  #missingFolder(node: NodeId, parent: NodeId): NodeId | undefined {
    let mover: NodeId | undefined;
    for (let current = parent; current !== rootNode;) {
      // The folder is still below the node that is to go into it: something between has to move out.
      if (current === node) return present(mover, "a move between a folder and its own target");
      const place = this.#places.placeOf(current);
      if (place === undefined) return current;
      if (this.#changes.moves.has(current) && !this.#done.has(current)) mover ??= current;
      current = place.parent;
    }
    return undefined;
  }

  /**
   * The top of the stack waits for what stands at `start`: one move between these goes to staging (S49), the deepest,
   * so that nothing of the ring goes there with it. What waited for it can go on; the rest leaves the stack, and
   * comes again.
   */
  #breakRing(stack: NodeId[], start: number): readonly NodeId[] {
    const ring = stack.slice(start);
    const movers = ring.filter((node) => this.#changes.moves.has(node) && !this.#staged.has(node));
    const depth = (node: NodeId): number => this.#places.depthOf(node);
    const deepest = movers.toSorted((a, b) => depth(b) - depth(a) || a - b)[0];
    assert(deepest !== undefined, "a ring of changes has a move");
    this.#writer.move(deepest, "to-staging");
    this.#staged.add(deepest);
    const at = stack.indexOf(deepest);
    return at > start ? stack.splice(at) : [];
  }
}

function sorted(nodes: Iterable<NodeId>): readonly NodeId[] {
  return [...nodes].toSorted((a, b) => a - b);
}
