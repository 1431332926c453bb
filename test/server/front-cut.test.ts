import { request as httpRequest } from "node:http";
import type { IncomingMessage } from "node:http";
import { PassThrough, Readable } from "node:stream";
import { text } from "node:stream/consumers";
import { describe, expect, test } from "vitest";
import { MessageBody } from "../../src/server/front/message-body.ts";
import { BrokenBody } from "../../src/server/wire/body.ts";
import { ConnectionCut, cutBehind } from "../../src/server/wire/connection-cut.ts";
import { OpenFront } from "./front-open.ts";

const get = "GET / HTTP/1.1\r\nhost: localhost\r\n\r\n";
const post = "POST / HTTP/1.1\r\nhost: localhost\r\ncontent-length: 10\r\n\r\n";

/** A body that sends a text and then breaks with an error. */
function broken(start: string, error: Error): ReadableStream<Uint8Array> {
  let pulls = 0;
  return new ReadableStream({
    pull: (controller) => {
      pulls += 1;
      if (pulls === 1) controller.enqueue(Buffer.from(start));
      else controller.error(error);
    },
  });
}

test("V72: a cut instead of an answer closes the connection without a byte", async () => {
  await using front = await OpenFront.with(() => {
    throw new ConnectionCut("close");
  });
  const line = front.next();
  const client = front.raw().send(get);
  expect(await client.ended).toBeUndefined();
  expect(client.text).toBe("");
  expect(await line).toMatchObject({ status: undefined, isWhole: false, bytesOut: 0 });
  expect(front.troubles).toEqual([]);
});

test("V72: a reset instead of an answer is a TCP reset", async () => {
  await using front = await OpenFront.with(() => {
    throw new Error("wrapped", { cause: new ConnectionCut("reset") });
  });
  const client = front.raw().send(get);
  expect(await client.ended).toMatchObject({ code: "ECONNRESET" });
  expect(client.text).toBe("");
});

test("V72: after a cut nothing else that was asked on the connection is begun", async () => {
  let count = 0;
  await using front = await OpenFront.with(() => {
    count += 1;
    throw new ConnectionCut("close");
  });
  const client = front.raw().send(get + get);
  await client.ended;
  expect(count).toBe(1);
});

describe.each([
  ["with a length", { "content-length": "100" }],
  ["in chunks", {}],
])("a body %s that breaks off", (_, headers) => {
  test.each([
    ["a cut", new ConnectionCut("close"), 0],
    ["an error", new Error("the disk"), 1],
  ])("by %s is sent so far, and the client sees that it is not whole", async (__, error, told) => {
    await using front = await OpenFront.with(
      () => new Response(broken("partly", error), { headers }),
    );
    const line = front.next();
    const message = await new Promise<IncomingMessage>((resolve) =>
      httpRequest({ port: front.listener.port }, resolve).end(),
    );
    let got = "";
    message.on("data", (chunk: Buffer) => {
      got += chunk.toString();
    });
    await new Promise((resolve) => message.once("error", resolve));
    expect(got).toBe("partly");
    expect(message.complete).toBe(false);
    expect(await line).toMatchObject({ status: 200, isWhole: false, bytesOut: 6 });
    expect(front.troubles).toHaveLength(told);
  });

  test("by a reset is reset", async () => {
    await using front = await OpenFront.with(
      () => new Response(broken("partly", new ConnectionCut("reset")), { headers }),
    );
    const client = front.raw().send(get);
    expect(await client.ended).toMatchObject({ code: "ECONNRESET" });
  });

  test("is reset to a client of HTTP/1.0, which reads to the end of the connection", async () => {
    await using front = await OpenFront.with(
      () => new Response(broken("partly", new Error("the disk")), { headers }),
    );
    const client = front.raw().send("GET / HTTP/1.0\r\nhost: localhost\r\n\r\n");
    const error = await client.ended;
    const isFramed = client.text.includes("content-length");
    expect(isFramed || error?.code === "ECONNRESET").toBe(true);
  });
});

test("V72: a body that ends before its length cuts the connection, and so does one beyond it", async () => {
  await using front = await OpenFront.with(({ url }) => {
    const headers = { "content-length": "10" };
    return new Response(url.endsWith("/short") ? "123456" : "123456789012", { headers });
  });
  for (const path of ["/short", "/long"]) {
    const client = front.raw().send(get.replace("/", path));
    await client.ended;
    expect(client.text.split("\r\n\r\n")[1]?.length ?? 0).toBeLessThan(10);
  }
  expect(front.troubles).toHaveLength(2);
});

