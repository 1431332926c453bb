import type { IncomingMessage, ServerResponse } from "node:http";
import type { z } from "zod";
import { isSnapError, SnapError, type ExitCode } from "../std/error.ts";
import { toldError } from "./link.ts";
import { requestBytesMax, type ControlFailure } from "./wire.ts";

/** Bytes that wait for a reader of a stream; one that is slower than this is let go. */
const streamBytesMax = 4 * 1024 * 1024;

/** One request, and the way to answer it. */
export class ControlCall {
  readonly method: string;
  /** Without the query, which has no meaning here. */
  readonly path: string;
  readonly #request: IncomingMessage;
  readonly #response: ServerResponse;
  readonly #gone = new AbortController();

  constructor(request: IncomingMessage, response: ServerResponse) {
    this.method = request.method ?? "GET";
    this.path = new URL(request.url ?? "/", "http://daemon").pathname;
    this.#request = request;
    this.#response = response;
    response.on("close", () => this.#gone.abort());
  }

  /** Fires when the caller has gone, however that happened, and when the answer is through. */
  get gone(): AbortSignal {
    return this.#gone.signal;
  }

  /**
   * The body, checked: at most 64 KiB of JSON (X19). An empty one stands for `{}`.
   *
   * @throws {SnapError} `too-large`, `usage`
   */
  async body<T>(schema: z.ZodType<T>): Promise<T> {
    const parsed = schema.safeParse(jsonOf(await this.#text()));
    if (parsed.success) return parsed.data;
    const [issue] = parsed.error.issues;
    const where = issue?.path.join(".") ?? "";
    throw badRequest(`${where === "" ? "The body" : `"${where}"`}: ${issue?.message ?? "wrong"}`);
  }

  answer(value: unknown): void {
    this.#send(200, value);
  }

  refuse(error: SnapError): void {
    const failure: ControlFailure = { error: toldError(error) };
    this.#send(statusOf(error), failure);
  }

  /** Begin, or go on with, an answer of one JSON value a line. False: the caller has gone, or does not read. */
  line(value: unknown): boolean {
    if (this.gone.aborted) return false;
    if (!this.#response.headersSent) {
      this.#response.writeHead(200, { "content-type": "application/x-ndjson" });
    }
    this.#response.write(`${JSON.stringify(value)}\n`);
    if (this.#response.writableLength <= streamBytesMax) return true;
    this.#response.destroy();
    return false;
  }

  /** The answer is through. */
  end(): void {
    if (!this.#response.writableEnded) this.#response.end();
  }

  #send(status: number, value: unknown): void {
    if (this.gone.aborted || this.#response.headersSent) {
      this.#response.destroy();
      return;
    }
    const text = JSON.stringify(value);
    // A body that was not read to its end would be taken for the next request.
    if (!this.#request.complete) this.#response.setHeader("connection", "close");
    this.#response.writeHead(status, { "content-type": "application/json" });
    this.#response.end(text);
  }

  async #text(): Promise<string> {
    const parts: Buffer[] = [];
    let bytes = 0;
    for await (const part of this.#request) {
      const bytesOfPart: Buffer = Buffer.from(part);
      bytes += bytesOfPart.length;
      if (bytes > requestBytesMax) throw tooLarge();
      parts.push(bytesOfPart);
    }
    return Buffer.concat(parts).toString("utf8");
  }
}

/** What was thrown while a request was answered, as an error that can be told. */
export function asFailure(thrown: unknown): SnapError {
  if (isSnapError(thrown)) return thrown;
  return new SnapError("unexpected", "Unexpected error of the daemon; its log tells more", {
    cause: thrown,
  });
}

/** A request that nobody understands. */
export function badRequest(message: string): SnapError {
  return new SnapError("usage", `Not a request to the daemon: ${message}`, {
    hint: "Are this program and the daemon of one version? `snap restart` makes them so.",
  });
}

function tooLarge(): SnapError {
  return new SnapError("too-large", `A request has at most ${requestBytesMax} bytes`);
}

function jsonOf(text: string): unknown {
  if (text === "") return {};
  try {
    return JSON.parse(text);
  } catch {
    throw badRequest("The body is no JSON");
  }
}

const statuses: Readonly<Partial<Record<ExitCode, number>>> = { 1: 500, 6: 409, 7: 503 };

function statusOf(error: SnapError): number {
  if (error.code === "not-found") return 404;
  if (error.code === "too-large") return 413;
  return statuses[error.exit] ?? 400;
}
