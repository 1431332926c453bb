import type { Clock } from "../../../src/std/time.ts";
import type { Dice } from "./dice.ts";

type Waiting = { readonly label: string; readonly go: () => void };

type Sleeper = {
  readonly at: number;
  readonly order: number;
  readonly wake: () => void;
};

/** Turns of the event loop without news after which everything is taken to wait for the clock. */
const quietTurnsMax = 6;

/** Steps without a call or a sleeper after which nobody is taken to be at work: each op that is not done commits in a turn of its own. */
const stillStepsMax = 200;

/**
 * Where all promises of a world meet (S111): each call that takes time waits here, and the dice alone decide which one
 * settles next. Time stands still while anything can settle; then it goes on to the first sleeper.
 */
export class Scheduler implements Clock {
  /** What settled, in its order: the timeline of a run. */
  readonly timeline: string[] = [];
  readonly #dice: Dice;
  #waiting: Waiting[] = [];
  #sleepers: Sleeper[] = [];
  #now: number;
  #order = 0;

  constructor(dice: Dice, startMs: number) {
    this.#dice = dice;
    this.#now = startMs;
  }

  /** In whole milliseconds, like the system's. */
  readonly now = (): number => Math.floor(this.#now);

  /** The clock of the computers jumps. */
  advance(delayMs: number): void {
    this.#now += delayMs;
  }

  note(text: string): void {
    this.timeline.push(`${this.#now - Math.floor(this.#now / 86_400_000) * 86_400_000} ${text}`);
  }

  /** Resolves when the dice choose it. */
  readonly gate = (label: string): Promise<void> =>
    new Promise((resolve) => {
      this.#waiting.push({ label, go: resolve });
    });

  readonly sleep = (delayMs: number, signal?: AbortSignal): Promise<void> =>
    new Promise((resolve, reject) => {
      if (signal?.aborted === true) {
        // oxlint-disable-next-line typescript/prefer-promise-reject-errors -- the contract of `Clock`: the signal's reason
        reject(signal.reason);
        return;
      }
      this.#order += 1;
      const at = this.#now + Math.max(0, delayMs);
      const sleeper = { at, order: this.#order, wake: resolve };
      this.#sleepers.push(sleeper);
      signal?.addEventListener("abort", () => {
        this.#sleepers = this.#sleepers.filter((one) => one !== sleeper);
        // oxlint-disable-next-line typescript/prefer-promise-reject-errors -- the contract of `Clock`: the signal's reason
        reject(signal.reason);
      });
    });

  /**
   * Let one call settle, or wake one sleeper. False where nothing waits.
   *
   * @param latest nobody who sleeps longer than that is woken, ms since 1970
   */
  async step(latest: number = Number.POSITIVE_INFINITY): Promise<boolean> {
    for (let quiet = 0; quiet < quietTurnsMax; quiet += 1) {
      await turn();
      if (this.#waiting.length > 0) return this.#settleOne();
    }
    return this.#wakeOne(latest);
  }

  /** Step until a piece of work has ended. @throws where it waits for what will never come */
  async runUntilDone(work: Promise<unknown>): Promise<void> {
    let done = false;
    const end = (): void => {
      done = true;
    };
    work.then(end, end);
    for (let still = 0; !done;) {
      const hasMoved = await this.step();
      still = hasMoved ? 0 : still + 1;
      if (still > stillStepsMax && !done) {
        throw new Error("The world stands still: somebody waits for nothing");
      }
    }
  }

  #settleOne(): boolean {
    const [chosen] = this.#waiting.splice(this.#dice.below(this.#waiting.length), 1);
    if (chosen === undefined) return false;
    this.note(chosen.label);
    chosen.go();
    return true;
  }

  #wakeOne(latest: number): boolean {
    const first = this.#sleepers.reduce<Sleeper | undefined>(
      (best, one) => (best === undefined || isBefore(one, best) ? one : best),
      undefined,
    );
    if (first === undefined || first.at > latest) return false;
    this.#sleepers = this.#sleepers.filter((one) => one !== first);
    this.#now = Math.max(this.#now, first.at);
    first.wake();
    return true;
  }
}

function isBefore(a: Sleeper, b: Sleeper): boolean {
  return a.at < b.at || (a.at === b.at && a.order < b.order);
}

/** All that is ready runs. */
function turn(): Promise<void> {
  return new Promise((resolve) => {
    setImmediate(resolve);
  });
}
