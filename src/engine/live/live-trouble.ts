import type { LiveTrouble } from "../../core/live/live-status.ts";
import { backOffMs, delayMaxMs } from "../../std/back-off.ts";
import { isSnapError, type ErrorCode, type SnapError } from "../../std/error.ts";
import type { Rng } from "../../std/random.ts";

/** The shortest wait after trouble, ms. */
const waitMinMs = 1_000;

/** Trouble that may be over by itself: a disk that is plugged in again, room that somebody makes. */
const passing: ReadonlySet<ErrorCode> = new Set([
  "workspace-missing",
  "remote-missing",
  "disk-full",
  "disk-read-only",
  "disk-error",
]);

/** Whether to wait and try again (S83); anything else is for the user, or a mistake of ours. */
export function isPassing(error: unknown): error is SnapError {
  return isSnapError(error) && (error.class !== "systemic" || passing.has(error.code));
}

/** How long to wait after so many failures in a row, ms: as the server says, else later and later (S84). */
export function waitMs(error: SnapError, attempt: number, rng: Rng): number {
  if (error.retryAfterSeconds !== undefined) {
    return Math.min(delayMaxMs, Math.max(waitMinMs, error.retryAfterSeconds * 1_000));
  }
  return Math.max(waitMinMs, Math.ceil(backOffMs(attempt, rng)));
}

/** An error as trouble that is shown; without a time it waits for the user. */
export function troubleOf(
  { code, message, hint }: SnapError,
  retryAt: number | undefined,
): LiveTrouble {
  return {
    code,
    message,
    ...(hint !== undefined && { hint }),
    ...(retryAt !== undefined && { retryAt }),
  };
}
