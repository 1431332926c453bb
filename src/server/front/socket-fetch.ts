import type { Agent, ClientRequest, IncomingMessage } from "node:http";
import type { Duplex } from "node:stream";
import { headerBytesMax } from "./limits.ts";
import { MessageBody } from "./message-body.ts";
import { pumpBody } from "./pump-body.ts";
import { headersOf } from "./request.ts";
import { shortPath } from "./socket-path.ts";

/**
 * A `fetch` that reaches the server which listens on a socket in its data folder, whatever the host of the URL (V7).
 * Bodies stream both ways. A redirect is returned, not followed. Each call has a connection of its own: on a kept one,
 * a call could be lost because the server has just ended it, and nobody would know whether it was begun.
 *
 * It rejects as the global one does: with the signal's reason, else with a `TypeError` whose cause says more, of code
 * `ENOENT` or `ECONNREFUSED` when no server is there.
 */
export function socketFetch(socketPath: string): typeof fetch {
  const agent = agentFor(socketPath);
  return async (input, init) => {
    // A stream as body needs `duplex`, which callers that know only buffers leave out.
    const request = new Request(input, { ...init, duplex: "half" });
    request.signal.throwIfAborted();
    return await new SocketCall(request, agent).run();
  };
}

/** Looks the path up for each connection. */
function agentFor(socketPath: string): Agent {
  const http = process.getBuiltinModule("node:http");
  const net = process.getBuiltinModule("node:net");
  class SocketAgent extends http.Agent {
    override createConnection(): Duplex {
      const short = shortPath(socketPath);
      const socket = net.connect({ path: short.path });
      socket.once("connect", () => short.release());
      socket.once("close", () => short.release());
      return socket;
    }
  }
  return new SocketAgent({ keepAlive: false });
}

/** One call under way. */
class SocketCall {
  readonly #request: Request;
  readonly #call: ClientRequest;
  readonly #gone = new AbortController();
  readonly #answer = Promise.withResolvers<Response>();

  constructor(request: Request, agent: Agent) {
    const { host, pathname, search } = new URL(request.url);
    const { method, headers, signal } = request;
    this.#request = request;
    this.#call = process.getBuiltinModule("node:http").request({
      agent,
      method,
      path: `${pathname}${search}`,
      headers: { ...Object.fromEntries(headers), host },
      maxHeaderSize: headerBytesMax,
    });
    const stop = (): void => void this.#call.destroy();
    signal.addEventListener("abort", stop, { once: true });
    this.#call.on("response", (message) => this.#answer.resolve(this.#responseOf(message)));
    this.#call.on("error", (error) => this.#answer.reject(this.#failure("fetch failed", error)));
    this.#call.once("close", () => {
      signal.removeEventListener("abort", stop);
      this.#gone.abort();
      this.#answer.reject(this.#failure("fetch failed", new Error("The connection was closed")));
    });
  }

  async run(): Promise<Response> {
    void this.#sendBody();
    return await this.#answer.promise;
  }

  async #sendBody(): Promise<void> {
    const { body } = this.#request;
    try {
      if (body !== null) await pumpBody(body, { to: this.#call, gone: this.#gone.signal });
      this.#call.end();
    } catch (error) {
      // The other side must not take the part for the whole.
      this.#call.destroy(error instanceof Error ? error : new Error(String(error)));
    }
  }

  #responseOf(message: IncomingMessage): Response {
    const status = message.statusCode ?? 0;
    const headers = headersOf(message);
    const hasNone = this.#request.method === "HEAD" || nullBodyStatuses.includes(status);
    if (hasNone) message.resume();
    const body = hasNone ? null : this.#bodyOf(message);
    return new Response(body, { status, statusText: message.statusMessage ?? "", headers });
  }

  #bodyOf(message: IncomingMessage): ReadableStream<Uint8Array> {
    return new MessageBody(message, {
      brokenBy: (cause) => this.#failure("terminated", cause),
      onCancel: () => message.destroy(),
    }).stream;
  }

  /** The caller's own wish to stop is told as such. */
  #failure(text: string, cause: unknown): unknown {
    const { signal } = this.#request;
    return signal.aborted ? signal.reason : new TypeError(text, { cause });
  }
}

/** Statuses whose `Response` may have no body. */
const nullBodyStatuses: readonly number[] = [101, 204, 205, 304];
