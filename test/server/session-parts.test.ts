/** Concurrent sessions (V40). */
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { DatabaseSync } from "node:sqlite";
import { expect, test } from "vitest";
import { contentHashOf } from "../../src/core/tree/content-hash.ts";
import { CheckedServer } from "../support/checked-server.ts";
import { append, block, finish, session, start } from "./session-calls.ts";

test("V40: a concurrent session takes its parts in any order", async () => {
  await using checked = await CheckedServer.open();
  const bytes = Buffer.alloc(2 * block + 10, "snap");
  const id = await start(checked, "", { session_type: { ".tag": "concurrent" } });
  const part = (at: number, close = false) =>
    append(checked, id, { at, body: bytes.subarray(at, at + block), close });
  expect((await part(2 * block, true)).status).toBe(200);
  expect((await part(block)).status).toBe(200);
  const missing = await finish(checked, id, { at: bytes.length });
  expect(missing.json.error).toEqual({ ".tag": "concurrent_session_missing_data" });
  expect((await part(0)).status).toBe(200);
  expect((await part(0)).status, "the same part again").toBe(200);
  const stored = await finish(checked, id, { at: bytes.length });
  expect(stored.json).toMatchObject({ size: bytes.length, content_hash: contentHashOf(bytes) });
});

test("V40: a concurrent session refuses what does not fit", async () => {
  await using checked = await CheckedServer.open();
  const concurrent = { session_type: "concurrent" };
  const refusal = async (argument: object, body: string) =>
    (await session(checked, "start", { ...argument, body })).json.error[".tag"];
  expect(await refusal(concurrent, "x")).toBe("concurrent_session_data_not_allowed");
  expect(await refusal({ ...concurrent, close: true }, "")).toBe(
    "concurrent_session_close_not_allowed",
  );
  const id = await start(checked, "", concurrent);
  const error = async (part: Parameters<typeof append>[2]) =>
    (await append(checked, id, part)).json.error[".tag"];
  const whole = Buffer.alloc(block, 1);
  expect(await error({ at: 1, body: "x" })).toBe("concurrent_session_invalid_offset");
  expect(await error({ at: 0, body: "x" })).toBe("concurrent_session_invalid_data_size");
  await append(checked, id, { at: 0, body: whole });
  expect(await error({ at: 0, body: Buffer.alloc(block, 2) })).toBe(
    "concurrent_session_invalid_offset",
  );
  expect((await finish(checked, id, { at: block })).json.error[".tag"]).toBe(
    "concurrent_session_not_closed",
  );
  await append(checked, id, { at: block, body: "end", close: true });
  expect(await error({ at: 2 * block, body: whole })).toBe("closed");
  expect((await finish(checked, id, { at: block + 3, body: "x" })).json.error[".tag"]).toBe(
    "concurrent_session_data_not_allowed",
  );
  expect((await finish(checked, id, { at: block + 3 })).json.size).toBe(block + 3);
});

test("V40: a part without bytes does not stand in the way of the real one", async () => {
  await using checked = await CheckedServer.open();
  const id = await start(checked, "", { session_type: "concurrent" });
  const whole = Buffer.alloc(block, 1);
  const tail = "the end 10";
  for (const at of [0, block]) expect((await append(checked, id, { at })).status).toBe(200);
  expect((await append(checked, id, { at: 0, body: whole })).status).toBe(200);
  expect((await append(checked, id, { at: 0 })).status, "again, behind it").toBe(200);
  const last = await append(checked, id, { at: block, body: tail, close: true });
  expect(last.status).toBe(200);
  expect((await append(checked, id, { at: block })).status).toBe(200);
  const stored = await finish(checked, id, { at: block + tail.length });
  expect(stored.json).toMatchObject({
    size: block + tail.length,
    content_hash: contentHashOf(Buffer.concat([whole, Buffer.from(tail)])),
  });
});

test("V40: a part without bytes may close a session, behind all others only", async () => {
  await using checked = await CheckedServer.open();
  const id = await start(checked, "", { session_type: "concurrent" });
  await append(checked, id, { at: 0, body: Buffer.alloc(block, 1) });
  const early = await append(checked, id, { at: 0, close: true });
  expect(early.json.error).toEqual({ ".tag": "concurrent_session_invalid_offset" });
  expect((await append(checked, id, { at: block, close: true })).status).toBe(200);
  expect((await append(checked, id, { at: block, close: true })).status, "again").toBe(200);
  const other = await append(checked, id, { at: 2 * block, close: true });
  expect(other.json.error).toEqual({ ".tag": "closed" });
  expect((await finish(checked, id, { at: block })).json.size).toBe(block);
});

test("V40: parts without bytes that were stored once are looked over", async () => {
  const data = await mkdtemp(join(tmpdir(), "snap-server-"));
  try {
    const before = await CheckedServer.open({ data });
    const id = await start(before, "", { session_type: "concurrent" });
    await before.server.close();
    const database = new DatabaseSync(join(data, "server.sqlite"));
    for (const at of [0, block]) {
      database
        .prepare("INSERT INTO session_parts (session, start, size, blocks) VALUES (?, ?, 0, x'')")
        .run(id, at);
    }
    database.close();
    await using checked = await CheckedServer.open({ data, seed: 2 });
    await append(checked, id, { at: 0, body: Buffer.alloc(block, 1) });
    await append(checked, id, { at: block, body: "end", close: true });
    expect((await finish(checked, id, { at: block + 3 })).json.size).toBe(block + 3);
  } finally {
    await rm(data, { recursive: true });
  }
});
