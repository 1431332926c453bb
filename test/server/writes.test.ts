import { expect, test } from "vitest";
import { CheckedServer } from "../support/checked-server.ts";
import type { Answer } from "../support/checked-server.ts";

const create = (checked: CheckedServer, path: string, autorename = false) =>
  checked.rpc("files/create_folder_v2", { path, autorename });

const move = (checked: CheckedServer, from_path: string, to_path: string) =>
  checked.rpc("files/move_v2", { from_path, to_path });

const moveBeside = (checked: CheckedServer, from_path: string, to_path: string) =>
  checked.rpc("files/move_v2", { from_path, to_path, autorename: true });

const names = async (checked: CheckedServer): Promise<string[]> => {
  const { json } = await checked.rpc("files/list_folder", { path: "", recursive: true });
  return json.entries.map((entry: Answer["json"]) => entry.path_display).toSorted();
};

test("fact sheet 4.5: a folder is made with its parents, and not twice", async () => {
  await using checked = await CheckedServer.open();
  const made = await create(checked, "/A/B/C");
  expect(made.json.metadata).toMatchObject({ name: "C", path_display: "/A/B/C" });
  expect(await names(checked)).toEqual(["/A", "/A/B", "/A/B/C"]);
  expect((await create(checked, "/a/B")).json.error.path.conflict).toEqual({ ".tag": "folder" });
  await checked.upload("/f.txt", "1");
  expect((await create(checked, "/F.txt")).json.error.path.conflict).toEqual({ ".tag": "file" });
  const below = await create(checked, "/f.txt/x");
  expect(below.json.error_summary).toMatch(/^path\/conflict\/file_ancestor\//);
  expect((await create(checked, "/f.txt", true)).json.metadata.name).toBe("f (1).txt");
});

test("V22: a re-created folder has a new id", async () => {
  await using checked = await CheckedServer.open();
  const first = (await create(checked, "/A")).json.metadata;
  expect(first.id).toMatch(/^id:[A-Za-z0-9_-]{22}$/);
  await checked.rpc("files/delete_v2", { path: "/A" });
  expect((await create(checked, "/A")).json.metadata.id).not.toBe(first.id);
});

test("V36: a delete takes the subtree and answers what was there", async () => {
  await using checked = await CheckedServer.open();
  const file = await checked.upload("/A/B/f", "1");
  await checked.upload("/A-sibling", "1");
  const removed = await checked.rpc("files/delete_v2", { path: "/a" });
  expect(removed.json.metadata).toMatchObject({ ".tag": "folder", path_display: "/A" });
  expect(await names(checked)).toEqual(["/A-sibling"]);
  for (const path of ["/a", "/a/b/f", file.id]) {
    const again = await checked.rpc("files/delete_v2", { path });
    expect(again.json.error.path_lookup).toEqual({ ".tag": "not_found" });
  }
});

test("V36, Choice 22: parent_rev must be the current rev, and never fits a folder", async () => {
  await using checked = await CheckedServer.open();
  const first = await checked.upload("/f", "1");
  const second = await checked.upload("/f", "2", { mode: "overwrite" });
  const remove = (path: string, parent_rev: string) =>
    checked.rpc("files/delete_v2", { path, parent_rev });
  const stale = await remove("/f", first.rev);
  expect(stale.json.error.path_write.conflict).toEqual({ ".tag": "file" });
  expect((await remove("/f", second.rev)).json.metadata).toEqual({ ".tag": "file", ...second });
  await create(checked, "/d");
  const folder = await remove("/d", second.rev);
  expect(folder.json.error.path_write.conflict).toEqual({ ".tag": "folder" });
});

test("fact sheet 4.5: with include_deleted a removed path is known as deleted", async () => {
  await using checked = await CheckedServer.open();
  await checked.upload("/A/f", "1");
  await checked.rpc("files/delete_v2", { path: "/A" });
  const get = (path: string) => checked.rpc("files/get_metadata", { path, include_deleted: true });
  expect((await get("/a/F")).json).toEqual({
    ".tag": "deleted",
    name: "f",
    path_lower: "/a/f",
    path_display: "/A/f",
  });
  expect((await get("/never")).json.error.path).toEqual({ ".tag": "not_found" });
});

test("V36, Choice 12: a moved folder keeps ids and client times; its files get new revs", async () => {
  await using checked = await CheckedServer.open();
  const time = { client_modified: "2020-01-01T00:00:00Z" };
  const before = await checked.upload("/A/B/f.txt", "1", time);
  checked.clock.seconds += 60;
  const moved = await move(checked, "/a", "/X/Y");
  expect(moved.json.metadata).toMatchObject({ ".tag": "folder", path_display: "/X/Y" });
  expect(await names(checked)).toEqual(["/X", "/X/Y", "/X/Y/B", "/X/Y/B/f.txt"]);
  const after = (await checked.rpc("files/get_metadata", { path: before.id })).json;
  expect(after).toMatchObject({
    id: before.id,
    path_lower: "/x/y/b/f.txt",
    content_hash: before.content_hash,
    ...time,
  });
  expect(after.rev > before.rev).toBe(true);
  expect(after.server_modified > before.server_modified).toBe(true);
  expect((await checked.content("files/download", { path: after.path_lower })).text).toBe("1");
});

test("V36: a move never overwrites", async () => {
  await using checked = await CheckedServer.open();
  await checked.upload("/f.txt", "1");
  await checked.upload("/D/g", "2");
  await create(checked, "/E");
  const error = async (from: string, to: string) =>
    (await move(checked, from, to)).json.error_summary.replace(/\.*$/, "");
  expect(await error("/f.txt", "/d/G")).toBe("to/conflict/file/");
  expect(await error("/f.txt", "/E")).toBe("to/conflict/folder/");
  expect(await error("/D", "/E")).toBe("to/conflict/folder/");
  expect(await error("/D", "/f.txt/x")).toBe("to/conflict/file_ancestor/");
  expect(await error("/D", "/d/h")).toBe("cant_move_folder_into_itself/");
  expect(await error("/none", "/x")).toBe("from_lookup/not_found/");
  expect(await error("/f.txt", "/desktop.ini")).toBe("to/disallowed_name/");
  const renamed = await moveBeside(checked, "/f.txt", "/D/g");
  expect(renamed.json.metadata.path_display).toBe("/D/g (1)");
});

test("Choice 11: a change of case renames, the very same path is taken", async () => {
  await using checked = await CheckedServer.open();
  const file = await checked.upload("/docs/a.txt", "1");
  const renamed = await move(checked, "/docs", "/Docs");
  expect(renamed.json.metadata.path_display).toBe("/Docs");
  expect(await names(checked)).toEqual(["/Docs", "/Docs/a.txt"]);
  expect((await checked.rpc("files/get_metadata", { path: file.id })).json.id).toBe(file.id);
  const same = await moveBeside(checked, "/docs", "/Docs");
  expect(same.json.error.to.conflict).toEqual({ ".tag": "folder" });
});

test("V51: an operation may touch so many nodes, and not one more", async () => {
  await using checked = await CheckedServer.open({ limits: { operationNodesMax: 3 } });
  await checked.upload("/A/1", "1");
  await checked.upload("/A/2", "1");
  expect((await move(checked, "/A", "/B")).status).toBe(200);
  await checked.upload("/B/3", "1");
  const tooMany = { ".tag": "too_many_files" };
  expect((await move(checked, "/B", "/C")).json.error).toEqual(tooMany);
  expect((await checked.rpc("files/delete_v2", { path: "/B" })).json.error).toEqual(tooMany);
  expect(await names(checked)).toHaveLength(4);
});

test("Choice 29: moving and overwriting change what is used by the live files only", async () => {
  await using checked = await CheckedServer.open();
  await checked.upload("/A/f", "12345");
  await move(checked, "/A", "/B");
  await checked.upload("/B/f", "123", { mode: "overwrite" });
  expect((await checked.rpc("users/get_space_usage")).json.used).toBe(3);
});

const forget = (checked: CheckedServer, path: string, more: object = {}) =>
  checked.rpc("files/permanently_delete", { path, ...more });

test("fact sheet 4.5: nobody deletes for good but the apps of a business", async () => {
  await using checked = await CheckedServer.open();
  await checked.upload("/f", "1");
  const refused = await forget(checked, "/f");
  expect([refused.status, refused.text]).toEqual([
    400,
    'Error in call to API function "files/permanently_delete": Your API app is not allowed to call this function.',
  ]);
  expect(await names(checked)).toEqual(["/f"]);
});

test("fact sheet 4.5: deleting for good takes the history along, of what is removed already as well", async () => {
  await using checked = await CheckedServer.open({ limits: { business: true } });
  const first = await checked.upload("/A/f", "1");
  const second = await checked.upload("/A/f", "22", { mode: "overwrite" });
  const gone = await checked.upload("/A/gone", "3");
  await checked.rpc("files/delete_v2", { path: "/A/gone" });
  const kept = await checked.upload("/A b", "4");
  expect((await forget(checked, "/a")).text).toBe("null");
  expect(await names(checked)).toEqual(["/A b"]);
  for (const { rev } of [first, second, gone]) {
    const restored = await checked.rpc("files/restore", { path: "/back", rev });
    expect(restored.json.error).toEqual({ ".tag": "invalid_revision" });
  }
  const deleted = { path: "", include_deleted: true, recursive: true };
  expect((await checked.rpc("files/list_folder", deleted)).json.entries).toHaveLength(1);
  expect((await checked.content("files/download", { path: `rev:${kept.rev}` })).text).toBe("4");
  await checked.rpc("files/delete_v2", { path: "/A b" });
  expect((await forget(checked, "/a b")).text).toBe("null");
  const listed = await checked.rpc("files/list_revisions", { path: "/A b" });
  expect(listed.json.error.path).toEqual({ ".tag": "not_found" });
});

test("fact sheet 4.5: what was moved away is not deleted for good with the place that it left", async () => {
  await using checked = await CheckedServer.open({ limits: { business: true } });
  await checked.upload("/A/f", "1");
  await move(checked, "/A/f", "/g");
  const moved = await checked.upload("/g", "22", { mode: "overwrite" });
  await forget(checked, "/A");
  const listed = await checked.rpc("files/list_revisions", { path: "/g", mode: "id" });
  expect(listed.json.entries.map((entry: Answer["json"]) => entry.size)).toEqual([2, 1]);
  expect(listed.json.entries[0].rev).toBe(moved.rev);
});

test("fact sheet 4.5: deleting for good fails as deleting does", async () => {
  await using checked = await CheckedServer.open({
    limits: { business: true, operationNodesMax: 2 },
  });
  const { rev } = await checked.upload("/A/f", "1");
  await checked.upload("/A/g", "1");
  const error = async (path: string, more: object = {}) =>
    (await forget(checked, path, more)).json.error_summary.replace(/\/\.*$/, "");
  expect(await error("/none")).toBe("path_lookup/not_found");
  expect(await error("/A/")).toBe("path_lookup/malformed_path");
  expect(await error("ns:1/A")).toBe("path_lookup/not_found");
  expect(await error("/A")).toBe("too_many_files");
  expect(await error("/A/g", { parent_rev: rev })).toBe("path_write/conflict/file");
  const { text } = await forget(checked, "/");
  expect(text).toContain("path: The root folder is unsupported.");
  expect(await names(checked)).toHaveLength(3);
});
