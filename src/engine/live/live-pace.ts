import { Pace } from "../../core/live/pace.ts";
import type { RelPath } from "../../core/path/rel-path.ts";
import type { LeftPath } from "../../core/plan/sync-report.ts";
import type { LocalEntry, NodeId } from "../../core/tree/node.ts";
import type { Clock } from "../../std/time.ts";

/**
 * Files that programs write to all the time (S26). One that has to wait is not even read: its row keeps no hash, so it is kept
 * out of the cycle like what nobody could read, and read when its time has come. It is told as `unsynced`, which is true until
 * then and changes no exit code: nothing is wrong with it.
 */
export class LivePace {
  readonly #clock: Clock;
  readonly #pace = new Pace();
  #nextAt: number | undefined;

  constructor(clock: Clock) {
    this.#clock = clock;
  }

  /** When the first of the files that wait may go up, ms since 1970. */
  get nextAt(): number | undefined {
    return this.#nextAt;
  }

  /** A run begins: each file that has to wait is met anew. */
  begin(): void {
    this.#nextAt = undefined;
  }

  /** Why a file is not read now; undefined where it may be. */
  left({ node, stamp, hash }: LocalEntry, path: RelPath): LeftPath | undefined {
    // As it was when it was read, but too shortly after its last change to be sure (S24).
    if (hash !== undefined) return undefined;
    const now = this.#clock.now();
    this.#pace.seen(node, stamp, now);
    const dueAt = this.#pace.dueAt(node, now);
    if (dueAt <= now) return undefined;
    this.#nextAt = Math.min(this.#nextAt ?? dueAt, dueAt);
    return { path, kind: "unsynced", reason: "changes all the time: it goes up once a minute" };
  }

  /** A file went up. */
  sent(node: NodeId): void {
    this.#pace.sent(node, this.#clock.now());
  }
}
