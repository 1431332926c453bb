/** Simulation (V74) as clients feel it, with a clock that a test moves. */
import { setImmediate as turn } from "node:timers/promises";
import { expect, test } from "vitest";
import type { Profile } from "../../src/server/serve.ts";
import { CheckedServer } from "../support/checked-server.ts";

async function simulated(profile: Partial<Profile>): Promise<CheckedServer> {
  const checked = await CheckedServer.open({ admin: true });
  checked.admin.setProfile({ name: "test", ...profile });
  return checked;
}

/** Let everything happen that waits for nothing but its turn. */
async function settled(): Promise<void> {
  for (let index = 0; index < 20; index += 1) await turn();
}

/** Move the clock in steps until the work is done; the seconds that it took. */
async function secondsOf(checked: CheckedServer, work: Promise<unknown>): Promise<number> {
  let isDone = false;
  void work.finally(() => (isDone = true)).catch(() => {});
  const start = checked.clock.seconds;
  for (let steps = 0; steps < 10_000; steps += 1) {
    await settled();
    if (isDone) return Math.round((checked.clock.seconds - start) * 1000) / 1000;
    checked.clock.seconds += 0.025;
  }
  throw new Error("It takes too long");
}

const content = Buffer.alloc(20_000, "snap");

test("V74: without a profile nothing waits", async () => {
  await using checked = await CheckedServer.open({ admin: true });
  expect(checked.admin.profile().name).toBe("none");
  expect(await secondsOf(checked, checked.upload("/a", content))).toBe(0);
});

test("V74: a round trip is added to every answer, refusals too", async () => {
  await using checked = await simulated({ roundTripMs: 200 });
  expect(await secondsOf(checked, checked.rpc("users/get_space_usage"))).toBe(0.2);
  expect(await secondsOf(checked, checked.rpc("nonsense"))).toBe(0.2);
});

test("V74: a client that leaves on the way is gone", async () => {
  await using checked = await simulated({ roundTripMs: 200 });
  const leaving = new AbortController();
  const call = checked.server.fetch("https://api.dropboxapi.com/2/users/get_space_usage", {
    method: "POST",
    signal: leaving.signal,
  });
  await settled();
  leaving.abort(new Error("enough"));
  await expect(call).rejects.toThrow("enough");
  await settled();
  expect(checked.admin.calls()).toMatchObject([{ status: "gone" }]);
  expect(checked.clock.sleeping).toBe(0);
});

test("V74: an upload takes the time that its bytes need on the line", async () => {
  await using checked = await simulated({ uploadBytesPerSecond: 10_000 });
  expect(await secondsOf(checked, checked.upload("/a", content))).toBe(2);
  const both = [checked.upload("/b", content), checked.upload("/c", content)];
  expect(await secondsOf(checked, Promise.all(both))).toBe(2);
});

test("V74: all calls share the line of the house, in both directions apart", async () => {
  await using checked = await simulated({ totalUploadBytesPerSecond: 10_000 });
  const both = [checked.upload("/b", content), checked.upload("/c", content)];
  expect(await secondsOf(checked, Promise.all(both))).toBe(4);
  const download = checked.content("files/download", { path: "/b" });
  expect(await secondsOf(checked, download)).toBe(0);
});

test("V74: a download takes its time, and ends with the client", async () => {
  await using checked = await simulated({
    downloadBytesPerSecond: 20_000,
    totalDownloadBytesPerSecond: 10_000,
  });
  const stored = await secondsOf(checked, checked.upload("/a", content));
  expect(stored).toBeLessThan(0.1);
  expect(await secondsOf(checked, checked.content("files/download", { path: "/a" }))).toBe(2);
  const answer = await checked.server.fetch("https://content.dropboxapi.com/2/files/download", {
    method: "POST",
    headers: { authorization: `Bearer ${checked.token}`, "dropbox-api-arg": '{"path":"/a"}' },
  });
  const reader = answer.body?.getReader();
  void reader?.read();
  await settled();
  expect(checked.clock.sleeping).toBe(1);
  await reader?.cancel();
  await settled();
  expect(checked.clock.sleeping).toBe(0);
});

test("V74: commits of one namespace wait for each other, up to their patience", async () => {
  await using checked = await simulated({ commitMs: 1000, lockWaitMs: 1500 });
  const calls = ["/a", "/b", "/c"].map((path) => checked.rpc("files/create_folder_v2", { path }));
  expect(await secondsOf(checked, Promise.all(calls))).toBe(2);
  const answers = await Promise.all(calls);
  expect(answers.map(({ status }) => status)).toEqual([200, 200, 429]);
  expect(answers[2]?.json.error).toEqual({
    reason: { ".tag": "too_many_write_operations" },
    retry_after: 1,
  });
  expect(answers[2]?.headers.get("retry-after")).toBe("1");
  expect(checked.admin.metrics()).toContain("snap_server_lock_collisions_total 2\n");
  expect(checked.admin.metrics()).toContain("snap_server_commits_total 2\n");
  // Who gave up is not waited for, and neither is the patience of who got through.
  expect(checked.clock.sleeping).toBe(0);
  const later = checked.rpc("files/create_folder_v2", { path: "/d" });
  expect(await secondsOf(checked, later)).toBe(1);
  expect((await later).status).toBe(200);
});

