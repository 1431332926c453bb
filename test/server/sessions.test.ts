import { expect, test } from "vitest";
import { contentHashOf } from "../../src/core/tree/content-hash.ts";
import { CheckedServer } from "../support/checked-server.ts";
import type { Answer, CallOptions } from "../support/checked-server.ts";

type Body = NonNullable<CallOptions["body"]>;

const session = (
  checked: CheckedServer,
  step: string,
  { body = "", ...argument }: { body?: Body; [member: string]: unknown },
) => checked.content(`files/upload_session/${step}`, argument, { body });

const start = async (checked: CheckedServer, body = "", argument = {}): Promise<string> =>
  (await session(checked, "start", { ...argument, body })).json.session_id;

const append = (
  checked: CheckedServer,
  id: string,
  part: { at: number; body?: Body; close?: boolean; hash?: string },
): Promise<Answer> =>
  session(checked, "append_v2", {
    cursor: { session_id: id, offset: part.at },
    close: part.close ?? false,
    content_hash: part.hash ?? null,
    ...(part.body === undefined ? {} : { body: part.body }),
  });

const finish = (
  checked: CheckedServer,
  id: string,
  end: { at: number; path?: string; body?: string },
) =>
  session(checked, "finish", {
    cursor: { session_id: id, offset: end.at },
    commit: { path: end.path ?? "/f" },
    ...(end.body === undefined ? {} : { body: end.body }),
  });

const mebibyte = 1024 * 1024;
const block = 4 * mebibyte;

test("V38: parts of any size become one file with the right hash", async () => {
  await using checked = await CheckedServer.open();
  const bytes = Buffer.from(Array.from({ length: 9 * mebibyte }, (_, index) => index % 251));
  const cuts = [0, 1, 3 * mebibyte, 7 * mebibyte, 7 * mebibyte + 5, bytes.length];
  const id = await start(checked);
  for (const [index, at] of cuts.slice(0, -1).entries()) {
    const body = bytes.subarray(at, cuts[index + 1]);
    const answer = await append(checked, id, { at, body, hash: contentHashOf(body) });
    expect(answer.text).toBe("null");
  }
  const stored = await finish(checked, id, { at: bytes.length });
  expect(stored.json).toMatchObject({ size: bytes.length, content_hash: contentHashOf(bytes) });
});

test("V38: a wrong offset changes nothing and tells the right one", async () => {
  await using checked = await CheckedServer.open();
  const id = await start(checked, "12345");
  for (const at of [0, 4, 6]) {
    const answer = await append(checked, id, { at, body: "x" });
    expect(answer.json.error).toEqual({ ".tag": "incorrect_offset", correct_offset: 5 });
  }
  const early = await finish(checked, id, { at: 4, body: "x" });
  expect(early.json.error.lookup_failed).toEqual({ ".tag": "incorrect_offset", correct_offset: 5 });
  expect((await finish(checked, id, { at: 5, body: "6" })).json.size).toBe(6);
});

test("V38: of two calls at the same offset one is kept", async () => {
  await using checked = await CheckedServer.open();
  const id = await start(checked);
  const both = await Promise.all([
    append(checked, id, { at: 0, body: "one" }),
    append(checked, id, { at: 0, body: "two" }),
  ]);
  expect(new Set(both.map(({ status }) => status))).toEqual(new Set([200, 409]));
  expect((await finish(checked, id, { at: 3 })).json.size).toBe(3);
});

test("V39: a part whose hash does not fit is not kept and can be sent again", async () => {
  await using checked = await CheckedServer.open();
  const id = await start(checked, "ab");
  const wrong = await append(checked, id, { at: 2, body: "cd", hash: "0".repeat(64) });
  expect(wrong.json.error).toEqual({ ".tag": "content_hash_mismatch" });
  const right = await append(checked, id, {
    at: 2,
    body: "cd",
    hash: contentHashOf(Buffer.from("cd")),
  });
  expect(right.status).toBe(200);
});

test("fact sheet 4.7: a closed session takes no more, and can be finished without data", async () => {
  await using checked = await CheckedServer.open();
  const id = await start(checked, "ab");
  await append(checked, id, { at: 2, close: true });
  expect((await append(checked, id, { at: 2, body: "c" })).json.error).toEqual({
    ".tag": "closed",
  });
  const more = await finish(checked, id, { at: 2, body: "c" });
  expect(more.json.error.lookup_failed).toEqual({ ".tag": "closed" });
  expect((await finish(checked, id, { at: 2 })).json.size).toBe(2);
});

