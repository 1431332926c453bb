import { randomFraction, type Rng } from "./random.ts";

/** Attempts of one call, the first included (S107). */
export const attemptsMax = 6;

/** The wait before the first repeat, ms; doubled for each one more (§11). */
const delayFirstMs = 1_000;

/** The longest wait before a call, ms (§11). */
export const delayMaxMs = 300_000;

/** How long to wait after a failed attempt, the first being number 1, ms: a random part of a growing delay ("full jitter"). */
export function backOffMs(attempt: number, rng: Rng): number {
  return randomFraction(rng) * Math.min(delayMaxMs, delayFirstMs * 2 ** (attempt - 1));
}
