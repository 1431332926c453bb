/** How far work was at a time in ms. */
export type Mark = { readonly at: number; readonly done: number; readonly bytes: number };

/** What is to be done in all, as far as it is known. */
export type Whole = { readonly total: number | undefined; readonly bytesTotal: number | undefined };

/** How fast work goes now, and how long it still takes at that rate; absent is not known. */
export type Speed = {
  readonly bytesPerSecond: number | undefined;
  readonly secondsLeft: number | undefined;
};

/** What is older says nothing of how fast it goes now. */
export const windowMs = 10_000;

/** Marks are so far apart at least: the window needs no more than forty. */
const apartMs = 250;

/** Less time than this tells no rate. */
const knownAfterMs = 1_000;

/**
 * The marks of a step with one more, the first one of a step being its beginning. The newest of those that are older than the window
 * stays, so that a standstill counts as one. Work that went back has begun anew.
 */
export function withMark(marks: readonly Mark[], mark: Mark): readonly Mark[] {
  const last = marks.at(-1);
  if (last === undefined || mark.done < last.done || mark.bytes < last.bytes) return [mark];
  if (mark.at - last.at < apartMs) return marks;
  const from = marks.findLastIndex(({ at }) => mark.at - at >= windowMs);
  return [...marks.slice(Math.max(0, from)), mark];
}

/** The rate since the first of the marks; the time left goes by bytes where there are any to come, else by items. */
export function speedOf(marks: readonly Mark[], now: Mark, whole: Whole): Speed {
  const [first] = marks;
  const elapsedMs = first === undefined ? 0 : now.at - first.at;
  if (first === undefined || elapsedMs < knownAfterMs) {
    return { bytesPerSecond: undefined, secondsLeft: undefined };
  }
  const perSecond = (amount: number): number => (amount * 1000) / elapsedMs;
  const bytesPerSecond = perSecond(now.bytes - first.bytes);
  const bytesLeft = (whole.bytesTotal ?? 0) - now.bytes;
  const secondsLeft =
    bytesLeft > 0
      ? timeFor(bytesLeft, bytesPerSecond)
      : timeFor((whole.total ?? 0) - now.done, perSecond(now.done - first.done));
  return { bytesPerSecond, secondsLeft };
}

/** Undefined where nothing is left, or where it stands still. */
function timeFor(left: number, perSecond: number): number | undefined {
  return left > 0 && perSecond > 0 ? Math.ceil(left / perSecond) : undefined;
}
