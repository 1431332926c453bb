/** A list cut into runs of this length; the last may be shorter. */
export function* inRuns<T>(items: readonly T[], length: number): Generator<readonly T[]> {
  for (let from = 0; from < items.length; from += length) yield items.slice(from, from + length);
}
