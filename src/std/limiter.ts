import pLimit from "p-limit";
import { throwIfAborted } from "./error.ts";

/**
 * Run a task for every item, at most `parallel` at once, taking items from the source only as places become
 * free, so that the source may be endless. Results are handed over in no particular order.
 *
 * The first rejection, of a task or of the source, stops the taking of items, waits for the tasks under way, and is thrown.
 */
export async function forEachLimited<T>(
  items: Iterable<T> | AsyncIterable<T>,
  options: { readonly parallel: number; readonly signal?: AbortSignal | undefined },
  task: (item: T) => Promise<void>,
): Promise<void> {
  const limit = pLimit(options.parallel);
  const running = new Set<Promise<void>>();
  const failures: unknown[] = [];
  try {
    for await (const item of items) {
      if (failures.length > 0 || options.signal?.aborted) break;
      const run: Promise<void> = limit(task, item)
        .catch((error: unknown) => {
          failures.push(error);
        })
        .finally(() => running.delete(run));
      running.add(run);
      if (running.size >= options.parallel) await Promise.race(running);
    }
  } finally {
    await Promise.all(running);
  }
  if (failures.length > 0) throw failures[0];
  throwIfAborted(options.signal);
}
