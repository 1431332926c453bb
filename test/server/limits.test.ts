import { expect, test } from "vitest";
import { CheckedServer } from "../support/checked-server.ts";

type Limit = readonly [route: string, most: number, argument: (count: number) => object];

const list = <T>(count: number, item: (index: number) => T): readonly T[] =>
  Array.from({ length: count }, (_, index) => item(index));
const text = (length: number): string => "x".repeat(length);
const move = (index: number): object => ({ from_path: `/a${index}`, to_path: `/b${index}` });
const finish = (index: number): object => ({
  cursor: { session_id: "none", offset: 0 },
  commit: { path: `/a${index}` },
});

/** Limits that the definition itself states (fact sheet 3.6): accepted at the number, 400 one above it. */
const limits: readonly Limit[] = [
  ["check/user", 500, (count) => ({ query: text(count) })],
  ["files/list_folder", 2_000, (count) => ({ path: "", limit: count })],
  ["files/list_revisions", 100, (count) => ({ path: "/a", limit: count })],
  ["files/create_folder_batch", 10_000, (count) => ({ paths: list(count, () => "/one") })],
  [
    "files/delete_batch",
    1_000,
    (count) => ({ entries: list(count, (at) => ({ path: `/${at}` })) }),
  ],
  ["files/copy_batch_v2", 1_000, (count) => ({ entries: list(count, move) })],
  ["files/move_batch_v2", 1_000, (count) => ({ entries: list(count, move) })],
  ["files/upload_session/start_batch", 1_000, (count) => ({ num_sessions: count })],
  ["files/upload_session/finish_batch_v2", 1_000, (count) => ({ entries: list(count, finish) })],
  ["files/search_v2", 1_000, (count) => ({ query: text(count) })],
  ["files/search_v2", 1_000, (count) => ({ query: "a", options: { max_results: count } })],
  [
    "files/get_temporary_upload_link",
    14_400,
    (count) => ({ commit_info: { path: "/a" }, duration: count }),
  ],
  ["users/get_account_batch", 300, (count) => ({ account_ids: list(count, () => text(40)) })],
];

test.each(limits)("V51: %s takes %i, and not one more", async (route, most, argument) => {
  await using checked = await CheckedServer.open();
  expect((await checked.rpc(route, argument(most))).status).not.toBe(400);
  const above = await checked.rpc(route, argument(most + 1));
  expect([above.status, above.text]).toEqual([400, expect.stringContaining(String(most))]);
});

test.each([
  ["files/list_folder", { path: "", limit: 0 }],
  ["files/list_revisions", { path: "/a", limit: 0 }],
  ["files/move_batch_v2", { entries: [] }],
  ["files/upload_session/start_batch", { num_sessions: 0 }],
  ["files/get_temporary_upload_link", { commit_info: { path: "/a" }, duration: 59 }],
])("V51: %s refuses too little: %j", async (route, argument) => {
  await using checked = await CheckedServer.open();
  expect((await checked.rpc(route, argument)).status).toBe(400);
});

test("V51: append_batch takes 1,000 parts, and not one more", async () => {
  await using checked = await CheckedServer.open();
  const entries = (count: number): readonly object[] =>
    list(count, () => ({ cursor: { session_id: "none", offset: 0 }, length: 0 }));
  const route = "files/upload_session/append_batch";
  expect((await checked.content(route, { entries: entries(1_000) })).status).toBe(200);
  const above = await checked.content(route, { entries: entries(1_001) });
  expect([above.status, above.text]).toEqual([400, expect.stringContaining("1000")]);
});

test("V51: an rpc body of the greatest length is read, one byte more is 400", async () => {
  const limit = 200;
  await using checked = await CheckedServer.open({ limits: { rpcBodyBytesMax: limit } });
  const body = (bytes: number): string => JSON.stringify({ path: "" }).padEnd(bytes);
  const headers = { "content-type": "application/json" };
  const call = (bytes: number) =>
    checked.rpc("files/list_folder", undefined, { body: body(bytes), headers });
  expect((await call(limit)).status).toBe(200);
  expect((await call(limit + 1)).status).toBe(400);
});

test("V79: JSON may be nested, but not without end", async () => {
  await using checked = await CheckedServer.open();
  const body = `{"path":${"[".repeat(200_000)}${"]".repeat(200_000)}}`;
  const headers = { "content-type": "application/json" };
  const answer = await checked.rpc("files/list_folder", undefined, { body, headers });
  expect(answer.status).toBe(400);
});
