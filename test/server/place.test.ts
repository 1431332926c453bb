import { expect, test } from "vitest";
import { conflictMark } from "../../src/server/tree/free-name.ts";
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
  // No new node is called that, but one that is there can be deleted.
  ["/a ", ["a "]],
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

const disallowed = { ".tag": "disallowed_name" };
const malformedPath = { ".tag": "malformed_path" };

test.each([
  ["/desktop.ini/x", disallowed],
  ["/a/.DS_Store/b/x", disallowed],
  ["/sp /x", malformedPath],
  ["/a/sp /b/x", malformedPath],
  ["/sp ", malformedPath],
])("fact sheet 3.5: %j makes no folder that could not be made alone", async (path, reason) => {
  await using checked = await CheckedServer.open();
  await checked.upload("/from", "1");
  const error = async (route: string, argument: object) =>
    (await checked.rpc(route, argument)).json.error;
  const upload = await checked.content("files/upload", { path }, { body: "1" });
  expect(upload.json.error.reason).toEqual(reason);
  expect((await error("files/create_folder_v2", { path })).path).toEqual(reason);
  for (const route of ["files/move_v2", "files/copy_v2"]) {
    expect((await error(route, { from_path: "/from", to_path: path })).to).toEqual(reason);
  }
  const batch = { paths: [path], force_async: false };
  const made = (await checked.rpc("files/create_folder_batch", batch)).json.entries;
  expect(made).toEqual([{ ".tag": "failure", failure: { ".tag": "path", path: reason } }]);
  const listed = await checked.rpc("files/list_folder", { path: "", recursive: true });
  expect(listed.json.entries).toHaveLength(1);
});

test("fact sheet 3.5: a space at the end of a path is fine for what is not made", async () => {
  await using checked = await CheckedServer.open();
  await checked.upload("/a", "1");
  const gone = { ".tag": "not_found" };
  const removed = await checked.rpc("files/delete_v2", { path: "/a " });
  expect(removed.json.error.path_lookup).toEqual(gone);
  const moved = await checked.rpc("files/move_v2", { from_path: "/a ", to_path: "/b" });
  expect(moved.json.error.from_lookup).toEqual(gone);
});

test("V24: the path_lower of a name whose lower case is a single letter leads back to it", async () => {
  await using checked = await CheckedServer.open();
  const stored = await checked.upload("/J\u030c.txt", "1");
  expect(stored).toMatchObject({ path_display: "/J\u030c.txt", path_lower: "/\u01f0.txt" });
  const found = await checked.rpc("files/get_metadata", { path: stored.path_lower });
  expect(found.json.id).toBe(stored.id);
  const other = await checked.content("files/upload", { path: "/\u01f0.txt" }, { body: "2" });
  expect(other.json.error.reason.conflict).toEqual({ ".tag": "file" });
  for (const query of ["\u01f0", "j\u030c.T"]) {
    const search = { query, match_field_options: { include_highlights: true } };
    const [match] = (await checked.rpc("files/search_v2", search)).json.matches;
    const marked = match.highlight_spans.filter(
      (span: { is_highlighted: boolean }) => span.is_highlighted,
    );
    expect(marked.map((span: { highlight_str: string }) => span.highlight_str)).toEqual([
      query === "\u01f0" ? "J\u030c" : "J\u030c.t",
    ]);
  }
});

test("V24, V35: a conflicted copy is in NFC, however the account's name was given", async () => {
  await using checked = await CheckedServer.open();
  const account = checked.server.addAccount({ name: "Zoe\u0308" });
  expect(account.name).toBe("Zo\u00eb");
  const { accessToken: token } = checked.server.issueToken(account.id);
  const send = (more: object, body: string) =>
    checked.content("files/upload", { path: "/n.txt", autorename: true, ...more }, { body, token });
  const { rev } = (await send({}, "1")).json;
  await send({ mode: { ".tag": "update", update: rev } }, "2");
  const copy = (await send({ mode: { ".tag": "update", update: rev } }, "3")).json;
  expect(copy.path_display).toBe("/n (Zo\u00eb's conflicted copy).txt");
  expect(conflictMark("Zoe\u0308")(1)).toBe(" (Zo\u00eb's conflicted copy)");
});

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
