import { mkdtemp, rm } from "node:fs/promises";
import { createServer, request as httpRequest } from "node:http";
import type { AddressInfo } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { buffer as collect } from "node:stream/consumers";
import { expect, test } from "vitest";
import { blockBytes, contentHashOf } from "../../src/core/tree/content-hash.ts";
import { MessageBody } from "../../src/server/front/message-body.ts";
import { BlockBuffers } from "../../src/server/store/block-buffers.ts";
import { LendingStream } from "../../src/server/wire/lending-stream.ts";
import { OpenFront } from "./front-open.ts";
import { CheckedServer } from "../support/checked-server.ts";

test("V10: memory that was given back is lent again, to one at a time", () => {
  const buffers = new BlockBuffers();
  const first = buffers.lend(blockBytes);
  buffers.giveBack(first.subarray(5, 10));
  buffers.giveBack(first);
  const [second, third] = [buffers.lend(blockBytes - 1), buffers.lend(blockBytes)];
  expect(second.buffer).toBe(first.buffer);
  expect(second).toHaveLength(blockBytes - 1);
  expect(third.buffer).not.toBe(first.buffer);
});

test("V10: nothing is lent that did not come from here, and no whole buffer for a few bytes", () => {
  const buffers = new BlockBuffers();
  const foreign = new Uint8Array(blockBytes);
  buffers.giveBack(foreign);
  expect(buffers.lend(blockBytes).buffer).not.toBe(foreign.buffer);
  expect(buffers.lend(100).buffer.byteLength).toBe(100);
});

test("V10: three blocks are stored at a time, the others wait in their order", async () => {
  const buffers = new BlockBuffers();
  const ends = Array.from({ length: 5 }, () => Promise.withResolvers<void>());
  const begun: number[] = [];
  const begins = ends.map(({ promise }, index) =>
    buffers.store(() => {
      begun.push(index);
      return promise;
    }),
  );
  await begins[2];
  expect(begun).toEqual([0, 1, 2]);
  ends[1]?.reject(new Error("no room"));
  await expect((await begins[1])?.stored).rejects.toThrow("no room");
  await begins[3];
  expect(begun).toEqual([0, 1, 2, 3]);
  ends[0]?.resolve();
  await begins[4];
  expect(begun).toEqual([0, 1, 2, 3, 4]);
});

/** Six blocks, no two of them equal. */
const contentOf = (first: number): Buffer =>
  Buffer.concat([0, 1, 2, 3, 4, 5].map((index) => Buffer.alloc(blockBytes, first + index)));

test("V10: transfers side by side that share memory do not mix their bytes", async () => {
  const data = await mkdtemp(join(tmpdir(), "snap-server-"));
  try {
    await using checked = await CheckedServer.open({ data });
    await using front = await OpenFront.on(checked.server);
    const call = async (route: string, path: string, body: Uint8Array): Promise<Buffer> => {
      const answer = Promise.withResolvers<Buffer>();
      const headers = {
        authorization: `Bearer ${checked.token}`,
        "content-type": "application/octet-stream",
        "dropbox-api-arg": JSON.stringify({ path }),
      };
      const { port } = front.listener;
      httpRequest({ port, host: "127.0.0.1", path: `/2/${route}`, method: "POST", headers })
        .on("response", (message) => void collect(message).then(answer.resolve, answer.reject))
        .on("error", answer.reject)
        .end(body);
      return await answer.promise;
    };
    const upload = (first: number): Promise<Buffer> =>
      call("files/upload", `/${first}`, contentOf(first));
    const download = (first: number): Promise<Buffer> =>
      call("files/download", `/${first}`, Buffer.alloc(0));
    const [early, late] = [
      [10, 20, 30],
      [40, 50, 60],
    ];
    await Promise.all(early.map(upload));
    const [read] = await Promise.all([
      Promise.all(early.map(download)),
      Promise.all(late.map(upload)),
    ]);
    read.push(...(await Promise.all(late.map(download))));
    const expected = [...early, ...late].map(contentOf);
    expect(read.map(contentHashOf)).toEqual(expected.map(contentHashOf));
  } finally {
    await rm(data, { recursive: true });
  }
});

test("V10: a piece of a body that was given back is freed at once; others stay as they are", async () => {
  const lengths = Promise.withResolvers<readonly number[]>();
  const server = createServer((message, answer) => {
    void (async () => {
      const { stream } = new MessageBody(message, { brokenBy: (cause) => cause });
      const pieces: Uint8Array[] = [];
      for await (const piece of stream) pieces.push(piece);
      const [first] = pieces;
      if (stream instanceof LendingStream && first !== undefined) stream.giveBack(first);
      lengths.resolve(pieces.map(({ length }) => length));
      answer.end();
    })();
  });
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  const { port } = server.address() as AddressInfo;
  httpRequest({ port, host: "127.0.0.1", method: "POST" }).end(Buffer.alloc(1_000_000, 1));
  const [first, ...others] = await lengths.promise;
  expect(first).toBe(0);
  expect(others.length).toBeGreaterThan(0);
  expect(Math.min(...others)).toBeGreaterThan(0);
  server.close();
  server.closeAllConnections();
});
