import { randomFraction, randomHex } from "../../std/random.ts";
import type { Rng } from "../../std/random.ts";
import { BadCall, EndpointFailure, HttpFailure, tag } from "./failure.ts";
import type { Json, JsonObject, Tagged } from "./failure.ts";
import { isObject } from "./schema.ts";

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
  return new Response(asciiJson(value), {
    status,
    headers: { "content-type": "application/json" },
  });
}

/** The answer of the token endpoint has the type that was recorded (fact sheet 2.2). */
export function tokenResponse(value: Json): Response {
  return new Response(asciiJson(value), { headers: { "content-type": "text/javascript" } });
}

function textResponse(text: string, status: number): Response {
  return new Response(text, {
    status,
    headers: { "content-type": "text/plain; charset=utf-8" },
  });
}

/** The answer to a failed call of `route`, in the forms of fact sheet 1.8 (V49). */
export function failureResponse(error: unknown, route: string, rng: Rng): Response {
  if (error instanceof EndpointFailure) {
    return jsonResponse(errorEnvelope(error.error, rng, error.userMessage), 409);
  }
  if (error instanceof BadCall) {
    return textResponse(`Error in call to API function "${route}": ${error.message}`, 400);
  }
  if (error instanceof HttpFailure) return jsonResponse(error.body, error.status);
  const reason = error instanceof Error ? error.message : String(error);
  return textResponse(`Internal server error: ${reason}`, 500);
}

/** `error_summary` ends in random dots, so that nobody compares the whole of it. */
export function errorEnvelope(error: Tagged, rng: Rng, userMessage?: string): JsonObject {
  const dots = ".".repeat(Math.floor(randomFraction(rng) * 4));
  return {
    error_summary: `${tagsOf(error).join("/")}/${dots}`,
    error,
    user_message: userMessage === undefined ? undefined : { locale: "en", text: userMessage },
  };
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
export function withCommonHeaders(response: Response, rng: Rng): Response {
  response.headers.set("x-dropbox-request-id", randomHex(rng, 16));
  response.headers.set("cache-control", "no-cache");
  response.headers.set("pragma", "no-cache");
  response.headers.set("x-content-type-options", "nosniff");
  if (response.status === 401) {
    response.headers.set("www-authenticate", 'Bearer realm="Dropbox-API"');
  }
  return response;
}
