import { expect, test } from "vitest";
import { hashedContentOf } from "../../src/core/tree/content-hash.ts";
import type { UploadRequest, UploadSession } from "../../src/core/tree/remote-item.ts";
import { SnapError } from "../../src/std/error.ts";
import { failure, linkedServer, uploadOf } from "./linked.ts";
import { code, failing, noNetwork } from "./faulty.ts";
import {
  argumentOf,
  checkLarge,
  countOf,
  large,
  mebi,
  partBytes,
  refuseConcurrent,
  sessionCalls,
} from "./large.ts";

test("S57: a large file goes in parts side by side, each with its own hash; the last closes", async () => {
  await using linked = await linkedServer();
  const sent: ReturnType<typeof argumentOf>[] = [];
  let running = 0;
  let most = 0;
  linked.intercept = async ({ route, init }, pass) => {
    if (!route.endsWith("append_v2")) return pass();
    sent.push(argumentOf(init));
    running += 1;
    most = Math.max(most, running);
    const answer = await pass();
    running -= 1;
    return answer;
  };
  const notes: UploadSession[] = [];
  const bytes: number[] = [];
  const request = uploadOf("big", large, { onSession: (session) => notes.push(session) });
  await linked.remote.upload(request, { onBytes: (count) => bytes.push(count) });
  await checkLarge(linked);
  expect([most, sessionCalls(linked).at(0), sessionCalls(linked).at(-1)]).toEqual([
    4,
    "start",
    "finish",
  ]);
  expect(sent.map(({ cursor }) => cursor.offset / mebi)).toEqual([0, 4, 8, 12, 16]);
  expect(sent.map(({ close }) => close)).toEqual([...Array(4), true]);
  expect(sent.every(({ content_hash: hash }) => /^[0-9a-f]{64}$/u.test(String(hash)))).toBe(true);
  expect(bytes.reduce((sum, count) => sum + count, 0)).toBe(large.length);
  expect(Math.max(...bytes), "counted while they travel").toBeLessThanOrEqual(mebi);
  expect(notes.at(0)).toMatchObject({ kind: "concurrent", acknowledged: [] });
  expect(notes.at(-1)?.acknowledged).toEqual([{ from: 0, to: 18 * mebi }]);
});

test.each([1, 3, 5])(
  "S57: of parts whose answer is lost only that one (%i) is sent again",
  async (lost) => {
    await using linked = await linkedServer();
    const offsets: number[] = [];
    linked.intercept = async ({ route, init }, pass) => {
      if (!route.endsWith("append_v2")) return pass();
      const count = offsets.push(argumentOf(init).cursor.offset / mebi);
      const answer = await pass();
      if (count === lost) throw noNetwork();
      return answer;
    };
    await linked.remote.upload(uploadOf("big", large));
    await checkLarge(linked);
    const again = [0, 4, 8, 12, 16][lost - 1] ?? 0;
    expect(offsets.toSorted((a, b) => a - b)).toEqual(
      [0, 4, 8, 12, 16, again].toSorted((a, b) => a - b),
    );
  },
);

test("S57: a closing part that is refused because its first try closed the session has arrived", async () => {
  await using linked = await linkedServer();
  let closings = 0;
  linked.intercept = async ({ route, init }, pass) => {
    if (!route.endsWith("append_v2") || argumentOf(init).close !== true) return pass();
    closings += 1;
    if (closings > 1) return failure(409, { ".tag": "closed" });
    await pass();
    throw noNetwork();
  };
  await linked.remote.upload(uploadOf("big", large));
  await checkLarge(linked);
  expect([closings, countOf(linked, "start")]).toEqual([2, 1]);
});

