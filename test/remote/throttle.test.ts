import { createServer } from "node:http";
import { expect, test } from "vitest";
import { openRemote } from "../../src/remote/dropbox-side.ts";
import { Throttle } from "../../src/remote/throttle.ts";
import { guardedFetch } from "../../src/remote/transport.ts";
import { silentLogger } from "../../src/std/log.ts";
import { seededRng } from "../../src/std/random.ts";
import type { RemoteSide } from "../../src/ports.ts";
import { HeldClock } from "../support/held-clock.ts";
import { TestClock } from "../support/test-clock.ts";
import { code, noNetwork } from "./faulty.ts";
import { linkedServer, read, uploadOf, type Linked } from "./linked.ts";

const kibi = 1024;

/** A side of the same folder whose content travels at these rates, bytes a second. */
function limited(
  linked: Linked,
  rates: { readonly up?: number; readonly down?: number },
): RemoteSide {
  const { account, auth, clock, fetch } = linked;
  const upload = new Throttle(clock, () => rates.up);
  const download = new Throttle(clock, () => rates.down);
  const limits = () => ({ upload, download });
  return openRemote({ account, auth, clock, fetch, limits, top: "", rng: seededRng(6) });
}

async function secondsOf(linked: Linked, task: () => Promise<unknown>): Promise<number> {
  const begunAt = linked.clock.now();
  await task();
  return (linked.clock.now() - begunAt) / 1_000;
}

test("files go up no faster than the limit, all together, and arrive whole", async () => {
  await using linked = await linkedServer();
  const remote = limited(linked, { up: 128 * kibi });
  const content = Buffer.alloc(256 * kibi, "abc");
  const seconds = await secondsOf(linked, () =>
    Promise.all(["a", "b", "c", "d"].map((path) => remote.upload(uploadOf(path, content)))),
  );
  expect(seconds).toBeGreaterThanOrEqual(7);
  expect(seconds).toBeLessThanOrEqual(8.2);
  const item = await remote.upload(uploadOf("e", "small"));
  expect(await read(linked.open(""), item)).toBe("small");
});

test("the parts of a large file go up within the limit", async () => {
  await using linked = await linkedServer();
  const remote = limited(linked, { up: 1024 * kibi });
  const content = Buffer.alloc(12 * 1024 * kibi, "part");
  const seconds = await secondsOf(linked, () => remote.upload(uploadOf("large", content)));
  expect(seconds).toBeGreaterThanOrEqual(11);
  expect(seconds).toBeLessThanOrEqual(13);
});

test("files come down no faster than the limit, and uploads have a limit of their own", async () => {
  await using linked = await linkedServer();
  const remote = limited(linked, { down: 64 * kibi });
  const content = "x".repeat(320 * kibi);
  const upload = () => remote.upload(uploadOf("a", content));
  expect(await secondsOf(linked, upload)).toBe(0);
  const item = await upload();
  const seconds = await secondsOf(linked, async () => {
    expect(await read(remote, item)).toBe(content);
  });
  expect(seconds).toBeGreaterThanOrEqual(4);
  expect(seconds).toBeLessThanOrEqual(5.5);
});

test("calls without content wait for nobody", async () => {
  await using linked = await linkedServer();
  const remote = limited(linked, { up: kibi, down: kibi });
  expect(await secondsOf(linked, () => remote.account())).toBe(0);
});

test("S56: a body that was lost on its way is sent again from its first byte", async () => {
  await using linked = await linkedServer();
  const remote = limited(linked, { up: 100 * kibi });
  const content = Buffer.from(Array.from({ length: 50 * kibi }, (_, place) => place % 251));
  let isLost = false;
  linked.intercept = async ({ route, init }, pass) => {
    if (route !== "files/upload" || isLost) return pass();
    isLost = true;
    // Half of the body is on its way when the line breaks.
    if (init?.body instanceof ReadableStream) await init.body.getReader().read();
    throw noNetwork();
  };
  const item = await remote.upload(uploadOf("a", content));
  expect(isLost).toBe(true);
  expect(await read(linked.open(""), item)).toBe(content.toString("utf8"));
});

