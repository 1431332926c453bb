import { expect, test } from "vitest";
import { CheckedServer } from "../support/checked-server.ts";
import type { Answer } from "../support/checked-server.ts";

const startBatch = async (checked: CheckedServer, count: number): Promise<string[]> =>
  (await checked.rpc("files/upload_session/start_batch", { num_sessions: count })).json.session_ids;

type Part = { id: string; at?: number; body: string; length?: number; close?: boolean };

const appendBatch = (
  checked: CheckedServer,
  parts: readonly Part[],
  more: object = {},
): Promise<Answer> => {
  const entries = parts.map(({ id, at = 0, body, length, close = true }) => ({
    cursor: { session_id: id, offset: at },
    length: length ?? body.length,
    close,
  }));
  const body = parts.map((part) => part.body).join("");
  return checked.content("files/upload_session/append_batch", { entries, ...more }, { body });
};

const entry = (id: string, offset: number, commit: object) => ({
  cursor: { session_id: id, offset },
  commit,
});

const finishBatch = async (
  checked: CheckedServer,
  entries: readonly object[],
): Promise<Answer["json"]> =>
  (await checked.rpc("files/upload_session/finish_batch_v2", { entries })).json.entries;

const success = { ".tag": "success" };

test("V41: one body becomes many files, each entry with its own result, in order", async () => {
  await using checked = await CheckedServer.open();
  await checked.upload("/taken", "other");
  const ids = await startBatch(checked, 4);
  expect(new Set(ids).size).toBe(4);
  const [a = "", b = "", c = "", d = ""] = ids;
  const parts = [
    { id: a, body: "one" },
    { id: b, body: "" },
    { id: c, body: "three" },
    { id: d, body: "open", close: false },
  ];
  const appended = await appendBatch(checked, parts);
  expect(appended.json.entries).toEqual([success, success, success, success]);
  const results = await finishBatch(checked, [
    entry(a, 3, { path: "/A/one" }),
    entry(b, 0, { path: "/taken" }),
    entry(c, 5, { path: "/A/three" }),
    entry(d, 4, { path: "/A/four" }),
    entry("none", 0, { path: "/A/five" }),
    entry(b, 0, { path: "/A/two" }),
  ]);
  expect(results[0]).toMatchObject({ ".tag": "success", path_display: "/A/one", size: 3 });
  expect(results[1].failure).toEqual({
    ".tag": "path",
    path: { ".tag": "conflict", conflict: { ".tag": "file" } },
  });
  expect(results[2]).toMatchObject({ ".tag": "success", size: 5 });
  expect(results[3].failure.lookup_failed).toEqual({ ".tag": "not_closed" });
  expect(results[4].failure.lookup_failed).toEqual({ ".tag": "not_found" });
  expect(results[5]).toMatchObject({ ".tag": "success", path_display: "/A/two", size: 0 });
  expect((await checked.content("files/download", { path: "/A/three" })).text).toBe("three");
});

test("V41: one session may come twice in a batch; a part in the wrong place fails alone", async () => {
  await using checked = await CheckedServer.open();
  const [a = "", b = ""] = await startBatch(checked, 2);
  const appended = await appendBatch(checked, [
    { id: a, body: "one ", close: false },
    { id: b, at: 3, body: "wrong" },
    { id: a, at: 4, body: "two" },
    { id: a, at: 7, body: "late" },
  ]);
  expect(appended.json.entries).toEqual([
    success,
    { ".tag": "failure", failure: { ".tag": "incorrect_offset", correct_offset: 0 } },
    success,
    { ".tag": "failure", failure: { ".tag": "closed" } },
  ]);
  await finishBatch(checked, [entry(a, 7, { path: "/a" })]);
  expect((await checked.content("files/download", { path: "/a" })).text).toBe("one two");
});

test("fact sheet 4.7: lengths that do not add up, and a wrong hash, keep nothing", async () => {
  await using checked = await CheckedServer.open();
  const [a = ""] = await startBatch(checked, 1);
  const error = async (part: Part, more: object = {}) =>
    (await appendBatch(checked, [part], more)).json.error;
  expect(await error({ id: a, body: "abc", length: 2 })).toEqual({ ".tag": "length_mismatch" });
  expect(await error({ id: a, body: "abc", length: 4 })).toEqual({ ".tag": "length_mismatch" });
  expect(await error({ id: a, body: "abc" }, { content_hash: "0".repeat(64) })).toEqual({
    ".tag": "content_hash_mismatch",
  });
  expect((await appendBatch(checked, [{ id: a, body: "abc" }])).json.entries).toEqual([success]);
});

