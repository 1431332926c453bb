import { LiveWorkspace, type LiveOptions, type LiveSession } from "../../src/app/live.ts";
import { noFacts } from "../../src/app/live-status.ts";

/** Sessions that go on until they are told to end, or to fail. */
export class Stage implements AsyncDisposable {
  readonly done: string[] = [];
  readonly live: LiveWorkspace;
  /** What happens while a session closes. */
  onClose: () => Promise<void> | void = () => {};
  #fail: (error: Error) => void = () => {};
  #openings: (Error | undefined)[] = [];
  #waiting: (() => void)[] = [];

  constructor(
    parts: Pick<LiveOptions, "environment" | "record">,
    ...openings: readonly (Error | undefined)[]
  ) {
    this.#openings = [...openings];
    this.live = new LiveWorkspace({
      ...parts,
      openSession: () => this.#open(),
      onStatus: () => {},
      onActivity: () => {},
    });
  }

  fail(error: Error): void {
    this.#fail(error);
  }

  /** Waits until this was done as the last thing. */
  async until(what: string): Promise<void> {
    while (this.done.at(-1) !== what) {
      await new Promise<void>((resolve) => this.#waiting.push(resolve));
    }
  }

  [Symbol.asyncDispose](): Promise<void> {
    return this.live[Symbol.asyncDispose]();
  }

  async #open(): Promise<LiveSession> {
    const error = this.#openings.shift();
    if (error !== undefined) {
      this.#note("fail");
      throw error;
    }
    this.#note("open");
    return {
      run: (signal) =>
        new Promise((resolve, reject) => {
          this.#fail = reject;
          if (signal.aborted) resolve();
          signal.addEventListener("abort", () => resolve(), { once: true });
          this.#note("run");
        }),
      nudge: () => this.#note("nudge"),
      live: () => ({ state: "idle", since: 1, left: [], held: 0, pending: 0 }),
      facts: () => ({ ...noFacts, lastSyncedAt: 5 }),
      watch: () => ({ coverage: "whole", folders: 3 }),
      [Symbol.asyncDispose]: async () => {
        await this.onClose();
        this.#note("close");
      },
    };
  }

  #note(what: string): void {
    this.done.push(what);
    for (const wake of this.#waiting.splice(0)) wake();
  }
}
