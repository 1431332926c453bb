import { expect, test } from "vitest";
import { CheckedServer } from "../support/checked-server.ts";
import type { Answer } from "../support/checked-server.ts";

const restore = (checked: CheckedServer, path: string, rev: string): Promise<Answer> =>
  checked.rpc("files/restore", { path, rev });

const tags = ({ json }: Answer): string =>
  json.error_summary === undefined ? "done" : json.error_summary.replace(/\/\.*$/, "");

const remove = (checked: CheckedServer, path: string): Promise<Answer> =>
  checked.rpc("files/delete_v2", { path });

const move = (checked: CheckedServer, from_path: string, to_path: string): Promise<Answer> =>
  checked.rpc("files/move_v2", { from_path, to_path });

const content = async (checked: CheckedServer, path: string): Promise<string> =>
  (await checked.content("files/download", { path })).text;

test("V46: an old revision goes over the present file, as a new one with the old client's time", async () => {
  await using checked = await CheckedServer.open();
  const time = "2020-01-01T00:00:00Z";
  const first = await checked.upload("/Note.txt", "one", { client_modified: time });
  const second = await checked.upload("/Note.txt", "second", { mode: "overwrite" });
  checked.clock.seconds += 60;
  const restored = (await restore(checked, "/NOTE.TXT", first.rev)).json;
  expect(restored).toEqual({
    ...first,
    rev: restored.rev,
    server_modified: "2026-11-21T12:01:00Z",
  });
  expect(restored.rev > second.rev).toBe(true);
  expect(await content(checked, "/note.txt")).toBe("one");
  const listed = await checked.rpc("files/list_revisions", { path: "/Note.txt" });
  expect(listed.json.entries.map((entry: Answer["json"]) => entry.rev)).toEqual([
    restored.rev,
    second.rev,
    first.rev,
  ]);
});

test("V23: the current revision is restored like any other", async () => {
  await using checked = await CheckedServer.open();
  const { rev } = await checked.upload("/f", "1");
  expect((await restore(checked, "/f", rev)).json.rev > rev).toBe(true);
});

test("V22, V46: a removed file comes back with its id, its name, and the folders that it was in", async () => {
  await using checked = await CheckedServer.open();
  const file = await checked.upload("/Docs/Sub/Note.txt", "one");
  await remove(checked, "/docs");
  const restored = (await restore(checked, "/docs/sub/note.txt", file.rev)).json;
  expect(restored).toMatchObject({ id: file.id, path_display: "/Docs/Sub/Note.txt", size: 3 });
  const changes = await checked.rpc("files/list_folder", { path: "", recursive: true });
  expect(changes.json.entries).toHaveLength(3);
  const listed = await checked.rpc("files/list_revisions", { path: "/docs/sub/note.txt" });
  expect(listed.json).toMatchObject({ is_deleted: false, has_more: false });
  expect(listed.json.entries).toHaveLength(2);
});

test("V46: a folder that was made again in other letters keeps its name when a file comes back into it", async () => {
  await using checked = await CheckedServer.open();
  const file = await checked.upload("/Docs/a", "one");
  await remove(checked, "/Docs");
  await checked.rpc("files/create_folder_v2", { path: "/DOCS" });
  expect((await restore(checked, "/docs/a", file.rev)).json.path_display).toBe("/DOCS/a");
});

test("Choice 25: another file's revision brings its content to the path; the file there keeps its id", async () => {
  await using checked = await CheckedServer.open();
  const source = await checked.upload("/source", "from there", {
    client_modified: "2020-01-01T00:00:00Z",
  });
  const there = await checked.upload("/there", "old");
  const over = (await restore(checked, "/there", source.rev)).json;
  expect(over).toMatchObject({ id: there.id, content_hash: source.content_hash });
  expect(over.client_modified).toBe("2020-01-01T00:00:00Z");
  await remove(checked, "/there");
  expect((await restore(checked, "/there", source.rev)).json.id, "removed there last").toBe(
    there.id,
  );
  const fresh = (await restore(checked, "/New/place", source.rev)).json;
  expect(fresh).toMatchObject({ path_display: "/New/place", size: 10 });
  expect([source.id, there.id]).not.toContain(fresh.id);
  expect((await checked.rpc("files/get_metadata", { path: "/source" })).json.id).toBe(source.id);
});