test("V74: the lock is free again after a refusal, a failure, and a client that left", async () => {
  await using checked = await simulated({ commitMs: 1000, lockWaitMs: 0 });
  const make = () => checked.rpc("files/create_folder_v2", { path: "/a" });
  const calls = [make(), make()];
  await secondsOf(checked, Promise.all(calls));
  expect((await Promise.all(calls)).map(({ status }) => status)).toEqual([200, 429]);
  const again = make();
  await secondsOf(checked, again);
  expect((await again).json.error_summary).toMatch(/^path\/conflict\/folder/);
  const leaving = new AbortController();
  const left = checked.server.fetch("https://api.dropboxapi.com/2/files/create_folder_v2", {
    method: "POST",
    headers: { authorization: `Bearer ${checked.token}`, "content-type": "application/json" },
    body: '{"path":"/left"}',
    signal: leaving.signal,
  });
  await settled();
  leaving.abort(new Error("enough"));
  await expect(left).rejects.toThrow("enough");
  await settled();
  const last = checked.rpc("files/create_folder_v2", { path: "/b" });
  expect(await secondsOf(checked, last)).toBe(1);
  expect((await last).status).toBe(200);
  const { json } = await checked.rpc("files/list_folder", { path: "" });
  expect(json.entries.map(({ name }: { name: string }) => name).toSorted()).toEqual(["a", "b"]);
});

test("V74: other namespaces have locks of their own", async () => {
  await using checked = await simulated({ commitMs: 1000, lockWaitMs: 0 });
  const other = checked.server.addAccount({ name: "Bo" });
  const { accessToken: token } = checked.server.issueToken(other.id);
  const calls = [
    checked.rpc("files/create_folder_v2", { path: "/a" }),
    checked.rpc("files/create_folder_v2", { path: "/a" }, { token }),
  ];
  expect(await secondsOf(checked, Promise.all(calls))).toBe(1);
  expect((await Promise.all(calls)).map(({ status }) => status)).toEqual([200, 200]);
});

test("V74: an account calls so often in a second, and is told how long to wait", async () => {
  await using checked = await simulated({ requestsPerSecond: 2 });
  const call = () => checked.rpc("users/get_space_usage");
  expect([(await call()).status, (await call()).status]).toEqual([200, 200]);
  const refused = await call();
  expect(refused.status).toBe(429);
  expect(refused.json.error).toEqual({ reason: { ".tag": "too_many_requests" }, retry_after: 1 });
  // Refused calls count, up to a limit; and a client that waits as long as it was told gets through.
  for (let index = 0; index < 20; index += 1) await call();
  expect((await call()).headers.get("retry-after")).toBe("2");
  checked.clock.seconds += 2;
  expect((await call()).status).toBe(200);
  const other = checked.server.addAccount({ name: "Bo" });
  const { accessToken: token } = checked.server.issueToken(other.id);
  expect((await checked.rpc("users/get_space_usage", undefined, { token })).status).toBe(200);
});

test("V74: listings lag behind writes, and see them in their order", async () => {
  await using checked = await simulated({ readLagMs: 2000 });
  const { json: start } = await checked.rpc("files/list_folder/get_latest_cursor", { path: "" });
  const seen = async (): Promise<readonly string[]> => {
    const { json } = await checked.rpc("files/list_folder/continue", { cursor: start.cursor });
    return json.entries.map(({ name }: { name: string }) => name);
  };
  await checked.upload("/a", "one");
  checked.clock.seconds += 1;
  await checked.upload("/b", "two");
  expect(await seen()).toEqual([]);
  checked.clock.seconds += 1;
  expect(await seen()).toEqual(["a"]);
  checked.clock.seconds += 1;
  expect(await seen()).toEqual(["a", "b"]);
});

test("V74: where the clock is set back, listings lag no longer than before", async () => {
  await using checked = await simulated({ readLagMs: 1000 });
  const seen = async (): Promise<readonly string[]> => {
    const { json } = await checked.rpc("files/list_folder", { path: "" });
    return json.entries.map(({ name }: { name: string }) => name).toSorted();
  };
  await checked.upload("/a", "one");
  checked.clock.seconds -= 3600;
  await checked.upload("/b", "two");
  expect(await seen()).toEqual([]);
  checked.clock.seconds += 1;
  expect(await seen()).toEqual(["a", "b"]);
});

test("V74: a job is in progress for so many checks", async () => {
  await using checked = await simulated({ jobPolls: 2 });
  await checked.upload("/a", "one");
  const entries = [{ path: "/a" }];
  const { json: started } = await checked.rpc("files/delete_batch", { entries });
  const job = { async_job_id: started.async_job_id };
  const states: string[] = [];
  for (let poll = 0; poll < 3; poll += 1) {
    states.push((await checked.rpc("files/delete_batch/check", job)).json[".tag"]);
  }
  expect(states).toEqual(["in_progress", "in_progress", "complete"]);
});

test.each(["home", "throttled"])("V74: %s works from the first call to the last", async (name) => {
  await using checked = await CheckedServer.open({ admin: true });
  checked.admin.setProfile(name);
  const upload = checked.upload("/a", content);
  expect(await secondsOf(checked, upload)).toBeGreaterThan(0.1);
  expect((await upload).size).toBe(content.length);
  const download = checked.content("files/download", { path: "/a" });
  expect(await secondsOf(checked, download)).toBeGreaterThan(0.05);
  expect((await download).text).toHaveLength(content.length);
});
