import type { IncomingMessage, ServerResponse } from "node:http";
import type { Socket } from "node:net";
import type { Clock } from "../../std/time.ts";
import { withCommonHeaders } from "../wire/answer.ts";
import { BrokenBody } from "../wire/body.ts";
import { cutBehind } from "../wire/connection-cut.ts";
import { shownPath } from "../wire/shown-path.ts";
import { isForeignReadable } from "./cors.ts";
import type { AnsweredCall } from "./handler.ts";
import { drainedBytesMax } from "./limits.ts";
import { MessageBody } from "./message-body.ts";
import { readHead, refuse } from "./request.ts";
import type { Door, Head } from "./request.ts";
import { letGo, sendResponse } from "./respond.ts";

/** What all exchanges of one front share. */
export type FrontParts = {
  readonly door: Door;
  readonly answer: (request: Request) => Promise<Response>;
  /** Paths whose answers may be readable by other sites' pages. */
  readonly foreignPaths: ReadonlySet<string>;
  readonly clock: Clock;
  readonly reset: (socket: Socket) => void;
  readonly isStopping: () => boolean;
  readonly onAnswered: (call: AnsweredCall) => void;
  /** Gets what the handler threw against its contract, for the log. */
  readonly onTrouble: (error: unknown) => void;
};

/** One message that came in, and where its answer goes. */
export type Arrival = {
  readonly message: IncomingMessage;
  readonly to: ServerResponse;
  /** The client sends no body before it is told to go on (`Expect: 100-continue`). */
  readonly awaitsContinue: boolean;
};

/** One request and its answer on a connection. */
export class Exchange {
  readonly #arrival: Arrival;
  readonly #parts: FrontParts;
  /** Fires when the connection is gone. */
  readonly #gone = new AbortController();
  /** The signal of the request: fires then too, and may fire when the front stops. */
  readonly #abort = new AbortController();
  readonly #startedMs: number;
  #head: Head | undefined;
  #body: MessageBody | undefined;
  /** Held until the end: its signal follows ours only as long as the request itself is referenced. */
  #request: Request | undefined;
  #answer: Response | undefined;
  #bytesOut = 0;
  #isWhole = false;

  constructor(arrival: Arrival, parts: FrontParts) {
    this.#arrival = arrival;
    this.#parts = parts;
    this.#startedMs = parts.clock.now();
  }

  /** Whether the request waits for something to happen, so that a front that stops shall not wait for it. */
  get isWaiting(): boolean {
    return this.#head?.url.pathname.endsWith("/longpoll") ?? false;
  }

  /** Tell a waiting request that the front stops; it may still be answered. */
  endWaiting(): void {
    if (this.isWaiting) this.#abort.abort(new DOMException("The server stops", "AbortError"));
  }

  /** Take the request through to the end. Never rejects. */
  async run(): Promise<void> {
    const { message, to } = this.#arrival;
    const { socket } = message;
    const onClose = (): void => this.#leave();
    socket.once("close", onClose);
    // What goes wrong with a connection ends it, which is noticed by its own event.
    to.on("error", () => {});
    if (socket.destroyed) onClose();
    try {
      await this.#run();
    } catch (error) {
      this.#end(error);
    } finally {
      socket.off("close", onClose);
      this.#request = undefined;
      this.#report();
    }
  }

