import { Agent } from "node:http";
import { expect, test } from "vitest";
import { drainedBytesMax } from "../../src/server/front/limits.ts";
import { OpenFront, call, openChecked } from "./front-open.ts";

const upload = (path: string, token: string, more: Record<string, string> = {}) => ({
  path: "/2/files/upload",
  headers: {
    host: "content.dropboxapi.com",
    authorization: `Bearer ${token}`,
    "content-type": "application/octet-stream",
    "dropbox-api-arg": JSON.stringify({ path }),
    ...more,
  },
});

test("V10: bodies come with a length, in chunks, and empty, on one kept connection", async () => {
  const { checked, front } = await openChecked();
  await using _server = checked;
  await using _front = front;
  const agent = new Agent({ keepAlive: true, maxSockets: 1 });
  const bytes = Buffer.alloc(300_000, "snap");
  const length = { "content-length": String(bytes.length) };
  const { token } = checked;
  const sent = [
    await call(front, { agent, ...upload("/length", token, length) }, [bytes]),
    await call(front, { agent, ...upload("/chunks", token) }, [bytes, bytes]),
    await call(front, { agent, ...upload("/none", token) }),
    await call(front, { agent, ...upload("/zero", token, { "transfer-encoding": "chunked" }) }),
  ];
  expect(sent.map(({ status }) => status)).toEqual([200, 200, 200, 200]);
  expect(sent.map(({ text }) => JSON.parse(text).size)).toEqual([300_000, 600_000, 0, 0]);
  expect(sent[0]?.headers["content-type"]).toBe("application/json");
  expect(sent[0]?.headers.connection).toBe("keep-alive");
  const read = await call(front, {
    agent,
    path: "/2/files/download",
    headers: { authorization: `Bearer ${token}`, "dropbox-api-arg": '{"path":"/chunks"}' },
  });
  expect(read.text).toBe(Buffer.concat([bytes, bytes]).toString());
  expect(Object.values(agent.sockets).concat(Object.values(agent.freeSockets))).toHaveLength(1);
  agent.destroy();
});

test("V10: HEAD / answers 200 without a body, and the connection goes on", async () => {
  const { checked, front } = await openChecked();
  await using _server = checked;
  await using _front = front;
  const client = front.raw();
  client.send("HEAD / HTTP/1.1\r\nhost: api.dropboxapi.com\r\n\r\n");
  client.send("GET /nowhere HTTP/1.1\r\nhost: localhost\r\nconnection: close\r\n\r\n");
  await client.ended;
  expect(client.text).toMatch(/^HTTP\/1\.1 200 OK\r\n(?:(?!\r\n\r\n).)*\r\n\r\nHTTP\/1\.1 400 /s);
});

test("V10: bytes beyond ASCII in a header reach the server as they are", async () => {
  const { checked, front } = await openChecked();
  await using _server = checked;
  await using _front = front;
  const seen: (string | null)[] = [];
  await using other = await OpenFront.with((request) => {
    seen.push(request.headers.get("x-name"));
    return new Response("ok");
  });
  const utf8 = Buffer.from("/Grüße/日本.txt").toString("latin1");
  const client = other.raw();
  client.send(`GET / HTTP/1.1\r\nhost: localhost\r\nx-name: ${utf8}\r\nconnection: close\r\n\r\n`);
  await client.ended;
  expect(Buffer.from(seen[0] ?? "", "latin1").toString("utf8")).toBe("/Grüße/日本.txt");
});

test("pipelined requests are worked on in order, one after the other", async () => {
  const events: string[] = [];
  const begun = Promise.withResolvers<void>();
  const first = Promise.withResolvers<void>();
  await using front = await OpenFront.with(async ({ url, body }) => {
    const { pathname } = new URL(url);
    events.push(`begin ${pathname}`);
    if (pathname === "/1") begun.resolve();
    if (pathname === "/1") await first.promise;
    const length = body === null ? 0 : (await new Response(body).bytes()).length;
    events.push(`end ${pathname}`);
    return new Response(`<${pathname} ${length}>`);
  });
  const client = front.raw();
  const post = (path: string, body: string) =>
    `POST ${path} HTTP/1.1\r\nhost: localhost\r\ncontent-length: ${body.length}\r\n\r\n${body}`;
  client.send(post("/1", "one") + post("/2", "two!") + post("/3", ""));
  const third = client.until(/<\/3 0>/);
  await begun.promise;
  // Another connection is not held up: by its answer the others have been parsed long since.
  const other = front.raw().send(post("/0", ""));
  await other.until(/<\/0 0>/);
  other.socket.destroy();
  expect(events).toEqual(["begin /1", "begin /0", "end /0"]);
  first.resolve();
  expect((await third).match(/<[^>]*>/g)).toEqual(["</1 3>", "</2 4>", "</3 0>"]);
  expect(events.slice(3)).toEqual(["end /1", "begin /2", "end /2", "begin /3", "end /3"]);
  client.socket.destroy();
});

