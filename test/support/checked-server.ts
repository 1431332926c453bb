import { Dropbox } from "dropbox";
import { expect } from "vitest";
import { seededRng } from "../../src/std/random.ts";
import type { Clock } from "../../src/std/time.ts";
import { loadDefinition } from "../../src/server/wire/definition.ts";
import type { RouteType, TypeUse } from "../../src/server/wire/definition.ts";
import type { Json } from "../../src/server/wire/failure.ts";
import type { Limits } from "../../src/server/limits.ts";
import { Schema, isObject } from "../../src/server/wire/schema.ts";
import { openServer } from "../../src/server/serve.ts";
import type { DropboxServer } from "../../src/server/serve.ts";

/** Seconds since 1970 at which the clock of a checked server starts: 2026-11-21T12:00:00Z. */
export const startSeconds: number = Date.parse("2026-11-21T12:00:00Z") / 1000;

/** A clock that stands still until a test moves it. */
export class SetClock implements Clock {
  seconds = startSeconds;

  now(): number {
    return this.seconds * 1000;
  }

  sleep(): Promise<void> {
    throw new Error("A server never sleeps");
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

/** A server whose every 200 and 409 answer is checked against the definition (V4), with one account. */
export class CheckedServer implements AsyncDisposable {
  readonly server: DropboxServer;
  readonly clock: SetClock;
  readonly accountId: string;
  readonly token: string;
  readonly #responses = new Schema(loadDefinition(), "response");
  readonly #routes = new Map(loadDefinition().routes.map((route) => [route.path, route]));

  private constructor(server: DropboxServer, clock: SetClock) {
    this.server = server;
    this.clock = clock;
    const account = server.accounts()[0] ?? server.addAccount({ name: "Anna Berg" });
    this.accountId = account.id;
    this.token = server.issueToken(account.id).accessToken;
  }

  static async open(
    options: { data?: string; limits?: Partial<Limits>; clock?: SetClock; seed?: number } = {},
  ): Promise<CheckedServer> {
    const { data = ":memory:", limits = {}, clock = new SetClock(), seed = 1 } = options;
    const server = await openServer({ data, limits, clock, rng: seededRng(seed) });
    return new CheckedServer(server, clock);
  }

  /** The official SDK on this server. */
  sdk(token: string = this.token): Dropbox {
    return new Dropbox({ accessToken: token, fetch: this.fetch });
  }

  readonly fetch: typeof fetch = async (input, init) => {
    const response = await this.server.fetch(input, init);
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
    if (response.status === 409) await this.#checkError(route, response);
    else if (response.ok) await this.#checkResult(route, response);
  }

  async #checkResult(route: RouteType, response: Response): Promise<void> {
    const header = response.headers.get("dropbox-api-result");
    const text = header ?? (await response.clone().text());
    expect(text, "ASCII only").toMatch(/^[\x20-\x7e]*$/);
    if (route.style !== "download") {
      expect(response.headers.get("content-type")).toBe("application/json");
    }
    this.#checkValue(route.result, text);
  }

  async #checkError(route: RouteType, response: Response): Promise<void> {
    expect(response.headers.get("content-type")).toBe("application/json");
    const envelope = JSON.parse(await response.clone().text());
    expect(Object.keys(envelope).filter((name) => name !== "user_message")).toEqual([
      "error_summary",
      "error",
    ]);
    expect(envelope.error_summary).toMatch(/^[a-z_]+(\/[a-z_]+)*\/\.{0,3}$/);
    expect(envelope.error_summary.startsWith(`${envelope.error[".tag"]}/`)).toBe(true);
    expect(route.error, `${route.path} has an error type`).not.toBeNull();
    this.#checkValue(route.error, JSON.stringify(envelope.error));
  }

  #checkValue(use: TypeUse | null, text: string): void {
    if (use === null) {
      expect(text).toBe("null");
      return;
    }
    const value: Json = JSON.parse(text);
    this.#responses.check(use, value);
    checkDownloadable(value);
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

/** Files always say that they can be downloaded (V4). */
function checkDownloadable(value: Json): void {
  if (Array.isArray(value)) value.forEach(checkDownloadable);
  if (!isObject(value)) return;
  if ("client_modified" in value) expect(value["is_downloadable"]).toBe(true);
  Object.values(value).forEach((member) => {
    if (member !== undefined) checkDownloadable(member);
  });
}