test("V10: a client that goes away aborts its request", async () => {
  const begun = Promise.withResolvers<void>();
  const aborted = Promise.withResolvers<string>();
  await using front = await OpenFront.with(
    ({ signal }) =>
      new Promise<Response>((_, reject) => {
        signal.addEventListener("abort", () => {
          aborted.resolve(signal.reason.name);
          reject(new BrokenBody(signal.reason));
        });
        begun.resolve();
      }),
  );
  const line = front.next();
  const client = front.raw().send(get);
  await begun.promise;
  client.socket.destroy();
  expect(await aborted.promise).toBe("AbortError");
  expect(await line).toMatchObject({ status: undefined, isWhole: false });
  expect(front.troubles).toEqual([]);
});

test("V10: a client that goes away in its body breaks the body", async () => {
  const failed = Promise.withResolvers<unknown>();
  const begun = Promise.withResolvers<void>();
  await using front = await OpenFront.with(async (request) => {
    const reader = request.body?.getReader();
    await reader?.read();
    begun.resolve();
    await reader?.read().catch((error: unknown) => failed.resolve(error));
    throw new BrokenBody(request.signal.reason);
  });
  const line = front.next();
  const client = front.raw().send(`${post}12345`);
  await begun.promise;
  client.socket.destroy();
  expect(await failed.promise).toBeInstanceOf(Error);
  expect(await line).toMatchObject({ status: undefined, bytesIn: 5 });
});

test("V10: an answer that comes after its client went is let go of", async () => {
  const gone = Promise.withResolvers<void>();
  const late = Promise.withResolvers<Response>();
  await using front = await OpenFront.with((request) => {
    request.signal.addEventListener("abort", () => gone.resolve());
    return late.promise;
  });
  const client = front.raw().send(get);
  client.socket.end();
  await gone.promise;
  await new Promise<void>((cancelled) =>
    late.resolve(new Response(new ReadableStream({ cancel: () => cancelled() }))),
  );
});

test("V10: a slow reader holds the answer back; it is never pulled into memory", async () => {
  const chunk = Buffer.alloc(2 ** 20);
  let pulled = 0;
  const cancelled = Promise.withResolvers<void>();
  const body = new ReadableStream({
    pull: (controller) => {
      pulled += 1;
      if (pulled <= 512) controller.enqueue(chunk);
      else controller.close();
    },
    cancel: () => cancelled.resolve(),
  });
  await using front = await OpenFront.with(() => new Response(body));
  const client = front.raw().send(get);
  client.socket.once("data", () => client.socket.destroy());
  // A server that does not wait for its reader has pulled all 512 MiB by the time the reader hangs up.
  await cancelled.promise;
  expect(pulled).toBeLessThan(64);
});

test("V10: a body is taken from the socket only as fast as it is read", async () => {
  let read = 0;
  const source = new PassThrough({ highWaterMark: 1024 });
  const feed = Readable.from(
    (function* chunks() {
      for (read = 0; read < 1_000; read += 1) yield Buffer.alloc(1024);
    })(),
  );
  feed.pipe(source);
  // As far as the body is concerned, a message is any readable stream.
  const body = new MessageBody(source as unknown as IncomingMessage, {
    brokenBy: (cause) => cause,
  });
  const reader = body.stream.getReader();
  await reader.read();
  for (let turn = 0; turn < 50; turn += 1) await new Promise((resolve) => setImmediate(resolve));
  // What the two streams before it may hold, and no more.
  expect(read).toBeLessThan(40);
  reader.releaseLock();
  expect((await text(body.stream)).length).toBe((1_000 - 1) * 1024);
  expect(body.bytes).toBe(1_000 * 1024);
});

test("V10: bytes that are no chunks break the body, and are not answered into the call", async () => {
  const failed = Promise.withResolvers<unknown>();
  await using front = await OpenFront.with(async (request) => {
    await request.text().catch((error: unknown) => failed.resolve(error));
    throw new BrokenBody(new Error("cut"));
  });
  const client = front.raw();
  client.send("POST / HTTP/1.1\r\nhost: localhost\r\ntransfer-encoding: chunked\r\n\r\n");
  client.send("3\r\nabc\r\nnothing\r\n");
  await client.ended;
  expect(client.text).toBe("");
  expect(await failed.promise).toBeInstanceOf(Error);
});

test("a cut is found behind the errors around it, and nothing else is one", () => {
  const cut = new ConnectionCut("reset");
  expect(cutBehind(cut)).toBe(cut);
  expect(cutBehind(new BrokenBody(new Error("x", { cause: cut })))).toBe(cut);
  expect(cutBehind(new Error("x"))).toBeUndefined();
  expect(cutBehind("reset")).toBeUndefined();
  const circle = new Error("x");
  circle.cause = circle;
  expect(cutBehind(circle)).toBeUndefined();
});
