/** One repository may use so much in any case, ms, but not more than a part of the whole. */
const leastMs = 60_000;
const leastPart = 1 / 4;

/** The time that is left for all repositories. */
export type TimeLeft = {
  /** ms since 1970. */
  readonly now: number;
  /** ms since 1970. */
  readonly deadline: number;
  /** How long all may take together, ms. */
  readonly wholeMs: number;
  /** Those that are not done yet, the next one included. */
  readonly repositories: number;
};

/**
 * When the next repository has to be done, ms since 1970: one that never ends leaves the others their time, and many small ones take
 * nothing from a large one.
 */
export function shareOfTime({ now, deadline, wholeMs, repositories }: TimeLeft): number {
  const left = Math.max(0, deadline - now);
  const least = Math.min(leastMs, wholeMs * leastPart);
  return now + Math.min(left, Math.max(left / repositories, least));
}