test("a body goes in pieces, and its length is told", async () => {
  const clock = new HeldClock();
  const upload = new Throttle(clock, () => 100 * kibi);
  const bodies: Uint8Array[] = [];
  const lengths: (string | null)[] = [];
  const inner: typeof fetch = async (_, init) => {
    lengths.push(new Headers(init?.headers).get("content-length"));
    if (init?.body instanceof ReadableStream) {
      for await (const piece of init.body) bodies.push(piece);
    }
    return new Response("ok");
  };
  const guarded = guardedFetch(inner, { logger: silentLogger, limits: () => ({ upload }) });
  const body = Buffer.alloc(20 * kibi, 7);
  const sent = guarded("https://a.example/", { method: "POST", body });
  await clock.sleeper();
  expect(bodies).toHaveLength(1);
  for (let step = 0; step < 4; step += 1) {
    clock.advance(50);
    await Promise.race([clock.sleeper(), sent]);
  }
  await sent;
  expect(lengths).toEqual([String(body.length)]);
  expect(bodies.map(({ length }) => length)).toEqual(Array(4).fill(5 * kibi));
});

test("a paced body is taken by the real fetch, over a real line", async () => {
  const server = createServer((request, response) => {
    request.resume().on("end", () => response.end(request.headers["content-length"]));
  });
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  const address = server.address();
  const port = typeof address === "object" ? address?.port : 0;
  const upload = new Throttle(new TestClock(), () => 100 * kibi);
  const guarded = guardedFetch(fetch, { logger: silentLogger, limits: () => ({ upload }) });
  const body = Buffer.alloc(70 * kibi, 7);
  const answer = await guarded(`http://127.0.0.1:${port}/`, { method: "POST", body });
  expect(await answer.text()).toBe(String(body.length));
  server.closeAllConnections();
  server.close();
});

test("a signal ends a wait for the line at once, and the line is free for the next", async () => {
  await using linked = await linkedServer();
  const clock = new HeldClock();
  const upload = new Throttle(clock, () => kibi);
  const { account, auth, fetch } = linked;
  const limits = () => ({ upload });
  const remote = openRemote({ account, auth, clock, fetch, limits, top: "", rng: seededRng(6) });
  const stop = new AbortController();
  const content = Buffer.alloc(64 * kibi);
  const sending = remote.upload(uploadOf("a", content), { signal: stop.signal });
  await clock.sleeper();
  stop.abort();
  await expect(sending).rejects.toThrow(code("interrupted"));
  const next = upload.pass({ body: upload.begin(), bytes: 10 });
  clock.advance(60_000);
  await next;
});

test("a limit that is raised or taken off holds for what is under way", async () => {
  const clock = new HeldClock();
  let rate: number | undefined = kibi;
  const throttle = new Throttle(clock, () => rate);
  await throttle.pass({ body: 1, bytes: 1024 * kibi });
  const waiting = throttle.pass({ body: 1, bytes: 1024 * kibi });
  expect(await clock.sleeper()).toBe(1_000);
  rate = undefined;
  clock.advance(1_000);
  await waiting;
  expect(throttle.pieceBytes).toBe(undefined);
});

test("what began first goes first", async () => {
  const clock = new HeldClock();
  const throttle = new Throttle(clock, () => kibi);
  const [first, second] = [throttle.begin(), throttle.begin()];
  const went: number[] = [];
  const pass = async (body: number): Promise<void> => {
    await throttle.pass({ body, bytes: kibi });
    went.push(body);
  };
  await pass(first);
  const all = [pass(second), pass(second), pass(first)];
  while (went.length < 4) {
    await Promise.race([clock.sleeper(1_000), Promise.all(all)]);
    clock.advance(1_000);
    await Promise.resolve();
  }
  expect(went).toEqual([first, first, second, second]);
});
