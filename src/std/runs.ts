/**
 * A stream whose items come in runs, each with those that are at hand at the same time. A step of an asynchronous stream takes about a
 * microsecond in each of its stages, which is more than most stages do with an item.
 */
export type Runs<T> = AsyncIterable<readonly T[]>;

/** Items of a run at most: nothing waits long for one to be worked through, and little is in memory (N61). */
export const runItemsMax = 256;

/** A stream in runs. It is read on to the end of a run before any of it is handed on. */
export async function* inRuns<T>(
  items: AsyncIterable<T>,
  itemsMax: number = runItemsMax,
): AsyncGenerator<readonly T[]> {
  let run: T[] = [];
  for await (const item of items) {
    run.push(item);
    if (run.length < itemsMax) continue;
    yield run;
    run = [];
  }
  if (run.length > 0) yield run;
}

/** The items of runs, one after the other. */
export async function* outOfRuns<T>(runs: Runs<T>): AsyncGenerator<T> {
  for await (const run of runs) for (const item of run) yield item;
}
