import type { IncomingMessage, Server, ServerOptions, ServerResponse } from "node:http";
import type { Server as TlsServer } from "node:https";
import type { ListenOptions, Socket } from "node:net";
import type { Clock } from "../../std/time.ts";
import { Connections } from "./connections.ts";
import { Exchange } from "./exchange.ts";
import type { Arrival, FrontParts } from "./exchange.ts";
import type { AnsweredCall } from "./handler.ts";
import * as limits from "./limits.ts";
import { refuseBytes } from "./refuse-bytes.ts";
import type { Door } from "./request.ts";

/** A server as Node makes it, made with `nodeOptions`. */
export type NodeServer = Server | TlsServer;

/** What makes a Node server into a front. */
export type FrontOptions = {
  readonly door: Door;
  readonly answer: (request: Request) => Promise<Response>;
  readonly foreignPaths: ReadonlySet<string>;
  readonly clock: Clock;
  readonly onAnswered?: ((call: AnsweredCall) => void) | undefined;
  readonly onTrouble?: ((error: unknown) => void) | undefined;
};

/** Options of `createServer` that stand for the limits; requests and answers may take as long as they like. */
export const nodeOptions: ServerOptions = {
  maxHeaderSize: limits.headerBytesMax,
  headersTimeout: limits.headersTimeoutMs,
  requestTimeout: 0,
  keepAliveTimeout: limits.keepAliveMs,
  // A missing `Host` is answered like a wrong one.
  requireHostHeader: false,
  noDelay: true,
  keepAlive: true,
  keepAliveInitialDelay: limits.keepAliveMs,
};

/** The requests of one connection are worked on one after the other, in the order they came. */
type Queue = { waiting: number; last: Promise<void> };

/** One listening server: takes requests from sockets to the handler, and answers back. */
export class Front {
  readonly #server: NodeServer;
  readonly #parts: FrontParts;
  readonly #connections = new Connections();
  readonly #queues = new Map<Socket, Queue>();
  readonly #refused = new WeakSet<Socket>();
  readonly #running = new Set<Exchange>();
  readonly #idle = new Set<() => void>();
  readonly #closed = Promise.withResolvers<void>();
  #isStopping = false;

  constructor(server: NodeServer, options: FrontOptions) {
    this.#server = server;
    this.#parts = {
      ...options,
      onAnswered: options.onAnswered ?? (() => {}),
      onTrouble: options.onTrouble ?? (() => {}),
      reset: (socket) => this.#connections.reset(socket),
      isStopping: () => this.#isStopping,
    };
    server.timeout = limits.silenceMs;
    server.maxConnections = limits.connectionsMax;
    // Node would drop what is more; it is counted and refused instead.
    server.maxHeadersCount = 0;
    server.on("connection", (socket: Socket) => this.#admit(socket));
    server.on("request", (message, to) => this.#take({ message, to, awaitsContinue: false }));
    server.on("checkContinue", (message: IncomingMessage, to: ServerResponse) =>
      this.#take({ message, to, awaitsContinue: true }),
    );
    server.on("clientError", (error: Error, socket: Socket) => this.#refuse(error, socket));
    server.once("close", () => this.#closed.resolve());
  }

  /** Resolves when the server listens, and rejects with Node's error when it cannot. */
  listen(where: ListenOptions): Promise<void> {
    return new Promise((resolve, reject) => {
      this.#server.once("error", reject);
      this.#server.listen(where, () => {
        this.#server.off("error", reject);
        // One connection could not be taken: no reason to stop serving the others.
        this.#server.on("error", this.#parts.onTrouble);
        resolve();
      });
    });
  }

  /**
   * Stop: take nothing new, end waiting longpolls, and give what runs that long. Then every connection ends. A second
   * call may give less.
   */
  async close(graceMs: number): Promise<void> {
    this.#stopTaking();
    const waited = new AbortController();
    await Promise.race([this.#untilIdle(), this.#graceOver(graceMs, waited.signal)]);
    waited.abort();
    this.#server.close();
    this.#connections.destroyAll();
    await this.#closed.promise;
  }

  /** The port stays taken until the last answer is out, but nobody else comes in. */
  #admit(socket: Socket): void {
    if (this.#isStopping) socket.destroy();
    else this.#connections.add(socket);
  }

  #take(arrival: Arrival): void {
    const { socket } = arrival.message;
    const queue = this.#queueOf(socket);
    queue.waiting += 1;
    if (queue.waiting > limits.pipelinedMax) {
      socket.destroy();
      return;
    }
    queue.last = this.#exchange(arrival, queue, queue.last);
  }

  #queueOf(socket: Socket): Queue {
    const known = this.#queues.get(socket);
    if (known !== undefined) return known;
    const queue = { waiting: 0, last: Promise.resolve() };
    this.#queues.set(socket, queue);
    socket.once("close", () => this.#queues.delete(socket));
    return queue;
  }

  async #exchange(arrival: Arrival, queue: Queue, before: Promise<void>): Promise<void> {
    const { socket } = arrival.message;
    const exchange = new Exchange(arrival, this.#parts);
    this.#running.add(exchange);
    await before;
    // What was asked on a connection that has ended meanwhile is not begun.
    if (socket.writable) await exchange.run();
    queue.waiting -= 1;
    if (this.#isStopping && queue.waiting === 0) socket.destroySoon();
    this.#running.delete(exchange);
    if (this.#running.size === 0) for (const tell of this.#idle) tell();
  }

  /** Parsing goes on failing for what comes after; one answer is enough. */
  #refuse(error: Error, socket: Socket): void {
    if (this.#refused.has(socket)) return;
    this.#refused.add(socket);
    const isAnswering = (this.#queues.get(socket)?.waiting ?? 0) > 0;
    // A refusal in the middle of another call's answer would be taken for a part of it.
    if (isAnswering) socket.destroy();
    else refuseBytes({ error, socket, rng: this.#parts.door.rng });
  }

  #stopTaking(): void {
    if (this.#isStopping) return;
    this.#isStopping = true;
    for (const [socket, { waiting }] of this.#queues) if (waiting === 0) socket.destroySoon();
    for (const exchange of this.#running) exchange.endWaiting();
  }

  #untilIdle(): Promise<void> {
    if (this.#running.size === 0) return Promise.resolve();
    return new Promise((resolve) => this.#idle.add(resolve));
  }

  async #graceOver(graceMs: number, signal: AbortSignal): Promise<void> {
    try {
      await this.#parts.clock.sleep(graceMs, signal);
    } catch (error) {
      // Not needed any more: everything has ended before.
      if (!signal.aborted) throw error;
    }
  }
}