  #leave(): void {
    const reason = new DOMException("The client closed the connection", "AbortError");
    this.#gone.abort(reason);
    this.#abort.abort(reason);
  }

  async #run(): Promise<void> {
    this.#answer = await this.#answerOrGone();
    if (this.#answer === undefined) return;
    const isLeft = this.#neverAsked();
    let drained: Promise<boolean> | undefined;
    await sendResponse(this.#answer, {
      to: this.#arrival.to,
      moreHeaders: this.#moreHeaders(isLeft),
      gone: this.#gone.signal,
      onBytes: (count) => {
        this.#bytesOut += count;
      },
      // The rest of the body is dropped: clients that send everything before they read get the answer so.
      beforeEnd: () => {
        drained = isLeft ? undefined : this.#body?.drain(drainedBytesMax);
      },
    });
    this.#isWhole = !this.#gone.signal.aborted;
    if ((await drained) === false) this.#arrival.message.socket.destroy();
  }

  /** Undefined when the client went first; what the handler says later is let go of. */
  async #answerOrGone(): Promise<Response | undefined> {
    const gone = Promise.withResolvers<undefined>();
    const leave = (): void => gone.resolve(undefined);
    this.#gone.signal.addEventListener("abort", leave, { once: true });
    const answer = this.#takeHead();
    const first = await Promise.race([answer, gone.promise]);
    this.#gone.signal.removeEventListener("abort", leave);
    if (first === undefined) void answer.then(({ body }) => letGo(body)).catch(() => {});
    return first;
  }

  async #takeHead(): Promise<Response> {
    const { door, answer, onTrouble } = this.#parts;
    const head = readHead(this.#arrival.message, door);
    if (head instanceof Response) return withCommonHeaders(head, door.rng);
    this.#head = head;
    try {
      this.#request = this.#requestOf(head);
      if (this.#parts.isStopping()) this.endWaiting();
      return await answer(this.#request);
    } catch (error) {
      if (error instanceof BrokenBody || cutBehind(error) !== undefined) throw error;
      if (this.#abort.signal.aborted) throw error;
      onTrouble(error);
      return withCommonHeaders(refuse(500, "Internal server error."), door.rng);
    }
  }

  #requestOf({ url, method, headers, hasBody }: Head): Request {
    const { message, to, awaitsContinue } = this.#arrival;
    const { signal } = this.#abort;
    if (!hasBody) return new Request(url, { method, headers, signal });
    this.#body = new MessageBody(message, {
      brokenBy: (cause) => cause,
      onFirstRead: () => {
        if (awaitsContinue && !to.headersSent) to.writeContinue();
      },
    });
    return new Request(url, { method, headers, signal, body: this.#body.stream, duplex: "half" });
  }

  /** A client that was never told to go on may leave its body out: where the next request begins is not known. */
  #neverAsked(): boolean {
    return this.#arrival.awaitsContinue && this.#body?.wasRead !== true;
  }

  #moreHeaders(isLeft: boolean): readonly string[] {
    const request = this.#request;
    const isForeign = request !== undefined && isForeignReadable(request, this.#parts.foreignPaths);
    return [
      ...(isForeign ? ["access-control-allow-origin", "*"] : []),
      ...(isLeft || this.#parts.isStopping() ? ["connection", "close"] : []),
    ];
  }

  /** No (further) answer: the connection ends, and the client sees that something is missing. */
  #end(error: unknown): void {
    const { message, to } = this.#arrival;
    const cut = cutBehind(error);
    const isForeseen = error instanceof BrokenBody || this.#abort.signal.aborted;
    if (cut === undefined && !isForeseen) this.#parts.onTrouble(error);
    // To a client of HTTP/1.0 the end of the connection is the end of the body.
    const hasLength = this.#answer?.headers.has("content-length") ?? false;
    const isUnframed = to.headersSent && !to.chunkedEncoding && !hasLength;
    if (cut?.how === "reset" || isUnframed) this.#parts.reset(message.socket);
    else message.socket.destroySoon();
  }

  #report(): void {
    const { message } = this.#arrival;
    this.#parts.onAnswered({
      method: message.method ?? "",
      path: shownPath(this.#head?.url.pathname ?? ""),
      status: this.#arrival.to.headersSent ? this.#answer?.status : undefined,
      isWhole: this.#isWhole,
      bytesIn: this.#body?.bytes ?? 0,
      bytesOut: this.#bytesOut,
      durationMs: this.#parts.clock.now() - this.#startedMs,
      requestId: this.#answer?.headers.get("x-dropbox-request-id") ?? undefined,
    });
  }
}
