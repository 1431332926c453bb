import type { Rng } from "../../std/random.ts";
import type { Clock } from "../../std/time.ts";
import {
  authFailure,
  failureResponse,
  jsonResponse,
  errorEnvelope,
  rateLimited,
  textResponse,
} from "../wire/answer.ts";
import { ConnectionCut } from "../wire/connection-cut.ts";
import type { Disturbance } from "../wire/interposer.ts";
import { breakAfter, changeByte, delayPieces } from "./body-steps.ts";
import type { BodyStep } from "./body-steps.ts";
import type { BodyPlace, ErrorFault, Fault, StatusFault } from "./fault-script.ts";
import type { Hit } from "./match-fault.ts";

/** What a fault wants of the route's own work; nothing for those that happen around it. */
export function disturbanceOf(fault: Fault): Disturbance {
  if (fault.kind === "cursorReset") return { resetCursor: true };
  if (fault.kind === "pages") return { page: fault.page };
  if (fault.kind === "spuriousChange") return { spuriousChange: true };
  if (fault.kind === "backoff") return { backoffSeconds: fault.seconds };
  if (fault.kind === "clockSkew") return { clockSkewSeconds: fault.seconds };
  return {};
}

/** The answer that a fault gives instead of the route. */
export function faultAnswer(fault: StatusFault | ErrorFault, rng: Rng): Response {
  if (fault.kind === "error") {
    return jsonResponse(errorEnvelope(fault.error, rng, fault.userMessage), 409);
  }
  const answer = statusAnswer(fault, rng);
  const { retryAfterSeconds } = fault;
  if (retryAfterSeconds !== undefined) answer.headers.set("retry-after", String(retryAfterSeconds));
  return answer;
}

function statusAnswer(
  { status, body, reason, retryAfterSeconds }: StatusFault,
  rng: Rng,
): Response {
  if (status === 401) return failureResponse(authFailure("expired_access_token", rng), "", rng);
  if (status !== 429)
    return body === "html" ? pageOf(status) : textResponse(phrases[status], status);
  const why = reason ?? "too_many_requests";
  return body === "text" ? textResponse(why, 429) : rateLimited(why, rng, retryAfterSeconds);
}

const phrases = { 500: "Internal Server Error", 502: "Bad Gateway", 503: "Service Unavailable" };

/** As something between the client and the service would answer. */
function pageOf(status: keyof typeof phrases): Response {
  const title = `${status} ${phrases[status]}`;
  const page = `<html><head><title>${title}</title></head><body><h1>${title}</h1></body></html>\r\n`;
  const answer = textResponse(page, status);
  answer.headers.set("content-type", "text/html; charset=utf-8");
  return answer;
}

/** Which byte to choose from, where nobody says how long the body is. */
const unknownLength = 1_024;

/** What a fault does to the body of an answer on its way out; undefined for nothing. */
export function bodyFault(hit: Hit, answer: Response, clock: Clock): BodyStep | undefined {
  const { fault } = hit;
  if (fault.kind === "truncate") return breakAt(placeIn(fault, hit, answer), "close");
  if (fault.kind === "corrupt") return changeByte(placeIn(fault, hit, answer));
  if (fault.kind === "reset" && fault.of === "response") return breakAt(fault.bytes, "reset");
  if (fault.kind !== "delay" || fault.bytes === undefined) return undefined;
  return delayPieces(fault.bytes, fault.ms, clock);
}

function placeIn(place: BodyPlace, { fraction }: Hit, answer: Response): number {
  if ("bytes" in place) return place.bytes;
  const length = Number(answer.headers.get("content-length") ?? unknownLength);
  return Math.floor(fraction * length);
}

/** The error is what reading a body throws when its connection ends, so that a `fetch` without sockets does, too. */
function breakAt(bytes: number, how: ConnectionCut["how"]): BodyStep {
  const error = (): Error => new TypeError("terminated", { cause: new ConnectionCut(how) });
  return breakAfter(() => bytes, error);
}
