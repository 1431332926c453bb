import { expect, test } from "vitest";
import { CheckedServer } from "../support/checked-server.ts";
import type { Answer } from "../support/checked-server.ts";

type Route = "move_v2" | "copy_v2";

const relocate = (checked: CheckedServer, route: Route, argument: object): Promise<Answer> =>
  checked.rpc(`files/${route}`, argument);

const copy = (checked: CheckedServer, from_path: string, to_path: string) =>
  relocate(checked, "copy_v2", { from_path, to_path });

const copyBeside = (checked: CheckedServer, from_path: string, to_path: string) =>
  relocate(checked, "copy_v2", { from_path, to_path, autorename: true });

const get = async (checked: CheckedServer, path: string): Promise<Answer["json"]> =>
  (await checked.rpc("files/get_metadata", { path })).json;

const names = async (checked: CheckedServer): Promise<string[]> => {
  const { json } = await checked.rpc("files/list_folder", { path: "", recursive: true });
  return json.entries.map((entry: Answer["json"]) => entry.path_display).toSorted();
};

const tags = ({ json }: Answer): string =>
  json.error_summary === undefined ? "done" : json.error_summary.replace(/\/\.*$/, "");

test("V22, V23: a copy has a new id and a higher rev, keeps the client's time and gets the server's", async () => {
  await using checked = await CheckedServer.open();
  const time = { client_modified: "2020-01-01T00:00:00Z" };
  const before = await checked.upload("/a.txt", "one", time);
  checked.clock.seconds += 60;
  const { metadata } = (await copy(checked, "/A.TXT", "/New/b.txt")).json;
  expect(metadata).toMatchObject({
    ".tag": "file",
    path_display: "/New/b.txt",
    content_hash: before.content_hash,
    size: 3,
    server_modified: "2026-11-21T12:01:00Z",
    ...time,
  });
  expect(metadata.id).not.toBe(before.id);
  expect(metadata.rev > before.rev).toBe(true);
  expect(await get(checked, "/a.txt"), "the original is as it was").toEqual({
    ".tag": "file",
    ...before,
  });
  expect((await checked.content("files/download", { path: "/new/b.txt" })).text).toBe("one");
});

test("V25, V36: a folder is copied with everything in it, each node with a new id, parents first", async () => {
  await using checked = await CheckedServer.open();
  await checked.upload("/A/B/deep", "1");
  await checked.upload("/A b/beside", "2");
  await checked.upload("/A/top", "3");
  const ids = new Set<string>();
  for (const path of ["/A", "/A/B", "/A/B/deep", "/A/top"]) ids.add((await get(checked, path)).id);
  const { cursor } = (
    await checked.rpc("files/list_folder/get_latest_cursor", { path: "", recursive: true })
  ).json;
  expect((await copy(checked, "/a", "/X/C")).json.metadata).toMatchObject({ ".tag": "folder" });
  const changes = (await checked.rpc("files/list_folder/continue", { cursor })).json.entries;
  expect(changes.map((entry: Answer["json"]) => entry.path_display)).toEqual([
    "/X",
    "/X/C",
    "/X/C/B",
    "/X/C/B/deep",
    "/X/C/top",
  ]);
  for (const { id } of changes) ids.add(id);
  expect(ids.size).toBe(9);
  expect((await checked.rpc("users/get_space_usage")).json.used).toBe(5);
});

test("V36: a copy never overwrites, and autorename finds it a place beside", async () => {
  await using checked = await CheckedServer.open();
  await checked.upload("/f.txt", "1");
  await checked.upload("/D/g", "2");
  await checked.rpc("files/create_folder_v2", { path: "/E" });
  const error = async (from: string, to: string) => tags(await copy(checked, from, to));
  expect(await error("/f.txt", "/d/G")).toBe("to/conflict/file");
  expect(await error("/f.txt", "/E")).toBe("to/conflict/folder");
  expect(await error("/D", "/E")).toBe("to/conflict/folder");
  expect(await error("/D", "/f.txt")).toBe("to/conflict/file");
  expect(await error("/D", "/f.txt/x")).toBe("to/conflict/file_ancestor");
  expect(await error("/none", "/x")).toBe("from_lookup/not_found");
  expect(await error("/a\\b", "/x")).toBe("from_lookup/malformed_path");
  expect(await error("/f.txt", "/x/")).toBe("to/malformed_path");
  expect(await error("/f.txt", "/.dropbox")).toBe("to/disallowed_name");
  expect(await error("/f.txt", "/F.TXT"), "its own place is taken, in any case").toBe(
    "to/conflict/file",
  );
  expect(await names(checked)).toEqual(["/D", "/D/g", "/E", "/f.txt"]);
  const renamed = async (from: string, to: string) =>
    (await copyBeside(checked, from, to)).json.metadata.path_display;
  expect(await renamed("/f.txt", "/f.txt")).toBe("/f (1).txt");
  expect(await renamed("/D", "/E")).toBe("/E (1)");
  expect(await renamed("/D/g", "/D")).toBe("/D (1)");
});

