import { randomFraction, randomHex } from "../../std/random.ts";
import type { Rng } from "../../std/random.ts";
import { BadCall, EndpointFailure, HttpFailure, tag } from "./failure.ts";
import type { Json, JsonObject, Tagged } from "./failure.ts";
import { isObject } from "./schema.ts";
import { shownPath } from "./shown-path.ts";

/**
 * JSON as the service writes it: characters from U+007F on are escaped, so that bodies are ASCII, and headers can
 * carry it (fact sheet 1.3).
 */
function asciiJson(value: Json): string {
  return JSON.stringify(value).replace(
    /[\u007f-\uffff]/g,
    (unit) => `\\u${unit.charCodeAt(0).toString(16).padStart(4, "0")}`,
  );
}

/** The value of `Dropbox-API-Result`. */
export function headerJson(value: JsonObject): string {
  return asciiJson(value);
}

/** @throws {BadCall} when the bytes are not UTF-8: nothing is stored under a name that was guessed. */
export function utf8Text(bytes: Uint8Array): string {
  try {
    return new TextDecoder("utf-8", { fatal: true }).decode(bytes);
  } catch {
    // The decoder's own words would add nothing that the service says.
    throw new BadCall("could not decode input as JSON");
  }
}

/** @throws {BadCall} when the text is not JSON. */
export function parseJson(text: string): Json {
  try {
    const value: Json = JSON.parse(text);
    return value;
  } catch {
    // The parser's own words would add nothing that the service says.
    throw new BadCall("could not decode input as JSON");
  }
}

/** A JSON answer; the content type is exactly this, one SDK compares it (fact sheet 1.7). */
export function jsonResponse(value: Json, status = 200): Response {
  return jsonText(asciiJson(value), status, "application/json");
}

/** The answer of the token endpoint has the type that was recorded (fact sheet 2.2). */
export function tokenResponse(value: Json): Response {
  return jsonText(asciiJson(value), 200, "text/javascript");
}

/** The text is ASCII, so it has as many bytes as characters. */
function jsonText(text: string, status: number, contentType: string): Response {
  const headers = { "content-type": contentType, "content-length": String(text.length) };
  return new Response(text, { status, headers });
}

/** A plain answer, as errors have it that no program is to take apart. */
export function textResponse(text: string, status: number): Response {
  const bytes = Buffer.from(text);
  const headers = {
    "content-type": "text/plain; charset=utf-8",
    "content-length": String(bytes.length),
  };
  return new Response(bytes, { status, headers });
}

/** Thrown where a whole answer is ready, whatever the route would have said. */
export class ReadyAnswer extends Error {
  readonly answer: Response;

  constructor(answer: Response) {
    super(`Answer ${answer.status}`);
    this.answer = answer;
  }
}

/** Why a call is put off (fact sheet 5.1). */
export type RateLimitReason = "too_many_requests" | "too_many_write_operations";

/** 429: the time to wait, where it is told, stands in the body and in the header, because clients read either (V50). */
export function rateLimited(
  reason: RateLimitReason,
  rng: Rng,
  retryAfterSeconds?: number,
): Response {
  const error = { reason: tag(reason), retry_after: retryAfterSeconds };
  const answer = jsonResponse({ error_summary: summary([reason], rng), error }, 429);
  if (retryAfterSeconds !== undefined) answer.headers.set("retry-after", String(retryAfterSeconds));
  return answer;
}

/** The answer to a failed call of `route`, in the forms of fact sheet 1.8 (V49). */
export function failureResponse(error: unknown, route: string, rng: Rng): Response {
  if (error instanceof ReadyAnswer) return error.answer;
  if (error instanceof EndpointFailure) {
    return jsonResponse(errorEnvelope(error.error, rng, error.userMessage), 409);
  }
  if (error instanceof BadCall) {
    return textResponse(
      `Error in call to API function "${shownPath(route)}": ${error.message}`,
      400,
    );
  }
  if (error instanceof HttpFailure) return jsonResponse(error.body, error.status);
  const reason = error instanceof Error ? error.message : String(error);
  return textResponse(`Internal server error: ${reason}`, 500);
}

/** The body of an error of the interface. */
export function errorEnvelope(error: Tagged, rng: Rng, userMessage?: string): JsonObject {
  return {
    error_summary: summary(tagsOf(error), rng),
    error,
    user_message: userMessage === undefined ? undefined : { locale: "en", text: userMessage },
  };
}

/** It ends in random dots, so that nobody compares the whole of it. */
function summary(tags: readonly string[], rng: Rng): string {
  return `${tags.join("/")}/${".".repeat(Math.floor(randomFraction(rng) * 4))}`;
}

/** The tags from the outside in; a flattened struct goes on in its `reason` (fact sheet 1.8). */
function tagsOf(error: JsonObject): readonly string[] {
  const name = error[".tag"];
  if (typeof name !== "string") return [];
  const inner = [error[name], error["reason"]].find(isObject);
  return [name, ...(inner === undefined ? [] : tagsOf(inner))];
}

/** 401 with its error, and how to authenticate (fact sheet 1.8). */
export function authFailure(name: string, rng: Rng, members: JsonObject = {}): HttpFailure {
  return new HttpFailure(401, errorEnvelope({ ...tag(name), ...members }, rng));
}

/** The headers that every answer has. */
export function withCommonHeaders(
  response: Response,
  rng: Rng,
  requestId: string = newRequestId(rng),
): Response {
  response.headers.set("x-dropbox-request-id", requestId);
  // A page of a browser may be stricter.
  if (!response.headers.has("cache-control")) response.headers.set("cache-control", "no-cache");
  response.headers.set("pragma", "no-cache");
  response.headers.set("x-content-type-options", "nosniff");
  if (response.status === 401) {
    response.headers.set("www-authenticate", 'Bearer realm="Dropbox-API"');
  }
  return response;
}

/** What a call is known by in logs, on both sides. */
export function newRequestId(rng: Rng): string {
  return randomHex(rng, 16);
}
