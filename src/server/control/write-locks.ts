import type { Clock } from "../../std/time.ts";

/** How a commit wants the lock. */
export type LockWait = {
  /** How long it waits for commits before it; undefined to go on beside them, as if there were no lock. */
  readonly waitMs: number | undefined;
  readonly signal: AbortSignal;
};

type Waiting = { readonly go: () => void; isGranted: boolean };

type Namespace = { running: number; readonly queue: Waiting[] };

/** One write lock for each namespace, handed on in the order of asking (fact sheet 5.1). */
export class WriteLocks {
  readonly #clock: Clock;
  /** Namespaces with a commit under way. */
  readonly #busy = new Map<number, Namespace>();

  constructor(clock: Clock) {
    this.#clock = clock;
  }

  isTaken(account: number): boolean {
    return this.#busy.has(account);
  }

  /**
   * Take the lock; false when it did not become free in time.
   *
   * @throws the signal's reason.
   */
  async take(account: number, { waitMs, signal }: LockWait): Promise<boolean> {
    const namespace = this.#busy.get(account);
    if (namespace === undefined) {
      this.#busy.set(account, { running: 1, queue: [] });
      return true;
    }
    if (waitMs === undefined) {
      namespace.running += 1;
      return true;
    }
    return waitMs > 0 && (await this.#waitIn(namespace.queue, { account, waitMs, signal }));
  }

  async #waitIn(
    queue: Waiting[],
    { account, waitMs, signal }: { account: number; waitMs: number; signal: AbortSignal },
  ): Promise<boolean> {
    const turn = Promise.withResolvers<void>();
    const waiting: Waiting = { go: turn.resolve, isGranted: false };
    queue.push(waiting);
    const over = new AbortController();
    const timeout = this.#clock.sleep(waitMs, AbortSignal.any([signal, over.signal]));
    try {
      await Promise.race([turn.promise, timeout]);
      return waiting.isGranted;
    } catch (error) {
      if (waiting.isGranted) this.release(account);
      throw error;
    } finally {
      over.abort();
      if (!waiting.isGranted) queue.splice(queue.indexOf(waiting), 1);
    }
  }

  /** A commit is through: the next one goes on. */
  release(account: number): void {
    const namespace = this.#busy.get(account);
    if (namespace === undefined) return;
    namespace.running -= 1;
    if (namespace.running > 0) return;
    const next = namespace.queue.shift();
    if (next === undefined) {
      this.#busy.delete(account);
      return;
    }
    namespace.running = 1;
    next.isGranted = true;
    next.go();
  }
}
