import { expect, test } from "vitest";
import { keyOf, parseNames } from "../../src/server/tree/place.ts";
import { CheckedServer } from "../support/checked-server.ts";

test.each([
  ["/a/b", ["a", "b"]],
  ["", []],
  ["/e\u0301", ["\u00e9"]],
  ["/x".repeat(1000), Array.from({ length: 1000 }, () => "x")],
  ["/a b /c", ["a b ", "c"]],
  ['/:*?"<>|', [':*?"<>|']],
  ["/a\r\n", ["a\r\n"]],
  ["/dot.", ["dot."]],
  [`/${"x".repeat(255)}`, ["x".repeat(255)]],
  [`/${"🎉".repeat(127)}`, ["🎉".repeat(127)]],
  // Malformed:
  ["/a//b", undefined],
  ["/a/", undefined],
  ["//a", undefined],
  ["/.", undefined],
  ["/a/..", undefined],
  ["/a\\b", undefined],
  ["/a\0", undefined],
  ["/a\u007f", undefined],
  ["/a ", undefined],
  ["/\ud800", undefined],
  ["/x".repeat(1001), undefined],
  [`/${"x".repeat(256)}`, undefined],
  [`/${"🎉".repeat(128)}`, undefined],
])("V24: the names of %j, written", (path, names) => {
  expect(parseNames(path, "write")).toEqual(names);
});

test("Choice 6: reading takes a slash at the end and a doubled one in front", () => {
  expect(parseNames("//a/b/", "read")).toEqual(["a", "b"]);
  expect(parseNames("/a//b", "read")).toBeUndefined();
});

test("Choice 5: keys fold code point by code point", () => {
  expect(keyOf(["ΣΑΣ", "İ", "Ä"])).toBe("/σασ/İ/ä");
});

test("V24: a path is found in any case and Unicode form, and shown as stored", async () => {
  await using checked = await CheckedServer.open();
  const stored = await checked.upload("/Cafe\u0301/Ä.txt", "1");
  expect(stored.path_display).toBe("/Caf\u00e9/Ä.txt");
  for (const path of ["/CAFÉ/ä.TXT", "/cafe\u0301/ä.txt", stored.id, `rev:${stored.rev}`]) {
    const found = await checked.rpc("files/get_metadata", { path });
    expect(found.json, path).toEqual({ ".tag": "file", ...stored });
  }
});

test("fact sheet 1.10, 3.5: own namespace and folder ids can begin a path", async () => {
  await using checked = await CheckedServer.open();
  const file = await checked.upload("/Dir/a", "1");
  const folder = (await checked.rpc("files/get_metadata", { path: "/dir" })).json;
  const account = (await checked.rpc("users/get_current_account")).json;
  const own = account.root_info.home_namespace_id;
  for (const path of [`${folder.id}/A`, `ns:${own}/dir/a`]) {
    expect((await checked.rpc("files/get_metadata", { path })).json.id).toBe(file.id);
  }
  const foreign = await checked.rpc("files/get_metadata", { path: "ns:1/dir/a" });
  expect(foreign.json.error.path).toEqual({ ".tag": "not_found" });
  const written = await checked.upload(`${folder.id}/b`, "2");
  expect(written.path_display).toBe("/Dir/b");
});

test.each(["desktop.ini", "Thumbs.db", ".DS_Store", ".dropbox", ".dropbox.attr", "icon\r"])(
  "fact sheet 3.5: %j is disallowed_name",
  async (name) => {
    await using checked = await CheckedServer.open();
    const path = `/a/${name}`;
    const folder = await checked.rpc("files/create_folder_v2", { path });
    expect(folder.json.error.path).toEqual({ ".tag": "disallowed_name" });
    const upload = await checked.content("files/upload", { path });
    expect(upload.json.error.reason).toEqual({ ".tag": "disallowed_name" });
  },
);

test("Choice 8: names of temporary files are accepted", async () => {
  await using checked = await CheckedServer.open();
  for (const name of ["~$a.doc", ".~a", "~a.tmp"]) await checked.upload(`/${name}`, "1");
});

test("malformed paths are 409 in the member of their argument", async () => {
  await using checked = await CheckedServer.open();
  await checked.upload("/a", "1");
  const malformed = { ".tag": "malformed_path" };
  const error = async (route: string, argument: object) =>
    (await checked.rpc(route, argument)).json.error;
  expect((await error("files/get_metadata", { path: "/../x" })).path).toEqual(malformed);
  expect((await error("files/list_folder", { path: "/a//b" })).path).toEqual(malformed);
  expect((await error("files/create_folder_v2", { path: "/x/" })).path).toEqual(malformed);
  expect((await error("files/delete_v2", { path: "/a/" })).path_lookup).toEqual(malformed);
  const move = (from: string, to: string) =>
    error("files/move_v2", { from_path: from, to_path: to });
  expect((await move("/a\\", "/b")).from_lookup).toEqual(malformed);
  expect((await move("/a", "/b\\")).to).toEqual(malformed);
});
