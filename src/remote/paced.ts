import { ReadBody, withStream } from "./body-stream.ts";
import type { Throttle } from "./throttle.ts";

/**
 * The same request with a body that goes up no faster than it may. It waits here until its first piece may go, so that a request
 * that was sent is never one that stands still. Its length stays known, and a repeat sends all of it (S56). What has no content is handed back as it is.
 */
export async function pacedUpload(
  init: RequestInit | undefined,
  throttle: Throttle | undefined,
): Promise<RequestInit | undefined> {
  const paid = throttle?.pieceBytes;
  if (init === undefined || throttle === undefined || paid === undefined) return init;
  const { signal } = init;
  const content: unknown = init.body;
  // The SDK sends content as it is given, and everything else as text.
  const isContent = content instanceof Uint8Array || content instanceof ReadBody;
  if (!isContent || content.length === 0) return init;
  const body = throttle.begin();
  await throttle.pass({ body, bytes: paid }, signal);
  const whole = content instanceof ReadBody ? content.pieces() : [content];
  const pieces = paced(cutUp(whole, throttle), { throttle, body, paid, signal });
  return withStream(init, content.length, ReadableStream.from(pieces));
}

/** Wait until the first piece of a download may come; its body, read no faster than it may. Undefined: as fast as it comes. */
export async function pacedDownload(
  throttle: Throttle | undefined,
  signal: AbortSignal | null | undefined,
): Promise<((response: Response) => Response) | undefined> {
  const paid = throttle?.pieceBytes;
  if (throttle === undefined || paid === undefined) return undefined;
  const body = throttle.begin();
  await throttle.pass({ body, bytes: paid }, signal);
  return (response) => {
    const { status, headers } = response;
    if (response.body === null) return response;
    const chunks = paced(cutUp(response.body, throttle), { throttle, body, paid, signal });
    return new Response(ReadableStream.from(chunks), { status, headers });
  };
}

type Way = {
  readonly throttle: Throttle;
  readonly body: number;
  /** Bytes that were let pass before the first one was seen. */
  readonly paid: number;
  readonly signal: AbortSignal | null | undefined;
};

/** Whoever does not read on pays nothing. */
async function* paced(
  chunks: AsyncIterable<Uint8Array>,
  { throttle, body, paid, signal }: Way,
): AsyncGenerator<Uint8Array> {
  let credit = paid;
  for await (const chunk of chunks) {
    const bytes = Math.max(0, chunk.length - credit);
    credit = Math.max(0, credit - chunk.length);
    if (bytes > 0) await throttle.pass({ body, bytes }, signal);
    yield chunk;
  }
}

/** In pieces of the size that fits the limit of the moment. */
async function* cutUp(
  chunks: AsyncIterable<Uint8Array> | readonly Uint8Array[],
  throttle: Throttle,
): AsyncGenerator<Uint8Array> {
  for await (const chunk of chunks) {
    for (let given = 0; given < chunk.length;) {
      const end = Math.min(chunk.length, given + (throttle.pieceBytes ?? chunk.length));
      yield chunk.subarray(given, end);
      given = end;
    }
  }
}
