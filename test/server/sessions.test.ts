import { setImmediate as turn } from "node:timers/promises";
import { expect, test } from "vitest";
import { contentHashOf } from "../../src/core/tree/content-hash.ts";
import { CheckedServer } from "../support/checked-server.ts";
import { append, block, finish, session, start } from "./session-calls.ts";

const mebibyte = 1024 * 1024;

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

test("V42: a finish that was put off changes nothing and can be sent again as it was", async () => {
  await using checked = await CheckedServer.open({ admin: true });
  const id = await start(checked, "ab");
  checked.admin.setProfile({ name: "test", commitMs: 1000, lockWaitMs: 0 });
  const other = checked.rpc("files/create_folder_v2", { path: "/other" });
  while (checked.clock.sleeping === 0) await turn();
  const putOff = await finish(checked, id, { at: 2, body: "cd" });
  expect(putOff.status).toBe(429);
  checked.clock.seconds += 1;
  expect((await other).status).toBe(200);
  checked.admin.setProfile({ name: "test" });
  expect((await finish(checked, id, { at: 2, body: "cd" })).json.size).toBe(4);
  expect((await checked.content("files/download", { path: "/f" })).text).toBe("abcd");
});

test("V42: a commit with properties that nobody knows keeps the last bytes as well", async () => {
  await using checked = await CheckedServer.open();
  const id = await start(checked, "ab");
  const refused = await session(checked, "finish", {
    cursor: { session_id: id, offset: 2 },
    commit: { path: "/f", property_groups: [{ template_id: "ptid:none", fields: [] }] },
    body: "cd",
  });
  expect(refused.json.error[".tag"]).toBe("properties_error");
  expect((await finish(checked, id, { at: 4 })).json.size).toBe(4);
});

test("V79: an account has so many sessions open, and one more when one of them has ended", async () => {
  await using checked = await CheckedServer.open({ limits: { sessionsMax: 3 } });
  const batch = (num_sessions: number, token = checked.token) =>
    checked.rpc("files/upload_session/start_batch", { num_sessions }, { token });
  const id = await start(checked, "ab");
  for (const refused of [await batch(3), (await batch(2), await session(checked, "start", {}))]) {
    expect(refused.status).toBe(429);
    expect(refused.json.error).toEqual({
      reason: { ".tag": "too_many_requests" },
      retry_after: 60,
    });
    expect(refused.headers.get("retry-after")).toBe("60");
  }
  expect((await batch(1)).status).toBe(429);
  const other = checked.server.addAccount({ name: "Bo" });
  const { accessToken } = checked.server.issueToken(other.id);
  expect((await batch(3, accessToken)).status, "another account").toBe(200);
  expect((await finish(checked, id, { at: 2 })).status).toBe(200);
  expect((await session(checked, "start", {})).status).toBe(200);
  expect((await session(checked, "start", {})).status).toBe(429);
});

test("V79: sessions whose time is over do not count, and a refused upload becomes none too many", async () => {
  await using checked = await CheckedServer.open({ limits: { sessionsMax: 1 } });
  await checked.upload("/f", "taken");
  const conflict = async () => {
    const { accessToken: token } = checked.server.issueToken(checked.accountId);
    const answer = await checked.content("files/upload", { path: "/f" }, { token, body: "new" });
    expect(answer.json.error.reason.conflict).toEqual({ ".tag": "file" });
    return answer.json.error.upload_session_id;
  };
  await start(checked);
  expect(await conflict(), "no room for its bytes").toBe("");
  checked.clock.seconds += 7 * 86_400;
  expect(await conflict()).not.toBe("");
  expect(await conflict()).toBe("");
});
