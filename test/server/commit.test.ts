import { expect, test } from "vitest";
import { contentHashOf } from "../../src/core/tree/content-hash.ts";
import { decideCommit } from "../../src/server/files/commit.ts";
import type { Meeting, WriteMode } from "../../src/server/files/commit.ts";
import { markedName } from "../../src/server/tree/free-name.ts";
import type { FileNode, FolderNode } from "../../src/server/tree/node.ts";
import { CheckedServer, startSeconds } from "../support/checked-server.ts";

const place = { key: "/a", display: "/a", id: "id:a" };
const folder: FolderNode = { kind: "folder", ...place };
const file: FileNode = {
  kind: "file",
  ...place,
  rev: 5,
  size: 1,
  hash: "",
  clientModified: 0,
  serverModified: 0,
};

const meetings = {
  nothing: { node: undefined, removedFile: false, same: false },
  "a removed file": { node: undefined, removedFile: true, same: false },
  "the same content": { node: file, removedFile: false, same: true },
  "other content": { node: file, removedFile: false, same: false },
  "a folder": { node: folder, removedFile: false, same: false },
} satisfies Record<string, Meeting>;
const modes = {
  add: { kind: "add" },
  overwrite: { kind: "overwrite" },
  "the right rev": { kind: "update", rev: 5 },
  "a wrong rev": { kind: "update", rev: 4 },
} satisfies Record<string, WriteMode>;

const rows = [
  // what is there, mode, decision, decision when strict
  ["nothing", "add", "write", "write"],
  ["nothing", "overwrite", "write", "write"],
  ["nothing", "the right rev", "write", "write"],
  ["nothing", "a wrong rev", "write", "write"],
  ["a removed file", "add", "write", "write"],
  ["a removed file", "overwrite", "write", "write"],
  ["a removed file", "the right rev", "write", "file"],
  ["a removed file", "a wrong rev", "write", "file"],
  ["the same content", "add", "keep", "file"],
  ["the same content", "overwrite", "keep", "write"],
  ["the same content", "the right rev", "keep", "keep"],
  ["the same content", "a wrong rev", "keep", "file"],
  ["other content", "add", "file", "file"],
  ["other content", "overwrite", "write", "write"],
  ["other content", "the right rev", "write", "write"],
  ["other content", "a wrong rev", "file", "file"],
  ["a folder", "add", "folder", "folder"],
  ["a folder", "overwrite", "folder", "folder"],
  ["a folder", "the right rev", "folder", "folder"],
  ["a folder", "a wrong rev", "folder", "folder"],
] as const;

test("V34: every meeting is decided for every mode", () => {
  expect(new Set(rows.map(([there, mode]) => `${there}, ${mode}`)).size).toBe(
    Object.keys(meetings).length * Object.keys(modes).length,
  );
});

test.each(rows)("V34: %s and %s: %s, strict: %s", (...row) => {
  const [there, mode, decision, strict] = row;
  expect(decideCommit(meetings[there], modes[mode], false)).toBe(decision);
  expect(decideCommit(meetings[there], modes[mode], true)).toBe(strict);
});

test.each([
  ["file.txt", " (1)", "file (1).txt"],
  ["archive.tar.gz", " (1)", "archive.tar (1).gz"],
  [".bashrc", " (1)", ".bashrc (1)"],
  ["folder", " (2)", "folder (2)"],
  [`${"x".repeat(251)}.txt`, " (1)", `${"x".repeat(247)} (1).txt`],
  [
    `${"x".repeat(126)}🎉🎉.${"y".repeat(120)}`,
    " (12)",
    `${"x".repeat(126)}🎉 (12).${"y".repeat(120)}`,
  ],
])("V35: beside %s with %s is %s", (name, mark, expected) => {
  expect(markedName(name, mark)).toBe(expected);
});

test("V34: equal content is not written again: old rev, old time, old name", async () => {
  await using checked = await CheckedServer.open();
  const first = await checked.upload("/Note.txt", "one");
  checked.clock.seconds += 60;
  const again = await checked.upload("/NOTE.TXT", "one", {
    client_modified: "2020-01-01T00:00:00Z",
  });
  expect(again).toEqual(first);
});

test("V22, V23, Choice 10: an overwrite keeps id and name and gets a higher rev", async () => {
  await using checked = await CheckedServer.open();
  const first = await checked.upload("/Note.txt", "one");
  const second = await checked.upload("/NOTE.TXT", "two", { mode: "overwrite" });
  expect(second).toMatchObject({ id: first.id, name: "Note.txt", path_display: "/Note.txt" });
  expect(second.rev > first.rev).toBe(true);
  expect(second.rev).toMatch(/^[0-9a-f]{21}$/);
});

test("V35: autorename counts up for add, and names a conflicted copy for update", async () => {
  await using checked = await CheckedServer.open();
  const names: string[] = [];
  for (const [index, mode] of ["add", "add", "add", "update", "update", "update"].entries()) {
    const stored = await checked.upload("/n.txt", String(index), {
      autorename: true,
      mode: mode === "update" ? { ".tag": "update", update: "123456789" } : mode,
    });
    names.push(stored.name);
  }
  expect(names).toEqual([
    "n.txt",
    "n (1).txt",
    "n (2).txt",
    "n (Anna Berg's conflicted copy).txt",
    "n (Anna Berg's conflicted copy 1).txt",
    "n (Anna Berg's conflicted copy 2).txt",
  ]);
});

