import { hash, timingSafeEqual } from "node:crypto";
import { SnapError, describeError, isSnapError } from "../../std/error.ts";
import type { Rng } from "../../std/random.ts";
import {
  jsonResponse,
  parseJson,
  textResponse,
  utf8Text,
  withCommonHeaders,
} from "../wire/answer.ts";
import { Body } from "../wire/body.ts";
import { BadCall } from "../wire/failure.ts";
import type { Json } from "../wire/failure.ts";
import type { Admin } from "./admin.ts";
import type { Control } from "./control.ts";
import { JsonReader } from "./json-reader.ts";
import { metricsContentType } from "./metrics-text.ts";
import { readProfile } from "./profiles.ts";

/** What one method on one path does; what it returns is sent as JSON. */
type Work = (body: Json) => Json | Response | Promise<Json>;

/** Much longer than any sensible list of scripts. */
const bodyBytesMax = 1024 * 1024;

/** The admin interface as requests and answers (V70): JSON both ways, errors too, and nothing without the token. */
export class AdminHttp {
  readonly #token: string;
  readonly #rng: Rng;
  readonly #works: ReadonlyMap<string, Readonly<Record<string, Work>>>;

  constructor(admin: Admin, control: Control, rng: Rng) {
    this.#token = admin.token;
    this.#rng = rng;
    this.#works = new Map(Object.entries(worksOf(admin, control)));
  }

  /** The answer, whatever happens. */
  async handle(request: Request): Promise<Response> {
    return withCommonHeaders(await this.#answer(request), this.#rng);
  }

  async #answer(request: Request): Promise<Response> {
    if (!isSame(bearerOf(request), this.#token)) {
      return problem(401, "The admin interface wants its own token, as Authorization: Bearer");
    }
    const { pathname } = new URL(request.url);
    const works = this.#works.get(pathname);
    if (works === undefined) {
      return problem(404, `There is ${[...this.#works.keys()].join(", ")}`);
    }
    const work = Object.hasOwn(works, request.method) ? works[request.method] : undefined;
    if (work === undefined) return notAllowed(Object.keys(works));
    try {
      const result = await work(await bodyOf(request));
      return result instanceof Response ? result : jsonResponse(result);
    } catch (error) {
      return problem(statusOf(error), describeError(error));
    }
  }
}

function worksOf(
  admin: Admin,
  { faults, recorder, simulation }: Control,
): Readonly<Record<string, Readonly<Record<string, Work>>>> {
  return {
    "/metrics": {
      GET: () => metricsResponse(admin.metrics()),
      DELETE: () => done(recorder.metrics.zero()),
    },
    "/calls": {
      GET: () => admin.calls(),
      DELETE: () => done(recorder.forgetRecent()),
    },
    "/faults": {
      GET: () => admin.faults(),
      PUT: (body) => done(faults.set(body)),
      POST: (body) => done(faults.add(body)),
      DELETE: () => done(faults.set([])),
    },
    "/fired": {
      GET: () => admin.fired(),
      DELETE: () => done(faults.forgetFired()),
    },
    "/profile": {
      GET: () => admin.profile(),
      PUT: (body) => done(simulation.setProfile(readProfile(body))),
    },
    "/cursor-reset": {
      POST: async (body) => done(await admin.resetCursors(accountIn(body))),
    },
  };
}

/** Where there is nothing to tell. */
function done(_work: void): Json {
  return {};
}

function metricsResponse(text: string): Response {
  const answer = textResponse(text, 200);
  answer.headers.set("content-type", metricsContentType);
  return answer;
}

function accountIn(body: Json): string {
  const reader = new JsonReader(body, "", ["account"]);
  return reader.required("account", reader.text("account"));
}

async function bodyOf(request: Request): Promise<Json> {
  const tooLong = (): Error => new SnapError("usage", `A body has at most ${bodyBytesMax} bytes`);
  const bytes = await new Body(request, { bytesMax: bodyBytesMax, tooLong }).rest();
  return bytes.length === 0 ? null : parseJson(utf8Text(bytes));
}

function bearerOf(request: Request): string {
  return /^bearer (\S+)$/i.exec(request.headers.get("authorization") ?? "")?.[1] ?? "";
}

/** In a time that tells nothing about either. */
function isSame(given: string, expected: string): boolean {
  return timingSafeEqual(digest(given), digest(expected));
}

function digest(text: string): Uint8Array {
  return hash("sha256", text, "buffer");
}

function problem(status: number, text: string): Response {
  return jsonResponse({ error: text }, status);
}

function notAllowed(methods: readonly string[]): Response {
  const answer = problem(405, `The methods here are ${methods.join(", ")}`);
  answer.headers.set("allow", methods.join(", "));
  return answer;
}

/** What the caller sent is to blame, or is not there; anything else is ours. */
function statusOf(error: unknown): number {
  if (isSnapError(error, "not-found")) return 404;
  return isSnapError(error, "usage") || error instanceof BadCall ? 400 : 500;
}
