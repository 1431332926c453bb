import type { RemoteWait } from "../core/live/waiting.ts";
import { SnapError, throwIfAborted } from "../std/error.ts";
import { randomFraction, type Rng } from "../std/random.ts";
import type { Client } from "./client.ts";
import { hasTag, isBadCursor } from "./errors.ts";
import { countIn, isShape } from "./shape.ts";

/**
 * Seconds that the server is asked to wait: a random time in between, so that many clients that began together do not stay
 * together. The server adds up to 90 s of its own, and `fetch` gives up after 300 s of silence.
 */
const waitSecondsMin = 120;
const waitSecondsMax = 150;

/** A longer pause than this is not believed: every hour everything is looked at in any case (S23). */
const pauseSecondsMax = 3_600;

/** Pause after a cursor that this route refuses: the same cursor may be good for listings, so another one need not come. */
const refusedPauseMs = 60_000;

/**
 * `list_folder/longpoll`: wait until something behind a cursor may have changed, or the time is over. A cursor that the server has
 * forgotten is a change: the next listing begins anew (S34).
 *
 * @throws {SnapError} as `fromRemote`, `interrupted`; nothing is repeated, the caller waits
 */
export async function waitForChange(
  client: Client,
  rng: Rng,
  { cursor, signal }: { readonly cursor: string; readonly signal: AbortSignal | undefined },
): Promise<RemoteWait> {
  throwIfAborted(signal);
  const span = waitSecondsMax - waitSecondsMin + 1;
  const timeout = waitSecondsMin + Math.floor(randomFraction(rng) * span);
  const work = signal === undefined ? {} : { signal };
  const call = { what: "Waiting for changes", endpoint: "notify", work } as const;
  try {
    return waitedOf(
      await client.askOpenly(
        (sdk, own) => sdk.filesListFolderLongpoll({ cursor, timeout }, own),
        call,
      ),
    );
  } catch (error) {
    throwIfAborted(signal);
    if (hasTag(error, "reset")) return { changed: true, backoffMs: 0 };
    if (isBadCursor(error)) return { changed: true, backoffMs: refusedPauseMs };
    throw error;
  }
}

function waitedOf(result: unknown): RemoteWait {
  const shape = isShape(result) ? result : {};
  const changed: unknown = shape["changes"];
  if (typeof changed !== "boolean") {
    throw new SnapError(
      "server-error",
      "Waiting for changes failed: the answer is not understood",
      { hint: "Try again later." },
    );
  }
  const seconds = Math.min(countIn(shape, "backoff") ?? 0, pauseSecondsMax);
  return { changed, backoffMs: seconds * 1_000 };
}
