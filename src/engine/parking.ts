import type { Op } from "../core/plan/op.ts";
import type { LeftPath } from "../core/plan/sync-report.ts";
import type { NodeId } from "../core/tree/node.ts";
import type { IndexStore } from "../ports.ts";
import type { Clock } from "../std/time.ts";
import type { Result } from "./execute.ts";
import { cancelsMax } from "./limits.ts";

/** Minutes until an item is tried again by itself; the last one repeats (§11 of the design). */
const retryMinutes: readonly number[] = [1, 5, 30, 120, 360];

/** What is left aside in one sync, and why: what failed, and what would not hold still. */
export class Parking {
  readonly #index: IndexStore;
  readonly #clock: Clock;
  readonly #left = new Map<NodeId, LeftPath>();
  readonly #cancels = new Map<NodeId, number>();
  readonly #refused = new Map<string, LeftPath>();
  #seen: readonly LeftPath[] = [];

  constructor({ index, clock }: { readonly index: IndexStore; readonly clock: Clock }) {
    this.#index = index;
    this.#clock = clock;
  }

  /** Take note of how an op ended. May be called inside a transaction. */
  note(op: Op, result: Result): void {
    if (result.state === "done") return;
    if (result.state === "parked") {
      const { message, hint } = result.error;
      this.#park(op, { reason: message, hint });
      return;
    }
    const cancels = (this.#cancels.get(op.node) ?? 0) + 1;
    this.#cancels.set(op.node, cancels);
    if (cancels >= cancelsMax) this.#park(op, { reason: result.reason, hint: undefined });
  }

  /** Whether a node is left alone for the rest of this sync. */
  holds(node: NodeId): boolean {
    return this.#left.has(node);
  }

  /**
   * Take note of what an observation left aside. A name that the server shows and no disk may be given is only told once,
   * with its page of the listing; everything else is told by each observation.
   */
  see(left: readonly LeftPath[]): void {
    this.#seen = left.filter(({ kind }) => kind !== "refused");
    for (const item of left) if (item.kind === "refused") this.#refused.set(item.path, item);
  }

  /** All that is left aside now. */
  left(): readonly LeftPath[] {
    return [...this.#seen, ...this.#refused.values(), ...this.#left.values()];
  }

  /** What was parked by an earlier sync and met no trouble in this one is forgotten. */
  clearOthers(): void {
    this.#index.transaction(() => {
      for (const { node } of this.#index.parked()) {
        if (!this.#left.has(node)) this.#index.removeParked(node);
      }
    });
  }

  #park(op: Op, { reason, hint }: { reason: string; hint: string | undefined }): void {
    const { node, kind, path } = op;
    const before = this.#index.parked().find((row) => row.node === node);
    const attempts = (before?.attempts ?? 0) + 1;
    const minutes = retryMinutes[Math.min(attempts, retryMinutes.length) - 1] ?? 0;
    const nextAt = this.#clock.now() + minutes * 60_000;
    this.#left.set(node, { path, kind: "parked", reason, ...(hint !== undefined && { hint }) });
    this.#index.transaction(() => {
      this.#index.putParked({ node, kind, path, reason, attempts, nextAt });
    });
  }
}