test("V41: a thousand entries are taken, one more is refused", async () => {
  await using checked = await CheckedServer.open();
  const ids = await startBatch(checked, 1000);
  const parts = ids.map((id, index) => ({ id, body: `content ${index}` }));
  expect((await appendBatch(checked, parts)).status).toBe(200);
  const entries = parts.map(({ id, body }, index) =>
    entry(id, body.length, { path: `/A/${index}` }),
  );
  const results = await finishBatch(checked, entries);
  expect(results.every((result: { ".tag": string }) => result[".tag"] === "success")).toBe(true);
  const tooMany = await checked.rpc("files/upload_session/finish_batch_v2", {
    entries: [...entries, entry("x", 0, { path: "/x" })],
  });
  expect(tooMany.text).toContain("entries: list must have at most 1000 items");
});

test("V51: one to a thousand sessions are started, and as many parts taken, at once", async () => {
  await using checked = await CheckedServer.open({ limits: { uploadBodyBytesMax: 8 } });
  const start = (num_sessions: number) =>
    checked.rpc("files/upload_session/start_batch", { num_sessions });
  expect((await start(0)).text).toContain("num_sessions: expected integer >= 1, got 0");
  expect((await start(1001)).text).toContain("num_sessions: expected integer <= 1000, got 1001");
  const [id = ""] = await startBatch(checked, 1);
  const parts = Array.from({ length: 1001 }, () => ({ id, body: "", close: false }));
  const tooMany = await appendBatch(checked, parts);
  expect(tooMany.text).toContain("entries: list must have at most 1000 items");
  const tooLarge = await appendBatch(checked, [{ id, body: "123456789" }]);
  expect(tooLarge.json.error).toEqual({ ".tag": "payload_too_large" });
  expect((await appendBatch(checked, [{ id, body: "12345678" }])).json.entries).toEqual([success]);
});

test("V41: an entry that is refused leaves nothing, not even the folders above its place", async () => {
  await using checked = await CheckedServer.open({ limits: { quotaBytes: 4 } });
  const [a = "", b = ""] = await startBatch(checked, 2);
  await appendBatch(checked, [
    { id: a, body: "12345" },
    { id: b, body: "1234" },
  ]);
  const results = await finishBatch(checked, [
    entry(a, 5, { path: "/A/a" }),
    entry(b, 4, { path: "/B/b" }),
  ]);
  expect(results[0].failure.path).toEqual({ ".tag": "insufficient_space" });
  expect(results[1]).toMatchObject({ ".tag": "success", path_display: "/B/b" });
  const { json } = await checked.rpc("files/list_folder", { path: "" });
  expect(json.entries.map(({ name }: { name: string }) => name)).toEqual(["B"]);
});

/** A body that comes in two pieces, with something in between. */
async function* interrupted(first: string, between: () => Promise<unknown>, then: string) {
  yield Buffer.from(first);
  await between();
  yield Buffer.from(then);
}

test("V38, V41: a batch does not go over bytes that another call has had acknowledged", async () => {
  await using checked = await CheckedServer.open();
  const [id = ""] = await startBatch(checked, 1);
  const append = (offset: number, body: string, close: boolean) =>
    checked.content(
      "files/upload_session/append_v2",
      { cursor: { session_id: id, offset }, close },
      { body },
    );
  const faster = async () => expect((await append(0, "CCCCC", false)).status).toBe(200);
  const part = (offset: number) => ({ cursor: { session_id: id, offset }, length: 5 });
  const appended = await checked.content(
    "files/upload_session/append_batch",
    { entries: [part(0), part(5)] },
    { body: ReadableStream.from(interrupted("AAAAA", faster, "BBBBB")) },
  );
  const failure = { ".tag": "incorrect_offset", correct_offset: 5 };
  expect(appended.json.entries).toEqual([
    { ".tag": "failure", failure },
    { ".tag": "failure", failure },
  ]);
  expect((await append(5, "BBBBB", true)).status).toBe(200);
  await finishBatch(checked, [entry(id, 10, { path: "/a" })]);
  expect((await checked.content("files/download", { path: "/a" })).text).toBe("CCCCCBBBBB");
});
