import { request as httpRequest } from "node:http";
import type { IncomingMessage, RequestOptions } from "node:http";
import { connect } from "node:net";
import type { Socket } from "node:net";
import { text } from "node:stream/consumers";
import { seededRng } from "../../src/std/random.ts";
import type { Clock } from "../../src/std/time.ts";
import type { AnsweredCall, Handler } from "../../src/server/front/handler.ts";
import { listen } from "../../src/server/front/listen.ts";
import type { ListenOptions, Listener } from "../../src/server/front/listen.ts";
import { CheckedServer } from "../support/checked-server.ts";

type Sleeper = { readonly untilMs: number; readonly wake: () => void };

/** A clock whose sleepers wake when a test moves it past their time. */
export class HandClock implements Clock {
  #nowMs: number;
  readonly #sleepers = new Set<Sleeper>();

  constructor(nowMs: number = Date.now()) {
    this.#nowMs = nowMs;
  }

  now(): number {
    return this.#nowMs;
  }

  sleep(delayMs: number, signal?: AbortSignal): Promise<void> {
    if (delayMs <= 0) return Promise.resolve();
    return new Promise((resolve, reject) => {
      const sleeper = { untilMs: this.#nowMs + delayMs, wake: resolve };
      this.#sleepers.add(sleeper);
      signal?.addEventListener("abort", () => {
        this.#sleepers.delete(sleeper);
        reject(signal.reason);
      });
    });
  }

  advance(byMs: number): void {
    this.#nowMs += byMs;
    for (const sleeper of this.#sleepers) {
      if (sleeper.untilMs > this.#nowMs) continue;
      this.#sleepers.delete(sleeper);
      sleeper.wake();
    }
  }
}

/** A front on a free loopback port, with what it logged. */
export class OpenFront implements AsyncDisposable {
  readonly listener: Listener;
  readonly clock: HandClock;
  readonly calls: AnsweredCall[] = [];
  readonly troubles: unknown[] = [];
  #logged = Promise.withResolvers<AnsweredCall>();

  private constructor(listener: Listener, clock: HandClock) {
    this.listener = listener;
    this.clock = clock;
  }

  static async on(handler: Handler, options: Partial<ListenOptions> = {}): Promise<OpenFront> {
    const clock = new HandClock();
    const events: { front?: OpenFront } = {};
    const listener = await listen({
      handler,
      clock,
      rng: seededRng(3),
      tls: "http",
      host: "127.0.0.1",
      port: 0,
      names: [],
      onAnswered: (call) => events.front?.log(call),
      onTrouble: (error) => events.front?.troubles.push(error),
      ...options,
    });
    events.front = new OpenFront(listener, clock);
    return events.front;
  }

  /** On a handler that is one function. */
  static with(
    handle: (request: Request) => Promise<Response> | Response,
    options: Partial<ListenOptions> = {},
  ): Promise<OpenFront> {
    return OpenFront.on({ handle: async (request) => await handle(request) }, options);
  }

  private log(call: AnsweredCall): void {
    this.calls.push(call);
    this.#logged.resolve(call);
    this.#logged = Promise.withResolvers();
  }

  /** The next line of the log. */
  next(): Promise<AnsweredCall> {
    return this.#logged.promise;
  }

  /** A connection that writes what it is told. */
  raw(): RawClient {
    return new RawClient(connect({ port: this.listener.port, host: "127.0.0.1" }));
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.listener.close({ graceMs: 0 });
  }
}

/** An answer as Node's own client got it. */
export type Got = { status: number; headers: IncomingMessage["headers"]; text: string };

/** One request by Node's own client. */
export async function call(
  front: OpenFront,
  options: RequestOptions,
  pieces: readonly (string | Uint8Array)[] = [],
): Promise<Got> {
  const message = await new Promise<IncomingMessage>((resolve, reject) => {
    const sent = httpRequest({ port: front.listener.port, method: "POST", ...options }, resolve);
    sent.on("error", reject);
    for (const piece of pieces) sent.write(piece);
    sent.end();
  });
  const { statusCode = 0, headers } = message;
  return { status: statusCode, headers, text: await text(message) };
}

/** Bytes to and from a socket, as text in latin1. */
export class RawClient {
  readonly socket: Socket;
  /** Everything that came. */
  text = "";
  /** Resolves when the connection has ended, with its error where it had one. */
  readonly ended: Promise<NodeJS.ErrnoException | undefined>;
  #changed = Promise.withResolvers<void>();

  constructor(socket: Socket) {
    this.socket = socket;
    const ended = Promise.withResolvers<NodeJS.ErrnoException | undefined>();
    this.ended = ended.promise;
    socket.on("error", (error) => ended.resolve(error));
    socket.on("close", () => {
      ended.resolve(undefined);
      this.#changed.resolve();
    });
    socket.on("data", (chunk) => {
      this.text += chunk.toString("latin1");
      this.#changed.resolve();
      this.#changed = Promise.withResolvers();
    });
  }

  send(text: string): this {
    this.socket.write(text, "latin1");
    return this;
  }

  /** Until the text that came matches, or the connection has ended. */
  async until(pattern: RegExp): Promise<string> {
    while (!pattern.test(this.text) && !this.socket.closed) await this.#changed.promise;
    return this.text;
  }
}

/** The real server behind a front, and a raw request for one of its calls. */
export async function openChecked(): Promise<{ checked: CheckedServer; front: OpenFront }> {
  const checked = await CheckedServer.open();
  return { checked, front: await OpenFront.on(checked.server) };
}
