import { authenticate } from "./authenticate.ts";
import { BrokenBody, Body } from "./body.ts";
import type { Call, Services } from "./call.ts";
import { decodeArgument } from "./decode.ts";
import type { Definition, RouteType } from "./definition.ts";
import { BadCall, EndpointFailure, HttpFailure, WriteFailure, tag } from "./failure.ts";
import type { OAuth } from "../accounts/oauth.ts";
import { routes } from "./routes.ts";
import { Schema } from "./schema.ts";
import { failureResponse, jsonResponse, tokenResponse, withCommonHeaders } from "./answer.ts";

/** What the router gives its routes. */
export type RouterParts = {
  readonly services: Services;
  readonly oauth: OAuth;
  readonly definition: Definition;
};

/** One port serves every host; a host may also be told by the first part of the path (V8). */
const hostPrefix = /^\/(?:api|content|notify|www)(?=\/)/;

/** From a request to its answer; knows no socket (V6). */
export class Router {
  readonly #parts: RouterParts;
  readonly #schema: Schema;
  readonly #types: ReadonlyMap<string, RouteType>;

  constructor(parts: RouterParts) {
    this.#parts = parts;
    this.#schema = new Schema(parts.definition, "request");
    this.#types = new Map(parts.definition.routes.map((type) => [type.path, type]));
  }

  /**
   * The answer, whatever happens.
   *
   * @throws {BrokenBody} when the client's own body failed: there is nobody to answer.
   */
  async handle(request: Request): Promise<Response> {
    const { rng } = this.#parts.services;
    const path = new URL(request.url).pathname.replace(hostPrefix, "");
    const route = path.replace(/^\/2\//, "").replace(/^\//, "");
    try {
      return withCommonHeaders(await this.#answer(request, path), rng);
    } catch (error) {
      if (error instanceof BrokenBody) throw error;
      return withCommonHeaders(failureResponse(withoutPlace(error), route, rng), rng);
    }
  }

  async #answer(request: Request, path: string): Promise<Response> {
    if (request.method === "HEAD" && path === "/") return new Response(null);
    if (path === "/oauth2/token" || path === "/1/oauth2/token") return this.#token(request);
    const type = this.#types.get(path);
    const route = routes[path.slice("/2/".length)];
    if (type === undefined || route === undefined) throw new BadCall("Unknown API function");
    checkMethod(request, type);
    const { services } = this.#parts;
    const { account, authorisation } = authenticate(request, type, services);
    const decoder = { schema: this.#schema, limits: services.limits };
    const argument = await decodeArgument(request, { type, route }, decoder);
    const call: Call = { services, account, authorisation, argument, request };
    const result = await route.run(call);
    return result instanceof Response ? result : jsonResponse(result);
  }

  async #token(request: Request): Promise<Response> {
    if (request.method !== "POST") throw new BadCall("Expecting method POST");
    return tokenResponse(this.#parts.oauth.token(await tokenParameters(request)));
  }
}

/** Download-style calls may also be GET (fact sheet 1.1). */
function checkMethod(request: Request, type: RouteType): void {
  const allowed = type.style === "download" ? ["POST", "GET"] : ["POST"];
  if (!allowed.includes(request.method)) {
    throw new BadCall(`Your request's HTTP method is "${request.method}".  Expecting "POST".`);
  }
}

const tokenBodyBytesMax = 64 * 1024;

/** Parameters come in the query, a form body, or in part as Basic authentication (fact sheet 2.2). */
async function tokenParameters(request: Request): Promise<URLSearchParams> {
  const parameters = new URL(request.url).searchParams;
  const tooLong = (): Error => new HttpFailure(400, { error: "invalid_request" });
  const body = await new Body(request, { bytesMax: tokenBodyBytesMax, tooLong }).rest();
  const isForm = request.headers.get("content-type")?.includes("form-urlencoded") ?? false;
  const form = new URLSearchParams(isForm ? Buffer.from(body).toString("utf8") : "");
  for (const [name, value] of form) parameters.set(name, value);
  const basic = /^basic\s+(\S+)$/i.exec(request.headers.get("authorization") ?? "")?.[1];
  if (basic !== undefined) setClient(parameters, Buffer.from(basic, "base64").toString("utf8"));
  return parameters;
}

function setClient(parameters: URLSearchParams, credentials: string): void {
  const colon = credentials.indexOf(":");
  if (colon < 0) throw new HttpFailure(400, { error: "invalid_request" });
  parameters.set("client_id", formDecoded(credentials.slice(0, colon)));
  parameters.set("client_secret", formDecoded(credentials.slice(colon + 1)));
}

/** Credentials are form-encoded before they are joined (RFC 6749, 2.3.1); a broken escape stays as it is. */
function formDecoded(text: string): string {
  return new URLSearchParams(`text=${text.replaceAll("&", "%26")}`).get("text") ?? "";
}

/** A full disk where the route's union has no member for it (V37). */
function withoutPlace(error: unknown): unknown {
  if (!(error instanceof WriteFailure)) return error;
  return new EndpointFailure(tag("other"), "The server has no room left.");
}