test("Choice 21: a finished session, an unknown one and another account's are not_found", async () => {
  await using checked = await CheckedServer.open();
  const id = await start(checked, "ab", { close: true });
  await finish(checked, id, { at: 2 });
  const notFound = { ".tag": "not_found" };
  expect((await finish(checked, id, { at: 2 })).json.error.lookup_failed).toEqual(notFound);
  expect((await append(checked, "none", { at: 0 })).json.error).toEqual(notFound);
  const other = checked.server.addAccount({ name: "Bo" });
  const { accessToken: token } = checked.server.issueToken(other.id);
  const mine = await start(checked, "ab");
  const answer = await checked.content(
    "files/upload_session/append_v2",
    { cursor: { session_id: mine, offset: 2 } },
    { token, body: "c" },
  );
  expect(answer.json.error).toEqual(notFound);
});

test("V38: a session ends seven days after its last part", async () => {
  await using checked = await CheckedServer.open();
  const id = await start(checked, "ab");
  const call = async (offset: number) => {
    const { accessToken: token } = checked.server.issueToken(checked.accountId);
    const argument = { cursor: { session_id: id, offset } };
    return checked.content("files/upload_session/append_v2", argument, { token, body: "c" });
  };
  checked.clock.seconds += 7 * 86_400 - 1;
  expect((await call(2)).status).toBe(200);
  checked.clock.seconds += 7 * 86_400;
  expect((await call(3)).json.error).toEqual({ ".tag": "not_found" });
});

test("V42: a failed commit keeps the session with the last bytes", async () => {
  await using checked = await CheckedServer.open();
  await checked.upload("/f", "other");
  const id = await start(checked, "ab");
  const refused = await finish(checked, id, { at: 2, body: "cd" });
  expect(refused.json.error).toEqual({
    ".tag": "path",
    path: { ".tag": "conflict", conflict: { ".tag": "file" } },
  });
  expect((await finish(checked, id, { at: 4, path: "/g" })).json.size).toBe(4);
});

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

test("V51: a session may grow to the limit of a file, and no further", async () => {
  await using checked = await CheckedServer.open({ limits: { fileBytesMax: 4 } });
  const id = await start(checked, "ab");
  expect((await append(checked, id, { at: 2, body: "cde" })).json.error).toEqual({
    ".tag": "too_large",
  });
  expect((await append(checked, id, { at: 2, body: "cd" })).status).toBe(200);
});

test("V51: the end of a file that is too large is refused by finish, and in a concurrent session", async () => {
  await using checked = await CheckedServer.open({ limits: { fileBytesMax: block + 1 } });
  const id = await start(checked, "ab");
  await append(checked, id, { at: 2, body: Buffer.alloc(block - 2) });
  const tooLarge = await finish(checked, id, { at: block, body: "12" });
  expect(tooLarge.json.error).toEqual({
    ".tag": "lookup_failed",
    lookup_failed: { ".tag": "too_large" },
  });
  expect((await finish(checked, id, { at: block, body: "1" })).json.size).toBe(block + 1);
  const parts = await start(checked, "", { session_type: "concurrent" });
  const last = (body: string) => append(checked, parts, { at: block, body, close: true });
  expect((await last("12")).json.error).toEqual({ ".tag": "too_large" });
  expect((await last("1")).status).toBe(200);
});

test("V51: a part at the limit of a body is taken, one byte more is payload_too_large", async () => {
  await using checked = await CheckedServer.open({ limits: { uploadBodyBytesMax: 4 } });
  const tooLarge = { ".tag": "payload_too_large" };
  expect((await session(checked, "start", { body: "12345" })).json.error).toEqual(tooLarge);
  const id = await start(checked, "1234");
  expect((await append(checked, id, { at: 4, body: "12345" })).json.error).toEqual(tooLarge);
  expect((await append(checked, id, { at: 4, body: "1234" })).status).toBe(200);
  const refused = await finish(checked, id, { at: 8, body: "12345" });
  expect(refused.json.error).toEqual(tooLarge);
  expect((await finish(checked, id, { at: 8, body: "1234" })).json.size).toBe(12);
});
