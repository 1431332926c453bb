import { expect, test } from "vitest";
import { OpenFront } from "./front-open.ts";

const get = (path: string) => `GET ${path} HTTP/1.1\r\nhost: localhost\r\n\r\n`;
const longpoll = get("/2/files/list_folder/longpoll");

/** A handler whose calls wait until they are told, or aborted; a longpoll then says so. */
function waiting() {
  const begun = Promise.withResolvers<void>();
  const goOn = Promise.withResolvers<void>();
  const handle = async ({ url, signal }: Request): Promise<Response> => {
    const aborted = new Promise<string>((resolve) =>
      signal.addEventListener("abort", () => resolve("aborted")),
    );
    begun.resolve();
    const how = await Promise.race([goOn.promise.then(() => "done"), aborted]);
    return new Response(`${new URL(url).pathname.split("/").at(-1)} ${how}`);
  };
  return { begun: begun.promise, goOn: goOn.resolve, handle };
}

test("a stop ends a waiting longpoll, which may still answer, and closes its connection", async () => {
  const { begun, handle } = waiting();
  await using front = await OpenFront.with(handle);
  const client = front.raw().send(longpoll);
  await begun;
  await front.listener.close({ graceMs: 60_000 });
  await client.ended;
  expect(client.text).toMatch(
    /^HTTP\/1\.1 200 [\s\S]*\r\nconnection: close\r\n[\s\S]*longpoll aborted/,
  );
});

test("a stop waits for a call under way, while nobody else comes in", async () => {
  const { begun, goOn, handle } = waiting();
  await using front = await OpenFront.with(handle);
  const client = front.raw().send(get("/2/files/upload"));
  await begun;
  const closing = front.listener.close({ graceMs: 60_000 });
  const late = front.raw().send(get("/late"));
  await late.ended;
  expect(late.text).toBe("");
  expect(client.text).toBe("");
  goOn();
  await closing;
  await client.ended;
  expect(client.text).toMatch(/\r\nconnection: close\r\n[\s\S]*upload done/);
  const refused = front.raw();
  expect(await refused.ended).toMatchObject({ code: "ECONNREFUSED" });
});

test("a stop ends idle connections at once", async () => {
  const { begun, goOn, handle } = waiting();
  await using front = await OpenFront.with(handle);
  const busy = front.raw().send(get("/busy"));
  await begun;
  const idle = front.raw().send("HEAD / HTTP/1.1\r\n\r\n");
  await idle.until(/\r\n\r\n$/);
  const closing = front.listener.close({ graceMs: 60_000 });
  expect(await idle.ended).toBeUndefined();
  expect(busy.socket.closed).toBe(false);
  goOn();
  await closing;
});

test("a stop cuts what runs when the time is over, by the clock that was given", async () => {
  const { begun, handle } = waiting();
  await using front = await OpenFront.with(handle);
  const client = front.raw().send(get("/2/files/upload"));
  await begun;
  const closing = front.listener.close({ graceMs: 60_000 });
  front.clock.advance(59_999);
  expect(client.socket.closed).toBe(false);
  front.clock.advance(1);
  await closing;
  await client.ended;
  expect(client.text).toBe("");
});

test("a second stop may give less time, and a stop may come twice", async () => {
  const { begun, handle } = waiting();
  const front = await OpenFront.with(handle);
  const client = front.raw().send(get("/2/files/upload"));
  await begun;
  const first = front.listener.close({ graceMs: 60_000 });
  const second = front.listener.close({ graceMs: 0 });
  await Promise.all([first, second]);
  await client.ended;
  expect(client.text).toBe("");
  await front.listener.close({ graceMs: 0 });
});

test("a stop ends connections that never asked anything", async () => {
  const front = await OpenFront.with(() => new Response("ok"));
  const silent = front.raw();
  await new Promise((resolve) => silent.socket.once("connect", resolve));
  const half = front.raw().send("GET / HT");
  const asked = front.raw().send("HEAD / HTTP/1.1\r\n\r\n");
  await asked.until(/\r\n\r\n$/);
  await front.listener.close({ graceMs: 0 });
  await Promise.all([silent.ended, half.ended, asked.ended]);
  expect(silent.text + half.text).toBe("");
});