test("S57: an earlier run's session is gone on with: only what was not acknowledged is read and sent", async () => {
  await using linked = await linkedServer();
  const notes: UploadSession[] = [];
  linked.intercept = async ({ route, init }, pass) => {
    const isLater = route.endsWith("append_v2") && argumentOf(init).cursor.offset === 8 * mebi;
    return isLater ? failure(409, { ".tag": "payload_too_large" }) : pass();
  };
  const request = uploadOf("big", large, { onSession: (session) => notes.push(session) });
  await expect(linked.remote.upload(request)).rejects.toThrow(code("too-large"));
  linked.intercept = undefined;
  linked.routes.length = 0;
  const reads = new Set<number>();
  const read = async (offset: number, lengthMax: number): Promise<Uint8Array> => {
    reads.add(Math.floor(offset / partBytes) * (partBytes / mebi));
    return request.read(offset, lengthMax);
  };
  const resume = notes.at(-1);
  expect(resume?.acknowledged).toEqual([
    { from: 0, to: 8 * mebi },
    { from: 12 * mebi, to: 16 * mebi },
  ]);
  await linked.remote.upload({ ...request, read, resume });
  await checkLarge(linked);
  expect(sessionCalls(linked)).toEqual(["append_v2", "append_v2", "finish"]);
  expect([...reads].toSorted((one, other) => one - other)).toEqual([8, 16]);
});

test("S57: a session that has everything is only finished", async () => {
  await using linked = await linkedServer();
  const notes: UploadSession[] = [];
  linked.intercept = failing("files/upload_session/finish", Array(6).fill(noNetwork));
  const request = uploadOf("big", large, { onSession: (session) => notes.push(session) });
  await expect(linked.remote.upload(request)).rejects.toThrow(code("offline"));
  linked.routes.length = 0;
  await linked.remote.upload({ ...request, resume: notes.at(-1) });
  await checkLarge(linked);
  expect(sessionCalls(linked)).toEqual(["finish"]);
});

test.each(["concurrent", "sequential"] as const)(
  "S57: a %s session that the server has forgotten is begun again, once",
  async (kind) => {
    await using linked = await linkedServer();
    const session = "AAAAAAAAAAAAAAAAAAAAAA";
    const half = { session, kind, acknowledged: [{ from: 0, to: 8 * mebi }] };
    await linked.remote.upload(uploadOf("big", large, { resume: half }));
    await checkLarge(linked);
    const whole = { session, kind, acknowledged: [{ from: 0, to: large.length }] };
    await linked.remote.upload(uploadOf("again", large, { resume: whole }));
    await checkLarge(linked, "again");
    expect(countOf(linked, "start")).toBe(2);
  },
);

test("S57: a session without parts that were acknowledged is begun again", async () => {
  await using linked = await linkedServer();
  const notes: UploadSession[] = [];
  linked.intercept = failing("files/upload_session/append_v2", Array(30).fill(noNetwork));
  const request = uploadOf("big", large, { onSession: (session) => notes.push(session) });
  await expect(linked.remote.upload(request)).rejects.toThrow(code("offline"));
  linked.intercept = undefined;
  const [empty] = notes;
  const resume = empty && { ...empty, acknowledged: [{ from: 0, to: 16 * mebi }] };
  linked.routes.length = 0;
  await linked.remote.upload({ ...request, resume });
  await checkLarge(linked);
  expect(countOf(linked, "start")).toBe(1);
});

test("S57: a finish whose answer was lost is settled by looking", async () => {
  await using linked = await linkedServer();
  let lost = false;
  linked.intercept = async ({ route }, pass) => {
    const answer = await pass();
    if (!route.endsWith("finish")) return answer;
    if (lost)
      return failure(409, { ".tag": "lookup_failed", lookup_failed: { ".tag": "not_found" } });
    lost = true;
    throw new TypeError("terminated");
  };
  const item = await linked.remote.upload(uploadOf("big", large));
  expect(item.hash).toBe(uploadOf("big", large).hash);
  expect([countOf(linked, "start"), countOf(linked, "append_v2")]).toEqual([1, 5]);
});