test("fact sheet 4.5: a folder goes neither into itself nor into what is in it", async () => {
  await using checked = await CheckedServer.open();
  await checked.upload("/D/sub/g", "2");
  await checked.upload("/f", "1");
  for (const autorename of [false, true]) {
    const to = async (route: Route, from_path: string, to_path: string) =>
      tags(await relocate(checked, route, { from_path, to_path, autorename }));
    expect(await to("copy_v2", "/D", "/d/x")).toBe("duplicated_or_nested_paths");
    expect(await to("copy_v2", "/D", "/D/sub/new/x")).toBe("duplicated_or_nested_paths");
    expect(await to("move_v2", "/D", "/d/x")).toBe("cant_move_folder_into_itself");
    expect(await to("copy_v2", "/f", "/F/x"), "a file is no folder").toBe(
      "to/conflict/file_ancestor",
    );
  }
  expect(await names(checked)).toEqual(["/D", "/D/sub", "/D/sub/g", "/f"]);
});

test("V37: a copy over quota is insufficient_quota and leaves nothing; a move needs no room", async () => {
  await using checked = await CheckedServer.open({ limits: { quotaBytes: 10 } });
  await checked.upload("/A/one", "123");
  await checked.upload("/A/two", "45");
  expect(tags(await copy(checked, "/A", "/B/A"))).toBe("done");
  expect((await checked.rpc("users/get_space_usage")).json.used, "just full").toBe(10);
  expect(tags(await copy(checked, "/A/two", "/new/C"))).toBe("insufficient_quota");
  expect((await get(checked, "/new")).error.path).toEqual({ ".tag": "not_found" });
  const move = { from_path: "/A", to_path: "/C/A" };
  expect(tags(await relocate(checked, "move_v2", move))).toBe("done");
  expect((await checked.rpc("users/get_space_usage")).json.used).toBe(10);
});

test("V51: one operation takes so many nodes, the folder counted, and not one more", async () => {
  await using checked = await CheckedServer.open({ limits: { operationNodesMax: 3 } });
  await checked.upload("/A/1", "1");
  await checked.upload("/A/2", "1");
  expect(tags(await copy(checked, "/A", "/B"))).toBe("done");
  await checked.upload("/A/3", "1");
  expect(tags(await copy(checked, "/A", "/C"))).toBe("too_many_files");
  expect(await names(checked)).toHaveLength(7);
});

test("Choice 4: the root is neither moved nor copied", async () => {
  await using checked = await CheckedServer.open();
  await checked.upload("/f", "1");
  for (const route of ["move_v2", "copy_v2", "move", "copy"]) {
    const from = await checked.rpc(`files/${route}`, { from_path: "/", to_path: "/x" });
    expect(from.text).toContain("from_path: The root folder is unsupported.");
    const to = await checked.rpc(`files/${route}`, { from_path: "/f", to_path: "/" });
    expect(to.text).toContain("to_path: The root folder is unsupported.");
  }
});

test("V22: ids name both ends of a copy", async () => {
  await using checked = await CheckedServer.open();
  const file = await checked.upload("/f", "1");
  const folder = (await checked.rpc("files/create_folder_v2", { path: "/D" })).json.metadata;
  const made = await copy(checked, file.id, `${folder.id}/g`);
  expect(made.json.metadata.path_display).toBe("/D/g");
  expect(tags(await copy(checked, "id:none", "/x"))).toBe("from_lookup/not_found");
  expect(tags(await copy(checked, "/f", "id:none/x"))).toBe("to/malformed_path");
});

test("V36: of many nodes the deletion of one touches no neighbour", async () => {
  await using checked = await CheckedServer.open();
  const kept = ["/a", "/a b/x", "/a.txt", "/a0", "/a-/x", "/a1/x"];
  for (const path of [...kept.slice(1), "/a/x", "/a/y/z"]) await checked.upload(path, "1");
  await checked.rpc("files/delete_v2", { path: "/a" });
  expect((await names(checked)).filter((path) => path === "/a" || path.startsWith("/a/"))).toEqual(
    [],
  );
  for (const path of kept.slice(1)) expect((await get(checked, path)).name).toBeDefined();
});
