/** Bytes of a body that are handed to the network at once: no more than these are copied on the way. */
export const pieceBytes: number = 256 * 1024;

/**
 * A request whose body goes out piece by piece as the line takes it: `fetch` copies a body that it gets as a whole, and TLS does
 * once more. Its length stays known. Made for each attempt anew, so a repeat sends all of it (S56). Anything but bytes goes as it is.
 */
export function streamed(init: RequestInit | undefined): RequestInit | undefined {
  const body: unknown = init?.body;
  if (!(body instanceof Uint8Array) || body.length <= pieceBytes) return init;
  const headers = new Headers(init?.headers);
  headers.set("content-length", String(body.length));
  return { ...init, headers, body: streamOf(body), duplex: "half" };
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