test("V79: a client that pipelines without end is cut off", async () => {
  await using front = await OpenFront.with(() => new Promise<Response>(() => {}));
  const client = front.raw();
  client.send("GET / HTTP/1.1\r\nhost: localhost\r\n\r\n".repeat(65));
  await client.ended;
  expect(client.text).toBe("");
});

test("V10: an answer before the body was read reaches a client that sends it all first", async () => {
  const { checked, front } = await openChecked();
  await using _server = checked;
  await using _front = front;
  const body = Buffer.alloc(32 * 1024 * 1024);
  const agent = new Agent({ keepAlive: true, maxSockets: 1 });
  const length = { "content-length": String(body.length) };
  const answered = front.next();
  const got = await call(front, { agent, ...upload("/x", "sl.wrong", length) }, [body]);
  expect(got.status).toBe(401);
  expect(await answered).toMatchObject({ status: 401, bytesIn: body.length, isWhole: true });
  const next = await call(front, { agent, ...upload("/y", checked.token) }, ["y"]);
  expect(next.status).toBe(200);
  agent.destroy();
});

test("V79: what follows an early answer is not read without end", async () => {
  await using front = await OpenFront.with(() => new Response("no"));
  const client = front.raw();
  client.send("POST / HTTP/1.1\r\nhost: localhost\r\ntransfer-encoding: chunked\r\n\r\n");
  const chunk = Buffer.concat([
    Buffer.from("100000\r\n"),
    Buffer.alloc(2 ** 20),
    Buffer.from("\r\n"),
  ]);
  const feed = (): void => {
    while (!client.socket.destroyed && client.socket.write(chunk));
  };
  client.socket.on("drain", feed);
  const answered = front.next();
  feed();
  await client.ended;
  expect(client.text).toContain("no");
  const { bytesIn } = await answered;
  expect(bytesIn).toBeGreaterThan(drainedBytesMax);
  expect(bytesIn).toBeLessThan(drainedBytesMax * 1.1);
});

test("a client that asks before it sends is told to go on only when its body is wanted", async () => {
  await using front = await OpenFront.with(async ({ url, body }) =>
    url.endsWith("/wanted")
      ? new Response(`got ${(await new Response(body).bytes()).length}`)
      : new Response("no", { status: 401 }),
  );
  const ask = (path: string) =>
    `POST ${path} HTTP/1.1\r\nhost: localhost\r\nexpect: 100-continue\r\ncontent-length: 3\r\n\r\n`;
  const wanted = front.raw().send(ask("/wanted"));
  await wanted.until(/100 Continue\r\n\r\n$/);
  await wanted.send("abc").until(/got 3/);
  expect(wanted.text).toMatch(/^HTTP\/1\.1 100 Continue\r\n\r\nHTTP\/1\.1 200 /);
  wanted.socket.destroy();
  const unwanted = front.raw().send(ask("/unwanted"));
  await unwanted.ended;
  expect(unwanted.text).toMatch(/^HTTP\/1\.1 401 [\s\S]*\r\nconnection: close\r\n/);
});

test("V78: a log line has no query, no token, and both sizes", async () => {
  await using front = await OpenFront.with(async (request) => {
    await request.text();
    return new Response("12345", { headers: { "x-dropbox-request-id": "ab" } });
  });
  const line = front.next();
  await call(
    front,
    { path: "/2/x?authorization=Bearer%20sl.secret", headers: { authorization: "sl.secret" } },
    ["123"],
  );
  const logged = await line;
  expect(logged).toEqual({
    method: "POST",
    path: "/2/x",
    status: 200,
    isWhole: true,
    bytesIn: 3,
    bytesOut: 5,
    durationMs: 0,
    requestId: "ab",
  });
});

test("what the server throws against its contract is 500 without its words", async () => {
  await using front = await OpenFront.with(() => {
    throw new Error("secret detail");
  });
  const got = await call(front, { path: "/" });
  expect(got.status).toBe(500);
  expect(got.text).toBe("Internal server error.");
  expect(front.troubles).toEqual([new Error("secret detail")]);
});

test("V10: a long JSON body, which comes in many pieces, is read whole", async () => {
  const { checked, front } = await openChecked();
  await using _server = checked;
  await using _front = front;
  const entries = Array.from({ length: 1000 }, (_, index) => ({
    path: `/${String(index).padStart(250, "n")}/${"m".repeat(250)}`,
  }));
  const body = Buffer.from(JSON.stringify({ entries }));
  expect(body.length).toBeGreaterThan(500_000);
  const headers = {
    authorization: `Bearer ${checked.token}`,
    "content-type": "application/json",
    "content-length": String(body.length),
  };
  const launched = await call(front, { path: "/2/files/delete_batch", headers }, [body]);
  expect([launched.status, launched.text]).toEqual([200, expect.stringContaining("async_job_id")]);
});
