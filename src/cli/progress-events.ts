import { speedOf, withMark, type Mark } from "../core/transfer/speed.ts";
import type { Progress } from "../std/events.ts";
import type { Json } from "../std/json.ts";

/** Programs are told so often at the most. */
const toldEveryMs = 1_000;

/** Progress for programs: the first that is told of, and then one event a second at the most. */
export class ProgressEvents {
  readonly #now: () => number;
  #toldAt: number | undefined;
  #step = "";
  #marks: readonly Mark[] = [];

  /** @param now the time in ms */
  constructor(now: () => number) {
    this.#now = now;
  }

  /** What an event tells; undefined where it is not time for one. */
  next(progress: Progress): Readonly<Record<string, Json>> | undefined {
    const { step, done, total, bytes, bytesTotal, current } = progress;
    const mark = { at: this.#now(), done, bytes };
    this.#marks = withMark(step === this.#step ? this.#marks : [], mark);
    this.#step = step;
    if (this.#toldAt !== undefined && mark.at - this.#toldAt < toldEveryMs) return undefined;
    this.#toldAt = mark.at;
    const { bytesPerSecond, secondsLeft } = speedOf(this.#marks, mark, progress);
    const rate = bytesPerSecond === undefined ? undefined : Math.round(bytesPerSecond);
    return { step, done, total, bytes, bytesTotal, bytesPerSecond: rate, secondsLeft, current };
  }
}
