import { authenticate } from "./authenticate.ts";
import type { Caller } from "./authenticate.ts";
import { BrokenBody } from "./body.ts";
import type { OpenCall, Services } from "./call.ts";
import { ConnectionCut } from "./connection-cut.ts";
import { decodeArgument } from "./decode.ts";
import type { Definition, RouteType } from "./definition.ts";
import { BadCall, EndpointFailure, WriteFailure, tag } from "./failure.ts";
import type { Json } from "./failure.ts";
import type { CallFacts } from "./interposer.ts";
import type { OAuth } from "../accounts/oauth.ts";
import { pages } from "./pages.ts";
import type { Page } from "./pages.ts";
import { routes } from "./routes.ts";
import type { Route } from "./routes.ts";
import { Schema } from "./schema.ts";
import { failureResponse, jsonResponse, withCommonHeaders } from "./answer.ts";

/** What the router gives its routes. */
export type RouterParts = {
  readonly services: Services;
  readonly oauth: OAuth;
  readonly definition: Definition;
};

/** One port serves every host; a host may also be told by the first part of the path (V8). */
const hostPrefix = /^\/(?:api|content|notify|www)(?=\/)/;

/** A request on its way; what is known of it grows. */
type Exchange = {
  readonly request: Request;
  readonly url: URL;
  facts: CallFacts;
};

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
   * @throws {BrokenBody} when the client's own body failed: there is nobody to answer; {ConnectionCut} where a fault
   * says so.
   */
  async handle(request: Request): Promise<Response> {
    const { interposer, rng } = this.#parts.services;
    const exchange = exchangeOf(request);
    const answer = withCommonHeaders(await this.#answerOrFailure(exchange), rng);
    return await interposer.after(exchange.facts, answer);
  }

  async #answerOrFailure(exchange: Exchange): Promise<Response> {
    try {
      return await this.#answer(exchange);
    } catch (error) {
      const cause = error instanceof BrokenBody ? error.cause : error;
      if (cause instanceof ConnectionCut) throw cause;
      if (error instanceof BrokenBody) throw error;
      return failureResponse(withoutPlace(error), exchange.facts.route, this.#parts.services.rng);
    }
  }

  async #answer(exchange: Exchange): Promise<Response> {
    const { request, url } = exchange;
    if (request.method === "HEAD" && url.pathname === "/") return new Response(null);
    const page = pages.find(({ path }) => path.test(url.pathname));
    return page === undefined ? await this.#call(exchange) : await this.#page(page, exchange);
  }

  async #page(page: Page, exchange: Exchange): Promise<Response> {
    const { services, oauth } = this.#parts;
    exchange.facts = { ...exchange.facts, route: page.route };
    const { request } = await services.interposer.before(exchange.facts, exchange.request);
    return await page.run({ services, oauth, request, url: exchange.url });
  }

  async #call(exchange: Exchange): Promise<Response> {
    const { request, url } = exchange;
    const type = this.#types.get(url.pathname);
    const route = routes[url.pathname.slice("/2/".length)];
    if (type === undefined || route === undefined) throw new BadCall("Unknown API function");
    checkMethod(request, type);
    const { services } = this.#parts;
    const caller = authenticate(request, { type, route }, this.#parts);
    exchange.facts = { ...exchange.facts, account: accountOf(caller) };
    const decoder = { schema: this.#schema, limits: services.limits };
    const argument = await decodeArgument(request, { type, route }, decoder);
    exchange.facts = { ...exchange.facts, path: argument.firstPath() };
    const passage = await services.interposer.before(exchange.facts, request);
    const result = await run(route, caller, { services, argument, ...passage });
    return result instanceof Response ? result : jsonResponse(result);
  }
}

function exchangeOf(request: Request): Exchange {
  const url = new URL(request.url);
  url.pathname = url.pathname.replace(hostPrefix, "");
  const route = url.pathname.replace(/^\/2\//, "").replace(/^\//, "");
  return { request, url, facts: { route, account: undefined, path: undefined } };
}

function accountOf(caller: Caller): string | undefined {
  return caller.kind === "user" ? caller.bearer.account.id : undefined;
}

async function run(route: Route, caller: Caller, call: OpenCall): Promise<Json | Response> {
  switch (caller.kind) {
    case "user":
      return (await route.user?.({ ...call, ...caller.bearer, view: caller.view })) ?? null;
    case "app":
      return (await route.app?.({ ...call, app: caller.app })) ?? null;
    case "nobody":
      return (await route.nobody?.(call)) ?? null;
  }
}

/** Download-style calls may also be GET (fact sheet 1.1). */
function checkMethod(request: Request, type: RouteType): void {
  const allowed = type.style === "download" ? ["POST", "GET"] : ["POST"];
  if (!allowed.includes(request.method)) {
    throw new BadCall(`Your request's HTTP method is "${request.method}".  Expecting "POST".`);
  }
}

/** A full disk where the route's union has no member for it (V37). */
function withoutPlace(error: unknown): unknown {
  if (!(error instanceof WriteFailure)) return error;
  return new EndpointFailure(tag("other"), "The server has no room left.");
}
