import http from "node:http";
import type { AddressInfo } from "node:net";
import { expect, test } from "vitest";
import { pieceBytes, streamed } from "../../src/remote/body-stream.ts";

/** What a server gets of a request: the head about its length, and the body. */
async function received(init: RequestInit): Promise<{ heads: unknown[]; body: Buffer }> {
  const got = Promise.withResolvers<{ heads: unknown[]; body: Buffer }>();
  const server = http.createServer((request, response) => {
    const chunks: Buffer[] = [];
    request.on("data", (chunk: Buffer) => chunks.push(chunk));
    request.on("end", () => {
      const { "content-length": length, "transfer-encoding": encoding } = request.headers;
      got.resolve({ heads: [length, encoding], body: Buffer.concat(chunks) });
      response.end();
    });
  });
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  const { port } = server.address() as AddressInfo;
  const answer = await fetch(`http://127.0.0.1:${port}/`, streamed(init));
  await answer.arrayBuffer();
  server.close();
  return await got.promise;
}

test.each([0, 1, pieceBytes, pieceBytes + 1, 3 * pieceBytes + 7])(
  "S56: a body of %i bytes arrives whole, with its length known, as often as it is sent",
  async (size) => {
    const body = Buffer.alloc(size, "some bytes");
    const init = { method: "POST", body };
    for (let attempt = 0; attempt < 2; attempt += 1) {
      const { heads, body: got } = await received(init);
      expect(heads).toEqual([String(size), undefined]);
      expect(got.equals(body)).toBe(true);
    }
  },
);

test("a long body is handed over in pieces of the memory it lies in", async () => {
  const body = Buffer.alloc(2 * pieceBytes + 1);
  const stream = streamed({ method: "POST", body })?.body;
  if (!(stream instanceof ReadableStream)) throw new Error("no stream");
  const pieces: Uint8Array[] = await Array.fromAsync(stream);
  expect(pieces.map(({ length }) => length)).toEqual([pieceBytes, pieceBytes, 1]);
  expect(pieces.every(({ buffer }) => buffer === body.buffer)).toBe(true);
});
