import { randomFraction } from "../../std/random.ts";
import { longpollChanceSeconds, longpollLagSeconds, longpollRetrySeconds } from "../limits.ts";
import { Journal } from "../tree/journal.ts";
import { rateLimited } from "../wire/answer.ts";
import { BrokenBody } from "../wire/body.ts";
import type { OpenCall } from "../wire/call.ts";
import { BadCall } from "../wire/failure.ts";
import type { JsonObject } from "../wire/failure.ts";
import type { CursorState } from "./cursor.ts";
import { checkEpoch, cursorCodec } from "./resume.ts";
import { horizonOf } from "./horizon.ts";

/**
 * `files/list_folder/longpoll`: waits for a change in the namespace, wherever it is, or for the timeout (V32; fact
 * sheet 4.4).
 *
 * Where more wait than may, the answer is 429, which every client takes as "later".
 */
export async function longpoll(call: OpenCall): Promise<JsonObject | Response> {
  const { services, disturbance } = call;
  const state = polledCursor(call);
  const { spuriousChange = false, backoffSeconds: backoff } = disturbance;
  if (spuriousChange || sightOf(call, state) === "behind") return { changes: true, backoff };
  if (services.waiters.count >= services.limits.longpollsMax) {
    return rateLimited("too_many_requests", services.rng, longpollRetrySeconds);
  }
  return { changes: await nextChange(call, state), backoff };
}

/** @throws {BadCall} also for a cursor with media info, which the real service does not take either. */
function polledCursor({ services, argument }: OpenCall): CursorState {
  const state = cursorCodec(services).decode(argument.text("cursor"));
  if (state === undefined || state.options.mediaInfo) {
    throw new BadCall("request body: cursor: unsupported cursor type");
  }
  return state;
}

/** What is there for a cursor: something, or something that listings do not see yet (V74), or nothing. */
type Sight = "behind" | "unseen" | "nothing";

/** @throws {EndpointFailure} `reset`. */
function sightOf(call: OpenCall, state: CursorState): Sight {
  checkEpoch(call, state);
  const { services, disturbance } = call;
  const journal = new Journal(services.database, state.account);
  // Pages that were not fetched yet count as well (Choice 15).
  if (state.afterKey !== undefined) return "behind";
  if (journal.hasBetween(state.position, horizonOf(disturbance, journal))) return "behind";
  return journal.hasBetween(state.position, Infinity) ? "unseen" : "nothing";
}

/**
 * Whether something changed before the time was over or the server ended.
 *
 * Nothing lies between looking and waiting, so no change is missed; and whoever is woken looks again, so nothing is
 * believed that did not happen.
 *
 * @throws {BrokenBody} when the client is gone.
 */
async function nextChange(call: OpenCall, state: CursorState): Promise<boolean> {
  const { request, services } = call;
  const delayMs = waitMs(call, state);
  const { promise, resolve, reject } = Promise.withResolvers<boolean>();
  const look = (isLast: boolean): void => {
    try {
      const isChanged = sightOf(call, state) !== "nothing";
      if (isChanged || isLast) resolve(isChanged);
    } catch (error) {
      reject(error);
    }
  };
  const leave = (): void => reject(new BrokenBody(request.signal.reason));
  const enough = new AbortController();
  const forget = services.waiters.watch(state.account, () => look(services.waiters.isClosed));
  request.signal.addEventListener("abort", leave, { once: true });
  try {
    services.clock.sleep(delayMs, enough.signal).then(() => look(true), reject);
    if (request.signal.aborted) leave();
    if (services.waiters.isClosed) look(true);
    return await promise;
  } finally {
    forget();
    request.signal.removeEventListener("abort", leave);
    enough.abort();
  }
}

function waitMs(call: OpenCall, state: CursorState): number {
  if (sightOf(call, state) === "unseen") return longpollLagSeconds * 1000;
  const chance = longpollChanceSeconds * randomFraction(call.services.rng);
  return (call.argument.count("timeout") + chance) * 1000;
}
