/** Results that may be ready ahead of the oldest one that is not, unless told otherwise. */
const aheadMaxDefault = 64;

/**
 * Run a task for every item, several at once, and hand over the results in the order of the items. The source is
 * read no further than `aheadMax` items ahead. Failures are thrown at their place in the order; when the consumer
 * stops, tasks under way are waited for.
 */
export async function* mapInOrder<T, R>(
  items: Iterable<T> | AsyncIterable<T>,
  task: (item: T) => Promise<R>,
  aheadMax: number = aheadMaxDefault,
): AsyncGenerator<R> {
  const pending: Promise<R>[] = [];
  try {
    for await (const item of items) {
      const run = task(item);
      run.catch(leaveToConsumer);
      pending.push(run);
      if (pending.length < aheadMax) continue;
      const oldest = pending.shift();
      if (oldest !== undefined) yield await oldest;
    }
    for (let next = pending.shift(); next !== undefined; next = pending.shift()) yield await next;
  } finally {
    await Promise.allSettled(pending);
  }
}

/** A failure is thrown by whoever takes the result; it must not count as unhandled before. */
function leaveToConsumer(): void {}

/** Lets so many tasks run at once; the others wait in line. */
export class Gate {
  #free: number;
  readonly #waiting: (() => void)[] = [];

  constructor(atOnce: number) {
    this.#free = atOnce;
  }

  async run<T>(task: () => Promise<T>): Promise<T> {
    if (this.#free > 0) this.#free -= 1;
    else await new Promise<void>((resolve) => this.#waiting.push(resolve));
    try {
      return await task();
    } finally {
      const next = this.#waiting.shift();
      if (next === undefined) this.#free += 1;
      else next();
    }
  }
}
