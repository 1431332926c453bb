import { authenticate } from "./authenticate.ts";
import type { Caller } from "./authenticate.ts";
import { BrokenBody } from "./body.ts";
import type { OpenCall, Services } from "./call.ts";
import { cutBehind } from "./connection-cut.ts";
import { troubleOfCoding } from "./content-coding.ts";
import { decodeArgument } from "./decode.ts";
import { hasOther } from "./definition.ts";
import type { Definition, RouteType } from "./definition.ts";
import { BadCall, EndpointFailure, HttpFailure, WriteFailure, tag } from "./failure.ts";
import type { Json } from "./failure.ts";
import type { AnswerCheck } from "../control/answer-check.ts";
import type { CallFacts, Passage } from "./interposer.ts";
import type { OAuth } from "../accounts/oauth.ts";
import { pages } from "./pages.ts";
import type { Page } from "./pages.ts";
import { routes } from "./routes.ts";
import type { Route } from "./routes.ts";
import { Schema } from "./schema.ts";
import {
  errorEnvelope,
  failureResponse,
  jsonResponse,
  newRequestId,
  withCommonHeaders,
} from "./answer.ts";

/** What the router gives its routes. */
export type RouterParts = {
  readonly services: Services;
  readonly oauth: OAuth;
  readonly definition: Definition;
  /** Whether members of arguments that the definition does not know are left out instead of refused (Choice 1). */
  readonly acceptUnknownMembers?: boolean;
  /** Where answers are checked before they are sent (V4). */
  readonly answerCheck?: AnswerCheck | undefined;
};

/** One port serves every host; a host may also be told by the first part of the path (V8). */
const hostPrefix = /^\/(api|content|notify|www)(?=\/)/;

/** A request on its way; what is known of it grows. */
type Exchange = {
  readonly requestId: string;
  readonly url: URL;
  readonly host: string;
  /** As the interposer lets it through. */
  request: Request;
  facts: CallFacts;
  type: RouteType | undefined;
};

/** From a request to its answer; knows no socket (V6). */
export class Router {
  readonly #parts: RouterParts;
  readonly #schema: Schema;
  readonly #types: ReadonlyMap<string, RouteType>;

  constructor(parts: RouterParts) {
    this.#parts = parts;
    this.#schema = new Schema(parts.definition, "request", parts);
    this.#types = new Map(parts.definition.routes.map((type) => [type.path, type]));
  }

  /**
   * The answer, whatever happens.
   *
   * @throws {BrokenBody} when the client is gone: there is nobody to answer; {ConnectionCut} where a fault says so.
   */
  async handle(request: Request): Promise<Response> {
    const { interposer, rng } = this.#parts.services;
    const exchange = exchangeOf(request, newRequestId(rng));
    const { requestId, host, facts } = exchange;
    const passage = await interposer.enter({ requestId, route: facts.route, host, request });
    exchange.request = passage.request;
    try {
      const failedOrNot = await this.#answerOrFailure(exchange, passage);
      const answer = await passage.after(exchange.facts, failedOrNot);
      return withCommonHeaders(answer, rng, requestId);
    } catch (error) {
      passage.lost(exchange.facts, error);
      throw error;
    }
  }

  async #answerOrFailure(exchange: Exchange, passage: Passage): Promise<Response> {
    const { rng } = this.#parts.services;
    try {
      return await this.#checked(exchange, await this.#answer(exchange, passage));
    } catch (error) {
      const cut = cutBehind(error);
      if (cut !== undefined || error instanceof BrokenBody) throw cut ?? error;
      const failure = failureResponse(this.#placed(error, exchange), exchange.facts.route, rng);
      return await this.#checked(exchange, failure);
    }
  }

  /** A full disk where the route's union has no member for it: its catch-all, and else 503 (V37). */
  #placed(error: unknown, { type }: Exchange): unknown {
    if (!(error instanceof WriteFailure)) return error;
    if (hasOther(this.#parts.definition, type?.error ?? null)) {
      return new EndpointFailure(tag("other"), "The server has no room left.");
    }
    return new HttpFailure(503, errorEnvelope(error.error, this.#parts.services.rng));
  }

  /** A misfit is a defect of the server, and says so instead of being sent. */
  async #checked({ type, facts }: Exchange, answer: Response): Promise<Response> {
    const { answerCheck, services } = this.#parts;
    if (answerCheck === undefined || type === undefined) return answer;
    const misfit = await answerCheck.misfit(type, answer);
    if (misfit === undefined) return answer;
    await answer.body?.cancel();
    const defect = new Error(`the answer of "${facts.route}" does not fit: ${misfit}`);
    return failureResponse(defect, facts.route, services.rng);
  }

  async #answer(exchange: Exchange, passage: Passage): Promise<Response> {
    const { request, url } = exchange;
    const coding = troubleOfCoding(request.headers);
    if (coding !== undefined) throw new BadCall(coding);
    if (request.method === "HEAD" && url.pathname === "/") return new Response(null);
    const page = pages.find(({ path }) => path.test(url.pathname));
    return page === undefined
      ? await this.#call(exchange, passage)
      : await this.#page(page, exchange, passage);
  }

  async #page(page: Page, exchange: Exchange, passage: Passage): Promise<Response> {
    const { services, oauth } = this.#parts;
    const { request, url } = exchange;
    exchange.facts = { ...exchange.facts, route: page.route };
    await passage.before(exchange.facts);
    return await page.run({ services, oauth, request, url });
  }

  async #call(exchange: Exchange, passage: Passage): Promise<Response> {
    const { request, url } = exchange;
    const type = this.#types.get(url.pathname);
    const route = routes[url.pathname.slice("/2/".length)];
    if (type === undefined || route === undefined) throw new BadCall("Unknown API function");
    exchange.type = type;
    checkMethod(request, type);
    const { services } = this.#parts;
    const recognition = { ...this.#parts, schema: this.#schema };
    const caller = authenticate(request, { type, route }, recognition);
    exchange.facts = { ...exchange.facts, account: accountOf(caller) };
    const namespace = caller.kind === "user" ? caller.view.spaces[0].id : undefined;
    const decoder = { schema: this.#schema, limits: services.limits, namespace };
    const argument = await decodeArgument(request, { type, route }, decoder);
    exchange.facts = { ...exchange.facts, path: argument.firstPath() };
    const disturbance = await passage.before(exchange.facts);
    const result = await run(route, caller, { services, argument, request, disturbance });
    return result instanceof Response ? result : jsonResponse(result);
  }
}

function exchangeOf(request: Request, requestId: string): Exchange {
  const url = new URL(request.url);
  const host = hostPrefix.exec(url.pathname)?.[1] ?? url.hostname;
  url.pathname = url.pathname.replace(hostPrefix, "");
  const route = url.pathname.replace(/^\/2\//, "").replace(/^\//, "");
  const facts = { route, account: undefined, path: undefined };
  return { requestId, url, host, request, facts, type: undefined };
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
