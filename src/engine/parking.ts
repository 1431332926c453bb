import type { Op } from "../core/plan/op.ts";
import type { LeftPath } from "../core/plan/sync-report.ts";
import type { NodeId } from "../core/tree/node.ts";
import type { IndexStore } from "../ports.ts";
import type { Clock } from "../std/time.ts";
import type { Result } from "./execute/run-op.ts";
import { cancelsMax } from "./limits.ts";
import type { Patience } from "./patience.ts";

/** Minutes until an item is tried again by itself; the last one repeats (§11 of the design). */
const retryMinutes: readonly number[] = [1, 5, 30, 120, 360];

/**
 * What is left aside in one sync, and why: what failed, and what would not hold still.
 *
 * A sync tries everything once, also what earlier ones parked: whoever types the command wants it now. Within one sync a
 * parked item is never tried again; when it would be tried without being asked for is kept with it (§11). An engine that is
 * always on has patience, and waits until then.
 */
export class Parking {
  readonly #index: IndexStore;
  readonly #clock: Clock;
  readonly #patience: Patience | undefined;
  readonly #left = new Map<NodeId, LeftPath>();
  readonly #cancels = new Map<NodeId, number>();
  /** Attempts of earlier syncs. */
  readonly #attempts: ReadonlyMap<NodeId, number>;
  #seen: readonly LeftPath[] = [];

  /** @param patience what earlier syncs of one process parked: it is tried again in its time only */
  constructor(
    { index, clock }: { readonly index: IndexStore; readonly clock: Clock },
    patience?: Patience,
  ) {
    this.#index = index;
    this.#clock = clock;
    this.#patience = patience;
    this.#attempts = new Map(index.parked().map(({ node, attempts }) => [node, attempts]));
  }

  /** Take note of how an op ended. May be called inside a transaction. */
  note(op: Op, result: Result): void {
    if (result.state === "done") return;
    if (result.state === "parked") {
      const { message, hint, code } = result.error;
      this.#park(op, { reason: message, code, ...(hint !== undefined && { hint }) });
      return;
    }
    const cancels = (this.#cancels.get(op.node) ?? 0) + 1;
    this.#cancels.set(op.node, cancels);
    if (cancels >= cancelsMax) this.#park(op, { reason: result.reason, code: "volatile" });
  }

  /** Whether a node is left alone for the rest of this sync. */
  holds(node: NodeId): boolean {
    if (this.#left.has(node)) return true;
    const waits = this.#patience?.left(node, this.#clock.now());
    if (waits === undefined) return false;
    this.#left.set(node, waits);
    return true;
  }

  /** Take note of what an observation left aside: each tells all of it. */
  see(left: readonly LeftPath[]): void {
    this.#seen = left;
  }

  /** All that is left aside now. */
  left(): readonly LeftPath[] {
    return [...this.#seen, ...this.#left.values()];
  }

  /** A sync is at its end: what it has told once is told, and what an earlier one parked and met no trouble is forgotten. */
  clearOthers(): void {
    this.#index.transaction(() => {
      this.#index.remoteMemory.removeAnnouncements();
      for (const { node } of this.#index.parked()) {
        if (!this.#left.has(node)) this.#index.removeParked(node);
      }
    });
    this.#patience?.keepOnly(this.#left);
  }

  #park(op: Op, why: Pick<LeftPath, "reason" | "hint" | "code">): void {
    const { node, kind, path } = op;
    const attempts = (this.#attempts.get(node) ?? 0) + 1;
    const minutes = retryMinutes[Math.min(attempts, retryMinutes.length) - 1] ?? 0;
    const nextAt = this.#clock.now() + minutes * 60_000;
    const left: LeftPath = { path, kind: "parked", ...why };
    this.#left.set(node, left);
    this.#patience?.note(node, { left, nextAt });
    this.#index.transaction(() => {
      this.#index.putParked({ node, kind, path, reason: why.reason, attempts, nextAt });
    });
  }
}
