import { expect, test } from "vitest";
import { headerBytesMax, headersMax } from "../../src/server/front/limits.ts";
import { OpenFront, call, openChecked } from "./front-open.ts";

/** A request whose line and headers count to that many bytes as Node's parser counts: names, values, and the path. */
function requestOf(bytes: number): string {
  const fixed = "/hostlocalhostconnectionclosex".length;
  const long = "y".repeat(bytes - fixed);
  return `GET / HTTP/1.1\r\nhost: localhost\r\nconnection: close\r\nx: ${long}\r\n\r\n`;
}

test("V10, V79: headers of 1 MiB are taken, and one byte more is 431", async () => {
  await using front = await OpenFront.with(
    ({ headers }) => new Response(String(headers.get("x")?.length)),
  );
  const inside = front.raw().send(requestOf(headerBytesMax - 1));
  await inside.ended;
  expect(inside.text).toMatch(/^HTTP\/1\.1 200 [\s\S]*\r\n1048545\r\n/);
  const above = front.raw().send(requestOf(headerBytesMax));
  await above.until(/bytes\.$/);
  expect(above.text).toMatch(/^HTTP\/1\.1 431 [\s\S]*x-dropbox-request-id: [0-9a-f]{32}\r\n/);
  above.socket.destroy();
  expect(front.calls).toHaveLength(1);
});

test("V79: no header is dropped: as many as the limit are taken, and one more is 431", async () => {
  await using front = await OpenFront.with(
    ({ headers }) => new Response(String(headers.get("x")?.split(", ").length)),
  );
  const lines = (count: number) => `connection: close\r\n${"x: 1\r\n".repeat(count)}\r\n`;
  const inside = front.raw().send(`GET / HTTP/1.1\r\nhost: localhost\r\n${lines(headersMax - 2)}`);
  await inside.ended;
  expect(inside.text).toMatch(/^HTTP\/1\.1 200 [\s\S]*\r\n998\r\n/);
  const above = front.raw().send(`GET / HTTP/1.1\r\nhost: localhost\r\n${lines(headersMax - 1)}`);
  await above.ended;
  expect(above.text).toMatch(/^HTTP\/1\.1 431 /);
});

test.each([
  ["host: evil.example", 400],
  ["host: localhost\r\nhost: localhost", 400],
  ["x: 1", 400],
  ["host:", 400],
  ["host: localhost\r\ncontent-encoding: gzip\r\ncontent-length: 0", 400],
  ["host: localhost\r\ncontent-encoding: identity\r\ncontent-length: 0", 200],
  ["host: localhost\r\ntransfer-encoding: gzip, chunked", 400],
  ["host: localhost\r\ntransfer-encoding: gzip\r\ntransfer-encoding: chunked", 400],
  ["host: localhost\r\ntransfer-encoding: identity, chunked", 400],
  ["host: localhost\r\ntransfer-encoding: chunked", 200],
  ["host: localhost\r\ntransfer-encoding:  Chunked ", 200],
  ["host: localhost", 200],
])("V77, V10: a request with %j gets %i", async (headers, status) => {
  let count = 0;
  await using front = await OpenFront.with(() => {
    count += 1;
    return new Response("ok");
  });
  const client = front.raw();
  const body = headers.includes("transfer-encoding") ? "0\r\n\r\n" : "";
  client.send(`POST /2/files/upload HTTP/1.1\r\n${headers}\r\nconnection: close\r\n\r\n${body}`);
  await client.ended;
  expect(client.text).toMatch(new RegExp(`^HTTP/1\\.1 ${status} `));
  expect(client.text.toLowerCase()).not.toContain("access-control");
  if (status === 400) {
    expect(client.text).toMatch(/\r\nx-dropbox-request-id: [0-9a-f]{32}\r\n/);
    expect(client.text).toContain("content-type: text/plain; charset=utf-8");
  }
  expect(count).toBe(status === 200 ? 1 : 0);
});

test.each([
  ["GET /a?b=1", "http://box.test:8/a?b=1"],
  ["GET //evil.example/a", "http://box.test:8//evil.example/a"],
  ["GET http://localhost/a", "http://localhost/a"],
  ["GET https://API.dropboxapi.com/2/a", "http://api.dropboxapi.com/2/a"],
  ["GET http://evil.example/a", 400],
  ["GET http://user:pw@localhost/a", 400],
  ["GET https://user@localhost/a", 400],
  ["GET http://:pw@localhost/a", 400],
  ["GET ftp://localhost/a", 400],
  ["OPTIONS *", 400],
  ["TRACE /", 405],
])("V8: the request %j is for %s", async (line, expected) => {
  const seen: string[] = [];
  await using front = await OpenFront.with(
    ({ url }) => {
      seen.push(url);
      return new Response("ok");
    },
    { names: ["box.test"] },
  );
  const client = front.raw();
  client.send(`${line} HTTP/1.1\r\nhost: box.test:8\r\nconnection: close\r\n\r\n`);
  await client.ended;
  const status = typeof expected === "string" ? 200 : expected;
  expect(client.text).toMatch(new RegExp(`^HTTP/1\\.1 ${status} `));
  expect(seen).toEqual(typeof expected === "string" ? [expected] : []);
});

test("a GET with a body is refused in the words of the service", async () => {
  await using front = await OpenFront.with(() => new Response("ok"));
  const got = await call(
    front,
    { method: "GET", path: "/2/files/download", headers: { "content-length": "2" } },
    ["{}"],
  );
  expect(got.status).toBe(400);
  expect(got.text).toBe(
    'Error in call to API function "files/download": The request body is supposed to be empty, but isn\'t.',
  );
});

test("V77: OPTIONS is allowed nothing, and a content call in the URL form may be read", async () => {
  const { checked, front } = await openChecked();
  await using _server = checked;
  await using _front = front;
  const path = "/2/files/upload?reject_cors_preflight=true&arg=%7B%7D";
  const asked = await call(front, { method: "OPTIONS", path, headers: { origin: "https://a.b" } });
  expect(asked.status).toBe(400);
  expect(Object.keys(asked.headers).filter((name) => name.startsWith("access-"))).toEqual([]);
  const sent = await call(front, { path, headers: { origin: "https://a.b" } });
  expect(sent.headers["access-control-allow-origin"]).toBe("*");
});

test("what is not HTTP gets 400", async () => {
  await using front = await OpenFront.with(() => new Response("ok"));
  const client = front.raw().send("hello\r\n\r\n");
  await client.until(/HTTP\/1\.1\.$/);
  expect(client.text).toMatch(/^HTTP\/1\.1 400 Bad Request\r\n/);
  client.socket.destroy();
});

test("a port that is taken is told as such", async () => {
  await using front = await OpenFront.with(() => new Response("ok"));
  const { port } = front.listener;
  await expect(OpenFront.with(() => new Response("ok"), { port })).rejects.toMatchObject({
    code: "busy",
    exit: 6,
  });
});

test("V76: no plain HTTP beyond this machine", async () => {
  const open = OpenFront.with(() => new Response("ok"), { host: "0.0.0.0", bindToken: "secret" });
  await expect(open).rejects.toMatchObject({ code: "usage", exit: 2 });
});
