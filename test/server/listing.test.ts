import { expect, test } from "vitest";
import { decideLine } from "../../src/server/files/delta.ts";
import type { LineState } from "../../src/server/tree/journal.ts";
import { CheckedServer } from "../support/checked-server.ts";
import type { Answer } from "../support/checked-server.ts";

type Json = Answer["json"];

const list = async (checked: CheckedServer, argument: object): Promise<Json> =>
  (await checked.rpc("files/list_folder", argument)).json;

const next = async (checked: CheckedServer, cursor: string): Promise<Json> =>
  (await checked.rpc("files/list_folder/continue", { cursor })).json;

/** Entries as `tag path`, in order. */
const shown = ({ entries }: Json): string[] =>
  entries.map((entry: Json) => `${entry[".tag"]} ${entry.path_display}`);

const latest = async (checked: CheckedServer, argument: object): Promise<string> =>
  (await checked.rpc("files/list_folder/get_latest_cursor", argument)).json.cursor;

const remove = (checked: CheckedServer, path: string) => checked.rpc("files/delete_v2", { path });
const move = (checked: CheckedServer, from_path: string, to_path: string) =>
  checked.rpc("files/move_v2", { from_path, to_path });

const everything = { path: "", recursive: true };

test("V28, V30: pages together hold every node once, parents first, in pages of the limit", async () => {
  await using checked = await CheckedServer.open();
  const paths = Array.from({ length: 23 }, (_, index) => `/d${index % 4}/e-${index % 3}/f${index}`);
  for (const path of paths) await checked.upload(path, path);
  let page = await list(checked, { ...everything, limit: 7 });
  const seen: string[] = [];
  const cursors = new Set<string>();
  for (;;) {
    expect(page.entries.length).toBeLessThanOrEqual(7);
    for (const { path_lower: path } of page.entries) {
      expect(seen).not.toContain(path);
      const parent = path.slice(0, path.lastIndexOf("/"));
      if (parent !== "") expect(seen).toContain(parent);
      seen.push(path);
    }
    cursors.add(page.cursor);
    expect(page.cursor.length).toBeGreaterThanOrEqual(170);
    if (!page.has_more) break;
    page = await next(checked, page.cursor);
  }
  expect(seen).toHaveLength(23 + 4 + 12);
  expect(cursors.size).toBe(6);
  expect((await next(checked, page.cursor)).entries).toEqual([]);
});

test("V28: an order is nothing to rely on", async () => {
  await using checked = await CheckedServer.open();
  for (let index = 0; index < 30; index += 1) await checked.upload(`/f${index}`, "");
  const orders = [await list(checked, everything), await list(checked, everything)].map(shown);
  expect(orders[0]).not.toEqual(orders[1]);
  expect(orders[0]?.toSorted()).toEqual(orders[1]?.toSorted());
});

test("V30: a folder's own entry is in its recursive listing only; the root never is", async () => {
  await using checked = await CheckedServer.open();
  await checked.upload("/A/B/f", "1");
  await checked.upload("/A.x", "1");
  await checked.upload("/A0", "1");
  expect(shown(await list(checked, { path: "/a", recursive: true })).toSorted()).toEqual([
    "file /A/B/f",
    "folder /A",
    "folder /A/B",
  ]);
  expect(shown(await list(checked, { path: "/a/" }))).toEqual(["folder /A/B"]);
  expect(shown(await list(checked, { path: "//A" }))).toEqual(["folder /A/B"]);
  expect(shown(await list(checked, { path: "" })).toSorted()).toEqual([
    "file /A.x",
    "file /A0",
    "folder /A",
  ]);
});

test("fact sheet 4.3: a file is not_folder, nothing is not_found", async () => {
  await using checked = await CheckedServer.open();
  await checked.upload("/f", "1");
  expect((await list(checked, { path: "/f" })).error.path).toEqual({ ".tag": "not_folder" });
  expect((await list(checked, { path: "/x" })).error.path).toEqual({ ".tag": "not_found" });
});

test("V28: what changes while the pages are read comes at their end", async () => {
  await using checked = await CheckedServer.open();
  for (const name of ["b", "c", "d"]) await checked.upload(`/${name}`, name);
  const first = await list(checked, { ...everything, limit: 2 });
  await checked.upload("/a", "new");
  await remove(checked, "/b");
  const second = await next(checked, first.cursor);
  expect([shown(second), second.has_more]).toEqual([["file /d"], true]);
  const third = await next(checked, second.cursor);
  expect([shown(third), third.has_more]).toEqual([["file /a", "deleted /b"], false]);
});

test("V29: a delta has the latest state of each path, in the order of the last change", async () => {
  await using checked = await CheckedServer.open();
  const cursor = await latest(checked, everything);
  await checked.upload("/A/one", "1");
  await checked.upload("/two", "2");
  await checked.upload("/A/one", "1b", { mode: "overwrite" });
  await remove(checked, "/two");
  await checked.upload("/three", "3");
  await remove(checked, "/three");
  await checked.upload("/three", "3b");
  const delta = await next(checked, cursor);
  expect(shown(delta)).toEqual(["folder /A", "file /A/one", "deleted /two", "file /three"]);
  expect(delta.entries[1].size).toBe(2);
  expect(shown(await next(checked, cursor))).toEqual(shown(delta));
});

