/** Bytes of a body that are handed to the network at once: no more than these are copied on the way. */
export const pieceBytes: number = 256 * 1024;

/** A body that is read while it goes out, anew for each attempt (S56): never all of it is in memory. */
export class ReadBody {
  readonly length: number;
  readonly #read: () => AsyncIterable<Uint8Array>;
  #failure: unknown;

  /** @param read gives exactly `length` bytes. */
  constructor(length: number, read: () => AsyncIterable<Uint8Array>) {
    this.length = length;
    this.#read = read;
  }

  async *pieces(): AsyncGenerator<Uint8Array> {
    try {
      yield* this.#read();
    } catch (error) {
      this.#failure = error;
      throw error;
    }
  }

  /** Send it. @throws what stood against reading it, which the network would tell as a trouble of its own. */
  async through<T>(send: () => Promise<T>): Promise<T> {
    this.#failure = undefined;
    try {
      return await send();
    } catch (error) {
      throw this.#failure ?? error;
    }
  }
}

/**
 * A request whose body goes out piece by piece as the line takes it: `fetch` copies a body that it gets as a whole, and TLS does
 * once more. Its length stays known. Made for each attempt anew, so a repeat sends all of it (S56). What is short, or no content, goes as it is.
 */
export function streamed(init: RequestInit | undefined): RequestInit | undefined {
  const body: unknown = init?.body;
  if (body instanceof ReadBody) {
    return withStream(init, body.length, ReadableStream.from(body.pieces()));
  }
  if (!(body instanceof Uint8Array) || body.length <= pieceBytes) return init;
  return withStream(init, body.length, streamOf(body));
}

/** The request with a body of a known length that is made while it goes out. */
export function withStream(
  init: RequestInit | undefined,
  length: number,
  body: ReadableStream<Uint8Array>,
): RequestInit {
  const headers = new Headers(init?.headers);
  headers.set("content-length", String(length));
  return { ...init, headers, body, duplex: "half" };
}

function streamOf(bytes: Uint8Array): ReadableStream<Uint8Array> {
  let from = 0;
  return new ReadableStream<Uint8Array>(
    {
      pull(controller) {
        const piece = bytes.subarray(from, from + pieceBytes);
        from += piece.length;
        if (piece.length > 0) controller.enqueue(piece);
        else controller.close();
      },
    },
    { highWaterMark: 0 },
  );
}