test("V34: an update with the rev of another file conflicts; with the current one it writes", async () => {
  await using checked = await CheckedServer.open();
  const first = await checked.upload("/a", "1");
  const other = await checked.upload("/b", "2");
  const update = (rev: string) =>
    checked.content(
      "files/upload",
      { path: "/a", mode: { ".tag": "update", update: rev } },
      { body: "3" },
    );
  expect((await update(other.rev)).json.error.reason.conflict).toEqual({ ".tag": "file" });
  expect((await update(first.rev)).json.id).toBe(first.id);
});

test("Choice 18: a parent that is a file is an error even with autorename", async () => {
  await using checked = await CheckedServer.open();
  await checked.upload("/a", "1");
  const answer = await checked.content(
    "files/upload",
    { path: "/a/b", autorename: true },
    { body: "2" },
  );
  expect(answer.json.error.reason.conflict).toEqual({ ".tag": "file_ancestor" });
});

test("V34: an upload to an id overwrites that file; Choice 20: an unknown id is malformed", async () => {
  await using checked = await CheckedServer.open();
  const first = await checked.upload("/d/a", "1");
  const second = await checked.upload(first.id, "2", { mode: "overwrite" });
  expect(second).toMatchObject({ id: first.id, path_lower: "/d/a" });
  const unknown = await checked.content("files/upload", { path: "id:none" }, { body: "x" });
  expect(unknown.json.error.reason).toEqual({ ".tag": "malformed_path" });
});

test("fact sheet 3.4: client_modified is kept, and is the time of the server where it is absent", async () => {
  await using checked = await CheckedServer.open();
  const times = await checked.upload("/old", "1", { client_modified: "1960-02-29T23:59:59Z" });
  expect(times.client_modified).toBe("1960-02-29T23:59:59Z");
  const now = `${new Date(startSeconds * 1000).toISOString().slice(0, 19)}Z`;
  expect(times.server_modified).toBe(now);
  expect((await checked.upload("/new", "1")).client_modified).toBe(now);
});

test("V42: after a conflict the bytes can be committed elsewhere", async () => {
  await using checked = await CheckedServer.open();
  await checked.upload("/a", "one");
  const refused = await checked.content("files/upload", { path: "/a" }, { body: "other" });
  expect(refused.json.error_summary).toMatch(/^path\/conflict\/file\//);
  const cursor = { session_id: refused.json.error.upload_session_id, offset: 5 };
  const kept = await checked.content("files/upload_session/finish", {
    cursor,
    commit: { path: "/b" },
  });
  expect(kept.json).toMatchObject({ name: "b", size: 5 });
});

test("V39: a content_hash that does not fit stores nothing", async () => {
  await using checked = await CheckedServer.open();
  const hash = "0".repeat(64);
  const refused = await checked.content(
    "files/upload",
    { path: "/a", content_hash: hash },
    { body: "x" },
  );
  expect(refused.json.error).toEqual({ ".tag": "content_hash_mismatch" });
  expect((await checked.rpc("files/get_metadata", { path: "/a" })).status).toBe(409);
  const right = contentHashOf(Buffer.from("x"));
  expect((await checked.upload("/a", "x", { content_hash: right })).content_hash).toBe(right);
});

test("V37: over quota is insufficient_space and leaves nothing; an overwrite frees the old bytes", async () => {
  await using checked = await CheckedServer.open({ limits: { quotaBytes: 10 } });
  await checked.upload("/a", "1234567");
  const refused = await checked.content(
    "files/upload",
    { path: "/new/b", autorename: true },
    { body: "1234" },
  );
  expect(refused.json.error.reason).toEqual({ ".tag": "insufficient_space" });
  expect((await checked.rpc("files/get_metadata", { path: "/new" })).status).toBe(409);
  await checked.upload("/a", "1234567890", { mode: "overwrite" });
  expect((await checked.rpc("users/get_space_usage")).json).toMatchObject({
    used: 10,
    allocation: { allocated: 10 },
  });
  await checked.rpc("files/delete_v2", { path: "/a" });
  expect((await checked.rpc("users/get_space_usage")).json.used).toBe(0);
});

test("V51: a body at the limit is taken, one byte more is payload_too_large", async () => {
  await using checked = await CheckedServer.open({ limits: { uploadBodyBytesMax: 8 } });
  await checked.upload("/a", "12345678");
  const refused = await checked.content("files/upload", { path: "/b" }, { body: "123456789" });
  expect(refused.json.error).toEqual({ ".tag": "payload_too_large" });
});

test("property groups of an unknown template are refused", async () => {
  await using checked = await CheckedServer.open();
  const groups = [{ template_id: "ptid:1", fields: [] }];
  const refused = await checked.content("files/upload", { path: "/a", property_groups: groups });
  expect(refused.json.error.properties_error).toEqual({
    ".tag": "template_not_found",
    template_not_found: "ptid:1",
  });
});
