import { throwIfAborted } from "../../std/error.ts";

/** Who wants the disk to stand still. */
export type StillRequest = {
  /** Ends the waiting for it. */
  readonly signal?: AbortSignal | undefined;
  /** Something waits that the standing still holds up: told once. */
  readonly onWanted?: (() => void) | undefined;
};

type Waiting = { readonly go: () => void };

/**
 * Lets somebody walk over the disk while no op of ours writes there (N34): what is being written comes to its end, and what comes next
 * waits. Reading, transfers and everything on the server go on. Who stands still never waits for another who does.
 */
export class Stand {
  #writers = 0;
  #batches = 0;
  #stillers = 0;
  #wanting = 0;
  #onWanted: (() => void)[] = [];
  #waiting: Waiting[] = [];

  /** Whether somebody walks there now, or is about to. */
  get isStill(): boolean {
    return this.#stillers + this.#wanting > 0;
  }

  /** One write, or with `isBatch` several that leave something unfinished in between; until it is disposed of. */
  async enter(signal?: AbortSignal, isBatch = false): Promise<Disposable> {
    // A part of a batch goes on, or the batch would never end.
    while (this.isStill && this.#batches === 0) {
      for (const tell of this.#onWanted.splice(0)) tell();
      await this.#change(signal);
    }
    this.#writers += 1;
    if (isBatch) this.#batches += 1;
    return once(() => {
      this.#writers -= 1;
      if (isBatch) this.#batches -= 1;
      this.#tell();
    });
  }

  /** Nothing is written from when this resolves, until it is disposed of. @throws {SnapError} `interrupted` */
  async still({ signal, onWanted }: StillRequest = {}): Promise<Disposable> {
    this.#wanting += 1;
    if (onWanted !== undefined) this.#onWanted.push(onWanted);
    const leave = (): void => {
      this.#onWanted = this.#onWanted.filter((tell) => tell !== onWanted);
      this.#tell();
    };
    try {
      while (this.#writers > 0) await this.#change(signal);
      throwIfAborted(signal);
      this.#stillers += 1;
    } catch (error) {
      this.#wanting -= 1;
      leave();
      throw error;
    }
    this.#wanting -= 1;
    return once(() => {
      this.#stillers -= 1;
      leave();
    });
  }

  #tell(): void {
    for (const { go } of this.#waiting.splice(0)) go();
  }

  /** Until something is another. */
  async #change(signal: AbortSignal | undefined): Promise<void> {
    throwIfAborted(signal);
    await new Promise<void>((resolve) => {
      const go = (): void => {
        signal?.removeEventListener("abort", go);
        resolve();
      };
      this.#waiting.push({ go });
      signal?.addEventListener("abort", go, { once: true });
    });
    throwIfAborted(signal);
  }
}

function once(end: () => void): Disposable {
  let isOver = false;
  return {
    [Symbol.dispose]: () => {
      if (isOver) return;
      isOver = true;
      end();
    },
  };
}
