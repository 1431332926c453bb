import { setImmediate } from "node:timers/promises";
import { expect, test } from "vitest";
import { endEpoch } from "../../src/server/files/epoch.ts";
import { CheckedServer } from "../support/checked-server.ts";
import type { Answer } from "../support/checked-server.ts";
import { ListingWorld } from "../support/listing-world.ts";

const everything = { path: "", recursive: true };

const latest = async (checked: CheckedServer, argument: object = everything): Promise<string> =>
  (await checked.rpc("files/list_folder/get_latest_cursor", argument)).json.cursor;

/** The call as clients make it: without authorisation. */
async function poll(
  checked: CheckedServer,
  argument: object,
  init: RequestInit = {},
): Promise<{ readonly status: number; readonly json: Answer["json"]; readonly text: string }> {
  const url = "https://notify.dropboxapi.com/2/files/list_folder/longpoll";
  const response = await checked.fetch(url, {
    method: "POST",
    headers: { "content-type": "application/json" },
    body: JSON.stringify(argument),
    ...init,
  });
  const text = await response.text();
  return { status: response.status, text, json: text.startsWith("{") ? JSON.parse(text) : text };
}

/** Everything that can go on without the clock has gone on. */
async function quiet(): Promise<void> {
  for (let turn = 0; turn < 20; turn += 1) await setImmediate();
}

/** What the call answered by now. */
async function byNow<T>(answer: Promise<T>): Promise<T | "waits"> {
  return await Promise.race([answer, quiet().then(() => "waits" as const)]);
}

test("V21, V32: an Authorization header is refused, in the words of the service", async () => {
  await using checked = await CheckedServer.open();
  const answer = await checked.rpc("files/list_folder/longpoll", { cursor: "x" });
  expect([answer.status, answer.text]).toEqual([
    400,
    'Error in call to API function "files/list_folder/longpoll": ' +
      "Your request includes an Authorization header, but this function does not use it.",
  ]);
});

test("V32: a bad cursor, and one with media info, are no cursors for it", async () => {
  await using checked = await CheckedServer.open();
  const cursor = await latest(checked, { ...everything, include_media_info: true });
  expect((await checked.rpc("files/list_folder/continue", { cursor })).status).toBe(200);
  for (const refused of ["garbage", cursor]) {
    const answer = await poll(checked, { cursor: refused });
    expect(answer.status).toBe(400);
    expect(answer.text).toContain("request body: cursor: unsupported cursor type");
  }
});

test("Choice 16: a timeout outside 30 to 480 is 400", async () => {
  await using checked = await CheckedServer.open();
  await checked.upload("/behind", "");
  const first = (await checked.rpc("files/list_folder", { ...everything, limit: 1 })).json;
  const cursor = (await latest(checked)) && first.cursor;
  await checked.upload("/new", "");
  for (const [timeout, status] of [
    [29, 400],
    [30, 200],
    [480, 200],
    [481, 400],
  ]) {
    expect((await poll(checked, { cursor, timeout })).status, `${timeout}`).toBe(status);
  }
  const late = await poll(checked, { cursor, timeout: 481 });
  expect(late.text).toContain("request body: timeout: expected integer <= 480, got 481");
});

test("V32, Choice 15: it answers at once where something is to be fetched", async () => {
  await using checked = await CheckedServer.open();
  for (const name of ["a", "b", "c"]) await checked.upload(`/${name}`, "");
  const first = (await checked.rpc("files/list_folder", { ...everything, limit: 2 })).json;
  expect((await poll(checked, { cursor: first.cursor })).json).toEqual({ changes: true });
  const cursor = await latest(checked);
  await checked.upload("/d", "");
  expect((await poll(checked, { cursor })).json).toEqual({ changes: true });
  expect(checked.clock.sleeping).toBe(0);
});

test("V32: else with the next write of the namespace, also outside the folder", async () => {
  await using checked = await CheckedServer.open();
  await checked.upload("/A/f", "1");
  const cursor = await latest(checked, { path: "/A" });
  const other = checked.server.addAccount({ name: "Bo" });
  const { accessToken: token } = checked.server.issueToken(other.id);
  const answer = poll(checked, { cursor });
  await checked.rpc("files/create_folder_v2", { path: "/elsewhere" }, { token });
  await checked.upload("/A/f", "1");
  expect(await byNow(answer), "another namespace, and equal content").toBe("waits");
  await checked.upload("/outside", "1");
  expect((await answer).json).toEqual({ changes: true });
  expect(checked.clock.sleeping).toBe(0);
  const delta = (await checked.rpc("files/list_folder/continue", { cursor })).json;
  expect([delta.entries, delta.has_more]).toEqual([[], false]);
  expect(await byNow(poll(checked, { cursor: delta.cursor }))).toBe("waits");
});

test("V32: else after the timeout and up to five seconds more", async () => {
  await using checked = await CheckedServer.open();
  const cursor = await latest(checked);
  const start = checked.clock.seconds;
  const ends = new Set<number>();
  for (let round = 0; round < 10; round += 1) {
    checked.clock.seconds = start;
    const answer = poll(checked, { cursor, timeout: 40 });
    await quiet();
    expect(checked.clock.sleeping).toBe(1);
    checked.clock.seconds = start + 40;
    expect(await byNow(answer)).toBe("waits");
    while (checked.clock.sleeping > 0) checked.clock.seconds += 0.25;
    expect((await answer).json).toEqual({ changes: false });
    ends.add(checked.clock.seconds - start);
  }
  expect(Math.max(...ends)).toBeLessThanOrEqual(45.25);
  expect(ends.size).toBeGreaterThan(1);
});

