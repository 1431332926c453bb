import { expect, test } from "vitest";
import { openRemote } from "../../src/remote/dropbox-side.ts";
import { seededRng } from "../../src/std/random.ts";
import { calls, code, failing, noNetwork } from "./faulty.ts";
import { failure, linkedServer, uploadOf, type Linked } from "./linked.ts";
import { systemClock } from "../../src/std/time.ts";
import { ListeningServer } from "../support/listening-server.ts";

const route = "files/list_folder/longpoll";
const never = new AbortController().signal;

/** Where a listing of everything ends now. */
async function cursorOf(linked: Linked): Promise<string> {
  let cursor = "";
  for await (const page of linked.remote.pages(undefined)) ({ cursor } = page);
  return cursor;
}

/** What was asked and in which headers, of the waits only. */
function spyOn(linked: Linked): { readonly seconds: unknown; readonly headers: Headers }[] {
  const seen: { seconds: unknown; headers: Headers }[] = [];
  linked.intercept = async ({ route: asked, init }, pass) => {
    if (asked === route) {
      const text = typeof init?.body === "string" ? init.body : "{}";
      seen.push({ seconds: JSON.parse(text).timeout, headers: new Headers(init?.headers) });
    }
    return pass();
  };
  return seen;
}

test("S2: a wait ends with a change behind the cursor, and carries no login", async () => {
  await using linked = await linkedServer();
  const cursor = await cursorOf(linked);
  const seen = spyOn(linked);
  await linked.open("").upload(uploadOf("a", "x"));
  expect(await linked.remote.waitForChange(cursor, never)).toEqual({ changed: true, backoffMs: 0 });
  expect(seen[0]?.headers.has("authorization")).toBe(false);
  expect(linked.clock.slept, "nothing was waited for").toEqual([]);
});

test("S2: a wait without a change ends with the time of the server", async () => {
  await using linked = await linkedServer();
  const cursor = await cursorOf(linked);
  expect(await linked.remote.waitForChange(cursor, undefined)).toEqual({
    changed: false,
    backoffMs: 0,
  });
  const [waited = 0, ...more] = linked.clock.slept;
  expect(more).toEqual([]);
  expect(waited).toBeGreaterThanOrEqual(120_000);
  expect(waited).toBeLessThan(156_000);
});

test("the time to wait is drawn anew, between what the server allows", async () => {
  await using linked = await linkedServer();
  const cursor = await cursorOf(linked);
  const seen = spyOn(linked);
  for (let round = 0; round < 40; round += 1) await linked.remote.waitForChange(cursor, never);
  const asked = seen.map(({ seconds }) => Number(seconds));
  expect(asked.every((seconds) => seconds >= 120 && seconds <= 150)).toBe(true);
  expect(new Set(asked).size).toBeGreaterThan(10);
});

test("the server's pause is handed on, and one without sense is bounded", async () => {
  await using linked = await linkedServer();
  const cursor = await cursorOf(linked);
  const answer = (backoff: unknown) => (): Response => Response.json({ changes: false, backoff });
  linked.intercept = failing(route, [17, 10 ** 12, -5, "9"].map(answer));
  const pauses: number[] = [];
  for (let round = 0; round < 4; round += 1) {
    pauses.push((await linked.remote.waitForChange(cursor, never)).backoffMs);
  }
  expect(pauses).toEqual([17_000, 3_600_000, 0, 0]);
});

test("S34: a cursor that the server has forgotten is a change, one that it refuses with a pause", async () => {
  await using linked = await linkedServer();
  const cursor = await cursorOf(linked);
  linked.intercept = failing(route, [() => failure(409, { ".tag": "reset" })]);
  expect(await linked.remote.waitForChange(cursor, never)).toEqual({ changed: true, backoffMs: 0 });
  expect(await linked.remote.waitForChange("garbage", never)).toEqual({
    changed: true,
    backoffMs: 60_000,
  });
});

test.each([
  ["no network", noNetwork, "offline"],
  ["a server that fails", () => new Response("", { status: 500 }), "server-error"],
  ["too many requests", () => failure(429, {}, { "retry-after": "60" }), "throttled"],
  ["an answer that is none", () => Response.json({ changes: "yes" }), "server-error"],
  ["no JSON", () => new Response("<html>"), "server-error"],
] as const)("S83: %s ends a wait at once, and is not repeated", async (_, fault, expected) => {
  await using linked = await linkedServer();
  const cursor = await cursorOf(linked);
  linked.routes.length = 0;
  linked.intercept = failing(route, [fault]);
  await expect(linked.remote.waitForChange(cursor, never)).rejects.toThrow(code(expected));
  expect([linked.clock.slept, calls(linked)]).toEqual([[], [route]]);
});

test("S84: waits that fail close no other class", async () => {
  await using linked = await linkedServer();
  const cursor = await cursorOf(linked);
  linked.intercept = failing(route, Array(5).fill(noNetwork));
  for (let round = 0; round < 5; round += 1) {
    await expect(linked.remote.waitForChange(cursor, never)).rejects.toThrow(code("offline"));
  }
  await cursorOf(linked);
  expect(linked.clock.slept, "a listing goes on").toEqual([]);
  await linked.open("").upload(uploadOf("a", "x"));
  await linked.remote.waitForChange(cursor, never);
  expect(linked.clock.slept, "the next wait waits itself").toEqual([30_000]);
});

test("a signal ends a wait at once", async () => {
  await using linked = await linkedServer();
  const cursor = await cursorOf(linked);
  const stop = new AbortController();
  const arrived = Promise.withResolvers<void>();
  linked.intercept = async ({ init }) => {
    arrived.resolve();
    return await new Promise((_, reject) => {
      init?.signal?.addEventListener("abort", () => reject(init.signal?.reason as Error));
    });
  };
  const waiting = linked.remote.waitForChange(cursor, stop.signal);
  await arrived.promise;
  stop.abort();
  await expect(waiting).rejects.toThrow(code("interrupted"));
  await expect(linked.remote.waitForChange(cursor, stop.signal)).rejects.toThrow(
    code("interrupted"),
  );
});

test("over HTTP a change of another client ends the wait, and so does a signal", async () => {
  await using listening = await ListeningServer.open({ tls: "http" });
  const { running, issued, accountId: account } = listening;
  const origin = `http://127.0.0.1:${new URL(running.url).port}`;
  const shared = { account, clock: systemClock, rng: seededRng(5), top: "" };
  const auth = { appKey: "snap", refreshToken: issued.refreshToken };
  const reach: typeof fetch = async (input, init) => {
    const { pathname } = new URL(input instanceof Request ? input.url : input);
    return fetch(origin + pathname, init);
  };
  const remote = openRemote({ ...shared, auth, fetch: reach });
  const cursors: string[] = [];
  for await (const page of remote.pages(undefined)) cursors.push(page.cursor);
  const cursor = cursors.at(-1) ?? "";
  const waiting = remote.waitForChange(cursor, never);
  await remote.upload(uploadOf("a", "x"));
  expect(await waiting).toEqual({ changed: true, backoffMs: 0 });

  const stop = new AbortController();
  for await (const page of remote.pages(cursor)) cursors.push(page.cursor);
  const ended = remote.waitForChange(cursors.at(-1) ?? "", stop.signal);
  stop.abort();
  await expect(ended).rejects.toThrow(code("interrupted"));
});