test("Choice 25: what was moved away keeps its id, and the restored file gets a new one", async () => {
  await using checked = await CheckedServer.open();
  const file = await checked.upload("/a", "one");
  await move(checked, "/a", "/b");
  const restored = (await restore(checked, "/a", file.rev)).json;
  expect(restored.id).not.toBe(file.id);
  expect(await content(checked, "/a")).toBe("one");
  expect((await checked.rpc("files/get_metadata", { path: file.id })).json.name).toBe("b");
});

test("Choice 25: a file that was replaced by a folder, now gone, comes back with its own id", async () => {
  await using checked = await CheckedServer.open();
  const file = await checked.upload("/a", "one");
  await remove(checked, "/a");
  await checked.rpc("files/create_folder_v2", { path: "/a" });
  expect(tags(await restore(checked, "/a", file.rev))).toBe("path_write/conflict/folder");
  await remove(checked, "/a");
  expect((await restore(checked, "/A", file.rev)).json).toMatchObject({ id: file.id, name: "A" });
});

test("fact sheet 4.9: errors of restore", async () => {
  await using checked = await CheckedServer.open();
  const { rev } = await checked.upload("/f", "1");
  const error = async (path: string, old = rev) => tags(await restore(checked, path, old));
  expect(await error("/f", "123456789")).toBe("invalid_revision");
  expect(await error("/f", `f${rev.slice(1)}`)).toBe("invalid_revision");
  expect(await error("/a\\b")).toBe("path_lookup/malformed_path");
  expect(await error("ns:1/f")).toBe("path_lookup/not_found");
  expect(await error("/f/below")).toBe("path_write/conflict/file_ancestor");
  expect(await error("/.DS_Store")).toBe("path_write/disallowed_name");
  const root = await restore(checked, "/", rev);
  expect(root.text).toContain("path: The root folder is unsupported.");
});

test("V26: a revision can be restored until retention ends, and not a second longer", async () => {
  await using checked = await CheckedServer.open({ limits: { retentionSeconds: 100 } });
  const { rev } = await checked.upload("/f", "1");
  await remove(checked, "/f");
  checked.clock.seconds += 99;
  expect(tags(await restore(checked, "/f", rev))).toBe("done");
  await remove(checked, "/f");
  checked.clock.seconds += 100;
  expect(tags(await restore(checked, "/f", rev))).toBe("invalid_revision");
});

test("V37: over quota nothing comes back; an overwrite frees the old bytes", async () => {
  await using checked = await CheckedServer.open({ limits: { quotaBytes: 10 } });
  const { rev } = await checked.upload("/A/f", "1234567");
  await remove(checked, "/A");
  await checked.upload("/other", "1234");
  expect(tags(await restore(checked, "/A/f", rev))).toBe("path_write/insufficient_space");
  expect((await checked.rpc("files/get_metadata", { path: "/A" })).status).toBe(409);
  expect(tags(await restore(checked, "/other", rev))).toBe("done");
  expect((await checked.rpc("users/get_space_usage")).json.used).toBe(7);
});

test("V16, V46: an app sees and restores only what was written in its folder", async () => {
  await using checked = await CheckedServer.open();
  checked.server.addApp({ key: "boxed", folder: "Boxed" });
  const { accessToken: token } = checked.server.issueToken(checked.accountId, {
    clientId: "boxed",
  });
  const boxed = (route: string, argument: object) => checked.rpc(route, argument, { token });
  const outside = await checked.upload("/f", "outside");
  await move(checked, "/f", "/Apps/Boxed/f");
  const inside = (await boxed("files/get_metadata", { path: "/f" })).json;
  for (const mode of ["path", "id"]) {
    const { json } = await boxed("files/list_revisions", { path: "/f", mode });
    expect(json.entries.map((entry: Answer["json"]) => entry.rev)).toEqual([inside.rev]);
    expect(json.entries[0].path_display).toBe("/f");
  }
  const hidden = await boxed("files/list_revisions", { path: "/f", before_rev: outside.rev });
  expect(hidden.json.error).toEqual({ ".tag": "invalid_before_rev" });
  expect(tags(await boxed("files/restore", { path: "/f", rev: outside.rev }))).toBe(
    "invalid_revision",
  );
  // Moved out again, the file lives on where the app cannot see it: its id is taken.
  await move(checked, "/Apps/Boxed/f", "/g");
  const { json } = await boxed("files/restore", { path: "/f", rev: inside.rev });
  expect(json).toMatchObject({ path_display: "/f", size: 7 });
  expect(json.id).not.toBe(inside.id);
  const full = await checked.rpc("files/list_revisions", { path: "/g", mode: "id" });
  expect(full.json.entries).toHaveLength(3);
});