test("V32: no write is missed, whenever it comes", async () => {
  await using checked = await CheckedServer.open();
  for (let turns = 0; turns < 30; turns += 1) {
    const cursor = await latest(checked);
    const [late, early] = turns % 2 === 0 ? [true, false] : [false, true];
    const write = async (): Promise<unknown> => {
      if (late) for (let turn = 0; turn < turns; turn += 2) await setImmediate();
      return await checked.upload(`/f${turns}`, "");
    };
    const wait = async () => {
      if (early) for (let turn = 0; turn < turns; turn += 2) await setImmediate();
      return (await poll(checked, { cursor })).json;
    };
    const [, answer] = await Promise.all([write(), wait()]);
    expect(answer).toEqual({ changes: true });
  }
});

test("V32: a call that went away is forgotten", async () => {
  await using checked = await CheckedServer.open();
  const cursor = await latest(checked);
  const stop = new AbortController();
  const answer = poll(checked, { cursor }, { signal: stop.signal });
  await quiet();
  expect(checked.clock.sleeping).toBe(1);
  stop.abort(new Error("gone"));
  await expect(answer).rejects.toThrow("gone");
  await quiet();
  expect(checked.clock.sleeping).toBe(0);
});

test("V32: nobody is left waiting, however it ended", async () => {
  using world = new ListingWorld();
  const { waiters } = world.services;
  const { cursor } = world.call("get_latest_cursor", everything);
  const stop = new AbortController();
  const answers = [
    world.poll({ cursor }, { signal: stop.signal }),
    world.poll({ cursor, timeout: 30 }),
    world.poll({ cursor, timeout: 480 }),
  ];
  expect(waiters.count).toBe(3);
  stop.abort(new Error("gone"));
  await expect(answers[0]).rejects.toThrow();
  expect(waiters.count).toBe(2);
  world.clock.seconds += 35;
  expect(await answers[1]).toEqual({ changes: false });
  expect(waiters.count).toBe(1);
  world.write((tree) => tree.addFolder({ key: "/a", display: "/a" }));
  waiters.wake(world.account.account);
  expect(await answers[2]).toEqual({ changes: true });
  await expect(world.poll({ cursor }, { signal: stop.signal, readableUpTo: 0 })).rejects.toThrow();
  expect([waiters.count, world.clock.sleeping]).toEqual([0, 0]);
});

test("V32, V51: one more than may wait is told to come back", async () => {
  await using checked = await CheckedServer.open({ limits: { longpollsMax: 2 } });
  const cursor = await latest(checked);
  const stop = new AbortController();
  const first = poll(checked, { cursor }, { signal: stop.signal });
  const second = poll(checked, { cursor });
  await quiet();
  const third = await poll(checked, { cursor });
  expect(third.status).toBe(429);
  expect(third.json.error).toEqual({ reason: { ".tag": "too_many_requests" }, retry_after: 60 });
  stop.abort(new Error("gone"));
  await expect(first).rejects.toThrow("gone");
  const fourth = poll(checked, { cursor });
  expect(await byNow(fourth)).toBe("waits");
  await checked.upload("/f", "");
  expect((await Promise.all([second, fourth])).map(({ json }) => json.changes)).toEqual([
    true,
    true,
  ]);
});

test("V32: a server that closes lets them go, with nothing changed", async () => {
  const checked = await CheckedServer.open();
  const answer = poll(checked, { cursor: await latest(checked) });
  await quiet();
  await checked.server.close();
  expect((await answer).json).toEqual({ changes: false });
});

test("V31, V72: a new epoch is reset for every older cursor, also where a call waits", async () => {
  using world = new ListingWorld();
  const { cursor } = world.call("get_latest_cursor", everything);
  const reset = { error: { ".tag": "reset" } };
  const answer = world.poll({ cursor });
  await endEpoch(world.services, world.account.account);
  await expect(answer).rejects.toMatchObject(reset);
  await expect(world.poll({ cursor })).rejects.toMatchObject(reset);
  expect(() => world.call("continue", { cursor })).toThrow(expect.objectContaining(reset));
  const fresh = world.call("get_latest_cursor", everything).cursor;
  expect(world.call("continue", { cursor: fresh }).entries).toEqual([]);
});

test("V72: changes for nothing, a pause, a reset, each for the call it is meant for", async () => {
  using world = new ListingWorld();
  const { cursor } = world.call("get_latest_cursor", everything);
  expect(await world.poll({ cursor }, { spuriousChange: true })).toEqual({ changes: true });
  const paused = world.poll({ cursor, timeout: 30 }, { backoffSeconds: 60 });
  world.clock.seconds += 35;
  expect(await paused).toEqual({ changes: false, backoff: 60 });
  const reset = { error: { ".tag": "reset" } };
  await expect(world.poll({ cursor }, { resetCursor: true })).rejects.toMatchObject(reset);
  expect(() => world.call("continue", { cursor }, { resetCursor: true })).toThrow(
    expect.objectContaining(reset),
  );
  expect(world.call("continue", { cursor }).has_more).toBe(false);
});

test("V74: where reads lag, a change that cannot be read yet is told after a second", async () => {
  using world = new ListingWorld();
  const { cursor } = world.call("get_latest_cursor", everything);
  world.write((tree) => tree.addFolder({ key: "/a", display: "/a" }));
  expect(world.call("continue", { cursor }, { readableUpTo: 0 }).entries).toEqual([]);
  const answer = world.poll({ cursor }, { readableUpTo: 0 });
  expect(await byNow(Promise.resolve(answer))).toBe("waits");
  world.clock.seconds += 1;
  expect(await answer).toEqual({ changes: true });
});
