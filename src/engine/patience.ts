import type { LeftPath } from "../core/plan/sync-report.ts";
import type { NodeId } from "../core/tree/node.ts";
import type { IndexStore } from "../ports.ts";

type Wait = { readonly left: LeftPath; readonly nextAt: number; readonly entries: string };

/**
 * What the runs of one process have parked: each item is tried again in its time, or as soon as one of its entries is another
 * (§11). A new process tries everything once.
 */
export class Patience {
  readonly #index: IndexStore;
  readonly #waits = new Map<NodeId, Wait>();

  constructor(index: IndexStore) {
    this.#index = index;
  }

  /** When the first item is to be tried again, ms since 1970; undefined where nothing waits. */
  get nextAt(): number | undefined {
    let first: number | undefined;
    for (const { nextAt } of this.#waits.values()) first = Math.min(first ?? nextAt, nextAt);
    return first;
  }

  /** Why an item is left alone now; undefined where it may be tried. */
  left(node: NodeId, now: number): LeftPath | undefined {
    const wait = this.#waits.get(node);
    if (wait === undefined || wait.nextAt <= now) return undefined;
    return wait.entries === this.#entriesOf(node) ? wait.left : undefined;
  }

  /** An item was parked. */
  note(node: NodeId, { left, nextAt }: Pick<Wait, "left" | "nextAt">): void {
    this.#waits.set(node, { left, nextAt, entries: this.#entriesOf(node) });
  }

  /** The others met no trouble any more. */
  keepOnly(nodes: ReadonlyMap<NodeId, unknown>): void {
    for (const node of this.#waits.keys()) if (!nodes.has(node)) this.#waits.delete(node);
  }

  /** Everything is tried once more. */
  clear(): void {
    this.#waits.clear();
  }

  #entriesOf(node: NodeId): string {
    const { synced, local, remote } = this.#index;
    return JSON.stringify([synced.get(node), local.get(node), remote.get(node)]);
  }
}
