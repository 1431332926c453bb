import { expect, test } from "vitest";
import { failure, linkedServer, uploadOf, type Linked } from "./linked.ts";

const code = (name: string): Error => expect.objectContaining({ code: name }) as Error;
const mebi = 1024 * 1024;

/** 20 MiB that differ everywhere: three parts, the last one short. */
const large = Buffer.alloc(20 * mebi, Buffer.from(Array.from({ length: 251 }, (_, n) => n)));

const sessionCalls = (linked: Linked): string[] =>
  linked.routes.flatMap((route) =>
    route.startsWith("files/upload_session/") ? [route.slice(21)] : [],
  );

async function check(linked: Linked): Promise<void> {
  const item = await linked.remote.get(uploadOf("big", "").path);
  expect([item?.size, item?.hash]).toEqual([large.length, uploadOf("big", large).hash]);
}

test("S57: a large file goes in parts, each with its own hash, and the progress is told", async () => {
  await using linked = await linkedServer();
  const hashes: unknown[] = [];
  linked.intercept = async ({ route, init }, pass) => {
    const argument: unknown = JSON.parse(new Headers(init?.headers).get("dropbox-api-arg") ?? "{}");
    if (route.endsWith("append_v2"))
      hashes.push((argument as { content_hash?: string }).content_hash);
    return pass();
  };
  const offsets: number[] = [];
  const bytes: number[] = [];
  const request = uploadOf("big", large, { onSession: (_session, offset) => offsets.push(offset) });
  await linked.remote.upload(request, { onProgress: (progress) => bytes.push(progress.bytes) });
  await check(linked);
  expect(sessionCalls(linked)).toEqual(["start", "append_v2", "append_v2", "append_v2", "finish"]);
  expect(offsets).toEqual([0, 8 * mebi, 16 * mebi, 20 * mebi]);
  expect(bytes).toEqual(offsets.slice(1));
  expect(hashes).toHaveLength(3);
  expect(hashes.every((hash) => /^[0-9a-f]{64}$/u.test(String(hash)))).toBe(true);
});

test("S57: an append whose answer was lost goes on at the server's offset", async () => {
  await using linked = await linkedServer();
  let count = 0;
  linked.intercept = async ({ route }, pass) => {
    const answer = await pass();
    if (!route.endsWith("append_v2")) return answer;
    count += 1;
    if (count === 2) throw new TypeError("terminated");
    return answer;
  };
  await linked.remote.upload(uploadOf("big", large));
  await check(linked);
  expect(count).toBe(4);
});

test("S57: an earlier run's session is resumed where the server is, not where we were", async () => {
  await using linked = await linkedServer();
  const notes: { session: string; offset: number }[] = [];
  const onSession = (session: string, offset: number): void => {
    notes.push({ session, offset });
    if (offset === 16 * mebi) throw new Error("killed");
  };
  await expect(linked.remote.upload(uploadOf("big", large, { onSession }))).rejects.toThrow(
    "killed",
  );
  // The last note may be lost with the process.
  const resume = notes.at(-2);
  linked.routes.length = 0;
  const reads: number[] = [];
  const whole = uploadOf("big", large, { resume });
  const read = async (offset: number, lengthMax: number): Promise<Uint8Array> => {
    reads.push(offset);
    return whole.read(offset, lengthMax);
  };
  await linked.remote.upload({ ...whole, read });
  await check(linked);
  expect(sessionCalls(linked)).toEqual(["append_v2", "append_v2", "finish"]);
  expect(reads).toEqual([8 * mebi, 16 * mebi]);
});

test("S57: a session that the server has forgotten is begun again", async () => {
  await using linked = await linkedServer();
  const resume = { session: "AAAAAAAAAAAAAAAAAAAAAA", offset: 8 * mebi };
  await linked.remote.upload(uploadOf("big", large, { resume }));
  await check(linked);
  const complete = { session: "AAAAAAAAAAAAAAAAAAAAAA", offset: large.length };
  await linked.remote.upload(uploadOf("again", large, { resume: complete }));
  expect((await linked.remote.get(uploadOf("again", "").path))?.size).toBe(large.length);
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
  expect(sessionCalls(linked).filter((route) => route === "start")).toHaveLength(1);
});

test("a server that forgets every session ends in an error", async () => {
  await using linked = await linkedServer();
  linked.intercept = async ({ route }, pass) =>
    route.endsWith("append_v2") ? failure(409, { ".tag": "not_found" }) : pass();
  await expect(linked.remote.upload(uploadOf("big", large))).rejects.toThrow(code("server-error"));
});

test("a server that names wrong offsets for ever ends in an error", async () => {
  await using linked = await linkedServer();
  linked.intercept = async ({ route }, pass) =>
    route.endsWith("append_v2")
      ? failure(409, { ".tag": "incorrect_offset", correct_offset: 0 })
      : pass();
  await expect(linked.remote.upload(uploadOf("big", large))).rejects.toThrow(code("server-error"));
});

test("S57: a large file that changes while it is sent is never committed", async () => {
  await using linked = await linkedServer();
  const stale = uploadOf("big", large, { unchanged: async () => false });
  await expect(linked.remote.upload(stale)).rejects.toThrow(code("volatile"));
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
    if (running.begun > 8) running.mostLater = Math.max(running.mostLater, running.count);
    const answer = await pass();
    running.count -= 1;
    return answer;
  };
  const names = ["a", "b", "c", "d", "e", "f"];
  await Promise.all(names.map((name) => linked.remote.upload(uploadOf(name, large))));
  expect(running).toMatchObject({ most: 4, mostLater: 2 });
  expect(linked.clock.slept).toEqual([3_000]);
});