test("V25: a removed folder is one line; a moved one is a removal and all it holds, parents first", async () => {
  await using checked = await CheckedServer.open();
  await checked.upload("/A/B/f", "1");
  await checked.upload("/A/g", "1");
  const cursor = await latest(checked, everything);
  await move(checked, "/A", "/N/M");
  const moved = await next(checked, cursor);
  expect(shown(moved)).toEqual([
    "folder /N",
    "deleted /A",
    "folder /N/M",
    "folder /N/M/B",
    "file /N/M/B/f",
    "file /N/M/g",
  ]);
  await remove(checked, "/N");
  expect(shown(await next(checked, moved.cursor))).toEqual(["deleted /N"]);
});

test("V29: a folder's removal is not merged with its re-creation, nor a change of kind", async () => {
  await using checked = await CheckedServer.open();
  await checked.upload("/A/old", "1");
  await checked.upload("/B", "1");
  await checked.upload("/C/x", "1");
  const cursor = await latest(checked, everything);
  await remove(checked, "/A");
  await checked.upload("/A/new", "1");
  await remove(checked, "/B");
  await checked.upload("/B/x", "1");
  await remove(checked, "/C");
  await checked.upload("/C", "1");
  expect(shown(await next(checked, cursor))).toEqual([
    "deleted /A",
    "folder /A",
    "file /A/new",
    "deleted /B",
    "folder /B",
    "file /B/x",
    "deleted /C",
    "file /C",
  ]);
});

test("Choice 11: a change of case is the path and its descendants, without a removal", async () => {
  await using checked = await CheckedServer.open();
  await checked.upload("/docs/a", "1");
  const cursor = await latest(checked, everything);
  await move(checked, "/docs", "/DOCS");
  expect(shown(await next(checked, cursor))).toEqual(["folder /DOCS", "file /DOCS/a"]);
});

test.each<[LineState, LineState, string]>([
  ["file", "file", "skip"],
  ["folder", "folder-removed", "skip"],
  ["folder-removed", "folder", "removal"],
  ["folder-removed", "file", "removal"],
  ["file-removed", "file", "skip"],
  ["file-removed", "folder", "removal"],
  ["file-removed", "folder-removed", "removal"],
])("V29: a line %s, when the last about its path is %s: %s", (state, last, decision) => {
  const line = { key: "/a", display: "/a", seq: 1, state };
  expect(decideLine(line, { seq: 2, state: last })).toBe(decision);
});

test("a delta of a folder holds that folder's changes, in pages of the limit", async () => {
  await using checked = await CheckedServer.open();
  await checked.upload("/A/B/f", "1");
  const flat = await latest(checked, { path: "/A", limit: 2 });
  const deep = await latest(checked, { path: "/A", recursive: true, limit: 2 });
  await checked.upload("/elsewhere", "1");
  await checked.upload("/A/B/g", "1");
  await checked.upload("/A/h", "1");
  await checked.upload("/A/i", "1");
  expect(shown(await next(checked, flat))).toEqual(["file /A/h", "file /A/i"]);
  const page = await next(checked, deep);
  expect([shown(page), page.has_more]).toEqual([["file /A/B/g", "file /A/h"], true]);
  const rest = await next(checked, page.cursor);
  expect([shown(rest), rest.has_more]).toEqual([["file /A/i"], false]);
});

test("V31: a folder that is gone, also one made again, is path/not_found", async () => {
  await using checked = await CheckedServer.open();
  await checked.upload("/A/B/f", "1");
  const cursor = await latest(checked, { path: "/A/B" });
  await move(checked, "/A", "/C");
  expect((await next(checked, cursor)).error).toEqual({
    ".tag": "path",
    path: { ".tag": "not_found" },
  });
  await checked.upload("/A/B/f", "1");
  expect((await next(checked, cursor)).error.path).toEqual({ ".tag": "not_found" });
});

test("V31: another account's cursor and a changed one are 400", async () => {
  await using checked = await CheckedServer.open();
  const cursor = await latest(checked, everything);
  const other = checked.server.addAccount({ name: "Bo" });
  const { accessToken: token } = checked.server.issueToken(other.id);
  const foreign = await checked.rpc("files/list_folder/continue", { cursor }, { token });
  expect([foreign.status, foreign.text]).toEqual([
    400,
    expect.stringContaining('Invalid "cursor"'),
  ]);
  const at = 100;
  const changed = cursor.slice(0, at) + (cursor[at] === "A" ? "B" : "A") + cursor.slice(at + 1);
  expect((await checked.rpc("files/list_folder/continue", { cursor: changed })).status).toBe(400);
});

test("Choice 14: include_deleted lists what was removed, also in a removed folder, for 30 days", async () => {
  await using checked = await CheckedServer.open();
  await checked.upload("/A/B/f", "1");
  await checked.upload("/A/g", "1");
  await remove(checked, "/A/g");
  const deleted = { path: "/A", recursive: true, include_deleted: true };
  expect(shown(await list(checked, deleted)).toSorted()).toEqual([
    "deleted /A/g",
    "file /A/B/f",
    "folder /A",
    "folder /A/B",
  ]);
  await remove(checked, "/A");
  expect(shown(await list(checked, deleted)).toSorted()).toEqual([
    "deleted /A/B",
    "deleted /A/B/f",
    "deleted /A/g",
  ]);
  const paged = await list(checked, { ...deleted, limit: 2 });
  expect(shown(await next(checked, paged.cursor))).toHaveLength(1);
  checked.clock.seconds += 30 * 86_400;
  const { accessToken: token } = checked.server.issueToken(checked.accountId);
  expect((await checked.rpc("files/list_folder", deleted, { token })).status).toBe(409);
});
