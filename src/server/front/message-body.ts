import type { IncomingMessage } from "node:http";
import { LendingStream } from "../wire/lending-stream.ts";

/** How the body of a message is taken. */
export type BodyOptions = {
  /** Called once, when somebody wants the first bytes. */
  readonly onFirstRead?: () => void;
  /** Called when the reader gives up before the end. */
  readonly onCancel?: (reason: unknown) => void;
  /** What the reader gets when the body breaks off. */
  readonly brokenBy: (cause: unknown) => unknown;
};

/**
 * The body of a message as a web stream. It is read from the socket only as fast as the stream is read: besides the
 * chunk in hand, no more than Node's own buffers hold (V10).
 */
export class MessageBody {
  readonly stream: ReadableStream<Uint8Array>;
  readonly #message: IncomingMessage;
  readonly #options: BodyOptions;
  readonly #over = Promise.withResolvers<boolean>();
  #controller: ReadableStreamDefaultController<Uint8Array> | undefined;
  #bytes = 0;
  #bytesMax = Infinity;
  #wasRead = false;

  constructor(message: IncomingMessage, options: BodyOptions) {
    this.#message = message;
    this.#options = options;
    // A listener for data must not start the flow: that is the reader's to do.
    message.pause();
    message.on("data", (chunk: Uint8Array) => this.#take(chunk));
    message.on("end", () => this.#end());
    message.on("error", (error) => this.#fail(error));
    message.on("close", () => this.#close());
    this.stream = new LendingStream(
      {
        start: (controller) => {
          this.#controller = controller;
        },
        pull: () => this.#pull(),
        cancel: (reason) => this.#cancel(reason),
      },
      freeNow,
    );
    if (message.destroyed) this.#close();
  }

  /** Bytes that have come, read or dropped. */
  get bytes(): number {
    return this.#bytes;
  }

  /** Whether anybody has asked for bytes. */
  get wasRead(): boolean {
    return this.#wasRead;
  }

  /** Drop what is left. Resolves with whether the end was reached: not when it breaks off, or has more than that. */
  drain(bytesMax: number): Promise<boolean> {
    this.#controller = undefined;
    this.#bytesMax = this.#bytes + bytesMax;
    this.#message.resume();
    return this.#over.promise;
  }

  #pull(): void {
    if (!this.#wasRead) this.#options.onFirstRead?.();
    this.#wasRead = true;
    this.#message.resume();
  }

  #take(chunk: Uint8Array): void {
    this.#bytes += chunk.length;
    if (this.#bytes > this.#bytesMax) this.#over.resolve(false);
    if (this.#controller === undefined) return;
    this.#controller.enqueue(chunk);
    if ((this.#controller.desiredSize ?? 0) <= 0) this.#message.pause();
  }

  #end(): void {
    this.#over.resolve(true);
    this.#controller?.close();
    this.#controller = undefined;
  }

  /** Also follows every end: then nothing is left to do, and no error is made. */
  #close(): void {
    if (!this.#message.readableEnded) this.#fail(new Error("The connection was closed"));
  }

  #fail(error: unknown): void {
    this.#over.resolve(false);
    this.#controller?.error(this.#options.brokenBy(error));
    this.#controller = undefined;
  }

  #cancel(reason: unknown): void {
    this.#controller = undefined;
    this.#message.pause();
    this.#options.onCancel?.(reason);
  }
}

/** Shorter pieces cost the collector little. */
const freedBytesMin = 16 * 1024;

/**
 * Free the memory of a piece that lies alone in it. Left to the collector, the bodies of large uploads make it run
 * every 20 MB, which takes as much time as all else together.
 */
function freeNow({ buffer, byteLength }: Uint8Array): void {
  const isAlone = buffer instanceof ArrayBuffer && buffer.byteLength === byteLength;
  if (isAlone && byteLength >= freedBytesMin) buffer.transfer(0);
}
