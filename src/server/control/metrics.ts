/** Upper bounds of the buckets of times, in ms; one without bound follows. */
export const bucketBoundsMs: readonly number[] = [5, 20, 100, 500, 2_000, 10_000];

/** What became of a call: its status, or that there was no answer. */
export type Outcome = number | "cut" | "gone";

/** The calls of one route that ended in one way. */
export class CallCounter {
  count = 0;
  bytesIn = 0;
  bytesOut = 0;
  /** From the request to the beginning of its answer. */
  sumMs = 0;
  /** How many took so long and no longer, by bound; the last has none. */
  readonly buckets: number[] = [...bucketBoundsMs, Infinity].map(() => 0);

  add(durationMs: number): void {
    this.count += 1;
    this.sumMs += durationMs;
    const found = bucketBoundsMs.findIndex((bound) => durationMs <= bound);
    const index = found < 0 ? bucketBoundsMs.length : found;
    this.buckets[index] = (this.buckets[index] ?? 0) + 1;
  }
}

/** What the server has counted since it was opened, or set to zero (V75). */
export class Metrics {
  commits = 0;
  lockCollisions = 0;
  readonly #calls = new Map<string, Map<Outcome, CallCounter>>();
  readonly #faults = new Map<string, number>();
  readonly #wrongHosts = new Map<string, number>();

  /** The counter of a route and an outcome. */
  calls(route: string, outcome: Outcome): CallCounter {
    let outcomes = this.#calls.get(route);
    if (outcomes === undefined) this.#calls.set(route, (outcomes = new Map()));
    let counter = outcomes.get(outcome);
    if (counter === undefined) outcomes.set(outcome, (counter = new CallCounter()));
    return counter;
  }

  addFault(kind: string): void {
    this.#faults.set(kind, (this.#faults.get(kind) ?? 0) + 1);
  }

  addWrongHost(route: string): void {
    this.#wrongHosts.set(route, (this.#wrongHosts.get(route) ?? 0) + 1);
  }

  /** Every counter of calls there is. */
  *allCalls(): Generator<readonly [route: string, outcome: Outcome, counter: CallCounter]> {
    for (const [route, outcomes] of this.#calls) {
      for (const [outcome, counter] of outcomes) yield [route, outcome, counter];
    }
  }

  get faults(): ReadonlyMap<string, number> {
    return this.#faults;
  }

  get wrongHosts(): ReadonlyMap<string, number> {
    return this.#wrongHosts;
  }

  zero(): void {
    this.commits = 0;
    this.lockCollisions = 0;
    this.#calls.clear();
    this.#faults.clear();
    this.#wrongHosts.clear();
  }
}
