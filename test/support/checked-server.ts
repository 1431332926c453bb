import { Dropbox } from "dropbox";
import { expect } from "vitest";
import { present } from "../../src/std/assert.ts";
import { seededRng } from "../../src/std/random.ts";
import type { Clock } from "../../src/std/time.ts";
import { AnswerCheck } from "../../src/server/control/answer-check.ts";
import { loadDefinition } from "../../src/server/wire/definition.ts";
import { openServer } from "../../src/server/serve.ts";
import type { Admin, DropboxServer, ServerOptions } from "../../src/server/serve.ts";

/** Seconds since 1970 at which the clock of a checked server starts: 2026-11-21T12:00:00Z. */
export const startSeconds: number = Date.parse("2026-11-21T12:00:00Z") / 1000;

type Sleeper = { readonly untilMs: number; readonly wake: () => void };

/** A clock that stands still until a test moves it; who sleeps wakes when it has moved that far. */
export class SetClock implements Clock {
  #seconds = startSeconds;
  readonly #sleepers = new Set<Sleeper>();

  get seconds(): number {
    return this.#seconds;
  }

  set seconds(seconds: number) {
    this.#seconds = seconds;
    for (const { untilMs, wake } of this.#sleepers) if (untilMs <= this.now()) wake();
  }

  /** How many sleep. */
  get sleeping(): number {
    return this.#sleepers.size;
  }

  now(): number {
    return this.#seconds * 1000;
  }

  sleep(delayMs: number, signal?: AbortSignal): Promise<void> {
    const { promise, resolve, reject } = Promise.withResolvers<void>();
    const untilMs = this.now() + delayMs;
    if (signal?.aborted) reject(signal.reason);
    else if (untilMs <= this.now()) resolve();
    else {
      const stop = (): void => {
        this.#sleepers.delete(sleeper);
        reject(signal?.reason);
      };
      const wake = (): void => {
        this.#sleepers.delete(sleeper);
        signal?.removeEventListener("abort", stop);
        resolve();
      };
      const sleeper: Sleeper = { untilMs, wake };
      this.#sleepers.add(sleeper);
      signal?.addEventListener("abort", stop, { once: true });
    }
    return promise;
  }
}

/** What a raw call brought back. */
export type Answer = {
  readonly status: number;
  readonly headers: Headers;
  readonly text: string;
  /** The parsed body of a JSON answer, untyped. */
  // oxlint-disable-next-line typescript/no-explicit-any -- tests read single members of many shapes
  readonly json: any;
};

/** What a raw call sends besides its argument. */
export type CallOptions = {
  readonly body?: Uint8Array | string | ReadableStream;
  readonly headers?: Record<string, string>;
  readonly token?: string;
};

/** How a checked server is opened: in memory, with a clock that stands still, unless it says otherwise. */
export type CheckedOptions = Partial<Omit<ServerOptions, "clock" | "rng">> & {
  readonly clock?: SetClock;
  readonly seed?: number;
};

/** A server whose every 200 and 409 answer is checked against the definition (V4), with one account. */
export class CheckedServer implements AsyncDisposable {
  readonly server: DropboxServer;
  readonly clock: SetClock;
  readonly accountId: string;
  readonly token: string;
  /** What requests go through to the server, such as a socket; straight into it where absent. */
  reach: typeof fetch | undefined;
  readonly #answers = new AnswerCheck(loadDefinition());
  readonly #routes = new Map(loadDefinition().routes.map((route) => [route.path, route]));

  private constructor(server: DropboxServer, clock: SetClock) {
    this.server = server;
    this.clock = clock;
    const account = server.accounts()[0] ?? server.addAccount({ name: "Anna Berg" });
    this.accountId = account.id;
    this.token = server.issueToken(account.id).accessToken;
  }

  static async open(options: CheckedOptions = {}): Promise<CheckedServer> {
    const { data = ":memory:", clock = new SetClock(), seed = 1, ...others } = options;
    const server = await openServer({ ...others, data, clock, rng: seededRng(seed) });
    return new CheckedServer(server, clock);
  }

  /** The admin interface of a server that was opened with one. */
  get admin(): Admin {
    return present(this.server.admin, "the admin interface");
  }

  /** The official SDK on this server. */
  sdk(token: string = this.token): Dropbox {
    return new Dropbox({ accessToken: token, fetch: this.fetch });
  }

  readonly fetch: typeof fetch = async (input, init) => {
    const response = await (this.reach ?? this.server.fetch)(input, init);
    const url = input instanceof Request ? input.url : input;
    await this.#check(new URL(url).pathname, response);
    return response;
  };

  /** A raw rpc call. */
  rpc(route: string, argument?: unknown, options: CallOptions = {}): Promise<Answer> {
    const body = argument === undefined ? {} : { body: JSON.stringify(argument) };
    const headers = argument === undefined ? {} : { "content-type": "application/json" };
    return this.#call(route, { ...body, ...options, headers: { ...headers, ...options.headers } });
  }

  /** A raw upload-style or download-style call. */
  content(route: string, argument: unknown, options: CallOptions = {}): Promise<Answer> {
    const type = this.#routes.get(`/2/${route}`);
    const headers: Record<string, string> = { "dropbox-api-arg": headerJson(argument) };
    if (type?.style === "upload") headers["content-type"] = "application/octet-stream";
    return this.#call(route, { ...options, headers: { ...headers, ...options.headers } });
  }

  /** Upload with `files/upload`; returns the metadata. */
  async upload(
    path: string,
    body: Uint8Array | string,
    more: object = {},
  ): Promise<Answer["json"]> {
    const answer = await this.content("files/upload", { path, ...more }, { body });
    expect(answer.text, path).toContain("content_hash");
    return answer.json;
  }

  async #call(route: string, options: CallOptions): Promise<Answer> {
    const { body = null, headers, token = this.token } = options;
    const response = await this.fetch(`https://api.dropboxapi.com/2/${route}`, {
      method: "POST",
      body,
      headers: { authorization: `Bearer ${token}`, ...headers },
    });
    const text = await response.text();
    const isJson = response.headers.get("content-type") === "application/json";
    const json: unknown = isJson ? JSON.parse(text) : undefined;
    return { status: response.status, headers: response.headers, text, json };
  }

  async #check(path: string, response: Response): Promise<void> {
    expect(response.headers.get("x-dropbox-request-id")).toMatch(/^[0-9a-f]{32}$/);
    const route = this.#routes.get(path);
    if (route === undefined) return;
    expect(await this.#answers.misfit(route, response)).toBeUndefined();
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.server.close();
  }
}

/** The argument as every official SDK writes it into a header: ASCII only. */
function headerJson(argument: unknown): string {
  return JSON.stringify(argument).replace(
    /[\u007f-\uffff]/g,
    (unit) => `\\u${unit.charCodeAt(0).toString(16).padStart(4, "0")}`,
  );
}