test("a server that forgets every session ends in an error", async () => {
  await using linked = await linkedServer();
  linked.intercept = async ({ route }, pass) =>
    route.endsWith("append_v2") ? failure(409, { ".tag": "not_found" }) : pass();
  await expect(linked.remote.upload(uploadOf("big", large))).rejects.toThrow(code("server-error"));
  expect(countOf(linked, "start")).toBe(2);
});

test.each([true, false])(
  "S57: a large file that changes while it is sent is never committed (side by side: %s)",
  async (isConcurrent) => {
    await using linked = await linkedServer();
    if (!isConcurrent)
      linked.intercept = async (request, pass) => refuseConcurrent(request) ?? pass();
    // It is looked at before each of the five parts, and before the finish.
    for (const looks of [5, 4]) {
      let left = looks;
      const stale = uploadOf("big", large, { unchanged: async () => (left -= 1) >= 0 });
      linked.routes.length = 0;
      await expect(linked.remote.upload(stale)).rejects.toThrow(code("volatile"));
      expect(countOf(linked, "append_v2")).toBe(looks);
    }
    const other = uploadOf("big", large, { hash: "0".repeat(64) });
    await expect(linked.remote.upload(other)).rejects.toThrow(code("volatile"));
    const whole = uploadOf("big", large);
    const cut = {
      ...whole,
      read: async (offset: number, length: number) =>
        offset < 9 * mebi ? whole.read(offset, length) : new Uint8Array(0),
    };
    await expect(linked.remote.upload(cut)).rejects.toThrow(code("volatile"));
    expect(await linked.remote.get(whole.path)).toBeUndefined();
    expect(countOf(linked, "finish")).toBe(0);
  },
);

test("S57: what a file holds while it is sent is compared with what it held when it was hashed", async () => {
  await using linked = await linkedServer();
  const whole = uploadOf("big", large);
  const hashOf: UploadRequest["hashOf"] = async ({ from, to }) =>
    hashedContentOf(large.subarray(from, to));
  const read = async (offset: number, length: number): Promise<Uint8Array> =>
    offset < 9 * mebi ? whole.read(offset, length) : Buffer.alloc(length, "another");
  const torn = { ...whole, hashOf, read };
  await expect(linked.remote.upload(torn)).rejects.toThrow(code("content-wrong"));
  const changed = { ...torn, unchanged: async () => false };
  await expect(linked.remote.upload(changed)).rejects.toThrow(code("volatile"));
  linked.routes.length = 0;
  const broken = {
    ...whole,
    hashOf,
    read: () => Promise.reject(new SnapError("disk-error", "no")),
  };
  await expect(linked.remote.upload(broken)).rejects.toThrow(code("disk-error"));
  expect(countOf(linked, "append_v2"), "nothing is tried again").toBeLessThanOrEqual(4);
  expect(await linked.remote.get(whole.path)).toBeUndefined();
});

test("S57: a large file replaces only the rev it names", async () => {
  await using linked = await linkedServer();
  await linked.remote.upload(uploadOf("big", "small"));
  await expect(linked.remote.upload(uploadOf("big", large))).rejects.toThrow(code("conflict"));
});

test("S59, S84: parts of all files share the lanes, and a 429 takes half of them", async () => {
  await using linked = await linkedServer();
  const running = { count: 0, begun: 0, most: 0, mostLater: 0 };
  linked.intercept = async ({ route }, pass) => {
    if (!route.endsWith("append_v2")) return pass();
    running.begun += 1;
    if (running.begun === 1) {
      return failure(429, { reason: { ".tag": "too_many_requests" } }, { "retry-after": "3" });
    }
    running.count += 1;
    running.most = Math.max(running.most, running.count);
    if (running.begun > 16) running.mostLater = Math.max(running.mostLater, running.count);
    const answer = await pass();
    running.count -= 1;
    return answer;
  };
  const names = ["a", "b", "c", "d", "e", "f"];
  await Promise.all(names.map((name) => linked.remote.upload(uploadOf(name, large))));
  expect(running).toMatchObject({ most: 8, mostLater: 4 });
  expect(linked.clock.slept).toEqual([3_000]);
});
