import { goesOn, type Pause } from "../../core/live/pause.ts";
import type { RemoteSide } from "../../ports.ts";
import { backOffMs } from "../../std/back-off.ts";
import { isSnapError } from "../../std/error.ts";
import type { Rng } from "../../std/random.ts";
import type { Clock } from "../../std/time.ts";

/** What a poll works with. */
type PollDeps = { readonly remote: RemoteSide; readonly clock: Clock; readonly rng: Rng };

/** Between two tries to wait for the server, ms, at the least. */
const pauseMinMs = 1_000;

/**
 * A wait that lasted so long, ms, was perhaps not refused: a proxy that bears no silence, or a line that changed, cut it off. Or nothing is
 * reached at all, which takes as long to find out. So the server is asked at once, which tells, and then it is waited for anew; no more
 * often than this.
 */
const cutMinMs = 10_000;

/**
 * Waits for the server to tell of a change (S2), one call at a time. Where waiting itself does not work, the server is asked by
 * cycles instead, later and later.
 */
export class RemotePoll {
  readonly #deps: PollDeps;
  readonly #onNews: () => void;
  #call: AbortController | undefined;
  #isChanged = false;
  #pause: Pause = { from: 0, until: Number.NEGATIVE_INFINITY };
  #askAt: number | undefined;
  #failures = 0;
  #fault: Error | undefined;

  constructor(deps: PollDeps, onNews: () => void) {
    this.#deps = deps;
    this.#onNews = onNews;
  }

  /** The server told of a change. */
  get isChanged(): boolean {
    return this.#isChanged;
  }

  /** When there is something to do without news: to wait again, or to ask; undefined where there is not. */
  get nextAt(): number | undefined {
    if (this.#call !== undefined || this.#isChanged) return undefined;
    return this.#isPausing ? this.#pause.until : undefined;
  }

  /** When a cycle is to ask the server, since waiting failed or was cut off. */
  get askAt(): number | undefined {
    return this.#askAt;
  }

  /** A cycle asks the server for everything: what was told before is over. */
  stop(): void {
    this.#call?.abort();
    this.#call = undefined;
    this.#isChanged = false;
    this.#askAt = undefined;
  }

  /**
   * Wait behind a cursor, where nothing waits and it is time.
   *
   * @throws what is no trouble of the line, from an earlier wait
   */
  start(cursorNow: () => string | undefined): void {
    if (this.#fault !== undefined) throw this.#fault;
    if (this.#call !== undefined || this.#isChanged) return;
    if (this.#isPausing || this.#askAt !== undefined) return;
    const cursor = cursorNow();
    if (cursor === undefined) return;
    const call = new AbortController();
    this.#call = call;
    void this.#wait(cursor, call);
  }

  get #isPausing(): boolean {
    return goesOn(this.#pause, this.#deps.clock.now());
  }

  #pauseFor(delayMs: number): void {
    const from = this.#deps.clock.now();
    this.#pause = { from, until: from + delayMs };
  }

  async #wait(cursor: string, call: AbortController): Promise<void> {
    const { remote, clock } = this.#deps;
    const begunAt = clock.now();
    try {
      const { changed, backoffMs } = await remote.waitForChange(cursor, call.signal);
      if (this.#call !== call) return;
      this.#failures = 0;
      this.#isChanged = changed;
      this.#pauseFor(backoffMs);
    } catch (error) {
      if (this.#call !== call) return;
      const isCut = isSnapError(error, "offline") && clock.now() - begunAt >= cutMinMs;
      if (isCut) this.#askAt = clock.now();
      else this.#fail(error);
    }
    this.#call = undefined;
    this.#onNews();
  }

  /** What the trouble is a cycle finds out, and tells. */
  #fail(error: unknown): void {
    if (!isSnapError(error)) {
      this.#fault = error instanceof Error ? error : new Error(String(error));
      return;
    }
    const { rng } = this.#deps;
    this.#failures += 1;
    const asked = (error.retryAfterSeconds ?? 0) * 1_000;
    const delay = Math.ceil(Math.max(pauseMinMs, asked, backOffMs(this.#failures, rng)));
    this.#pauseFor(delay);
    this.#askAt = this.#pause.until;
  }
}
