import { attemptsMax, backOffMs, delayMaxMs } from "../std/back-off.ts";
import { isSnapError, throwIfAborted } from "../std/error.ts";
import type { Rng } from "../std/random.ts";
import type { Clock } from "../std/time.ts";

/** What repeats need. */
export type RetryParts = { readonly clock: Clock; readonly rng: Rng };

/** The failure of one attempt, the first being number 1. */
export type Failure = {
  readonly error: unknown;
  readonly attempt: number;
  readonly signal?: AbortSignal | undefined;
};

/**
 * Do something again while it fails with a transient error.
 *
 * @throws the last error, or the first one that is not transient
 */
export async function withRetries<T>(
  work: () => Promise<T>,
  parts: RetryParts,
  signal?: AbortSignal,
): Promise<T> {
  for (let attempt = 1; ; attempt += 1) {
    throwIfAborted(signal);
    try {
      return await work();
    } catch (error) {
      await waitAfter({ error, attempt, signal }, parts);
    }
  }
}

/**
 * Wait before the next attempt: the time that the server names, else a random part of a growing delay ("full jitter").
 * A server that asks for more than the longest delay is left alone: the error says for how long.
 *
 * @throws the error itself where another attempt is no use, `interrupted` when the signal fires
 */
export async function waitAfter(failure: Failure, { clock, rng }: RetryParts): Promise<void> {
  const { error, attempt, signal } = failure;
  throwIfAborted(signal);
  const delayMs = attempt < attemptsMax ? delayAfter(error, attempt, rng) : undefined;
  if (delayMs === undefined) throw error;
  try {
    await clock.sleep(delayMs, signal);
  } catch (reason) {
    throwIfAborted(signal);
    throw reason;
  }
}

function delayAfter(error: unknown, attempt: number, rng: Rng): number | undefined {
  if (!isSnapError(error) || error.class !== "transient") return undefined;
  if (error.retryAfterSeconds === undefined) return backOffMs(attempt, rng);
  const delayMs = error.retryAfterSeconds * 1_000;
  return delayMs <= delayMaxMs ? delayMs : undefined;
}
