import { expect, test } from "vitest";
import { CheckedServer } from "../support/checked-server.ts";
import { basic, linkTo } from "./link-calls.ts";
import type { Json } from "./link-calls.ts";

test("V48: list_folder shows what is behind a link, with paths for the owner only", async () => {
  await using checked = await CheckedServer.open();
  await checked.upload("/A/f", "1");
  await checked.upload("/A/B/g", "12");
  const url = await linkTo(checked, "/A");
  const list = async (path: string, headers = {}) =>
    (await checked.rpc("files/list_folder", { path, shared_link: { url } }, { headers })).json;
  const own = await list("");
  expect(own.entries.map((entry: Json) => entry.path_display).toSorted()).toEqual(["/A/B", "/A/f"]);
  const { entries, has_more } = await list("/b", basic);
  expect([entries.length, has_more]).toEqual([1, false]);
  expect(entries[0]).toMatchObject({ ".tag": "file", name: "g", size: 2 });
  expect(entries[0]).not.toHaveProperty("path_lower");
  expect(entries[0]).not.toHaveProperty("path_display");
  expect((await list("/none", basic)).error.path).toEqual({ ".tag": "not_found" });
  expect((await list("/f", basic)).error.path).toEqual({ ".tag": "not_folder" });
  expect((await list("/..", basic)).error.path).toEqual({ ".tag": "not_found" });
});

test("V48: continue pages through a link's folder, then tells what changed, while the link works", async () => {
  await using checked = await CheckedServer.open();
  await checked.upload("/A/a", "1");
  await checked.upload("/A/b", "1");
  const url = await linkTo(checked, "/A");
  const argument = { path: "", shared_link: { url }, limit: 1 };
  const first = (await checked.rpc("files/list_folder", argument, { headers: basic })).json;
  const next = async (cursor: string, headers: Record<string, string> = basic) =>
    checked.rpc("files/list_folder/continue", { cursor }, { headers });
  const second = (await next(first.cursor)).json;
  const names: string[] = [...first.entries, ...second.entries].map((entry: Json) => entry.name);
  expect([names.toSorted(), first.has_more, second.has_more]).toEqual([["a", "b"], true, false]);
  await checked.rpc("files/delete_v2", { path: "/A/a" });
  await checked.upload("/A/c", "1");
  await checked.upload("/elsewhere", "1");
  const changed = (await next(second.cursor)).json.entries;
  const changedOne = (await next(second.cursor, {})).json.entries;
  expect(changedOne[0]).toMatchObject({ ".tag": "deleted", path_lower: "/a/a" });
  expect(changed).toMatchObject([{ ".tag": "deleted", name: "a" }]);
  expect(changed[0]).not.toHaveProperty("path_lower");
  const plain = (await checked.rpc("files/list_folder", { path: "" })).json.cursor;
  expect((await next(plain)).status).toBe(400);
  await checked.rpc("files/move_v2", { from_path: "/A", to_path: "/M" });
  expect((await next(second.cursor)).json.error).toEqual({ ".tag": "reset" });
  await checked.rpc("files/move_v2", { from_path: "/M", to_path: "/A" });
  await checked.rpc("sharing/revoke_shared_link", { url });
  expect((await next(second.cursor)).json.error.path).toEqual({ ".tag": "not_found" });
});

test("V48: list_folder of a link needs one that works, is not recursive, and has no latest cursor", async () => {
  await using checked = await CheckedServer.open();
  await checked.upload("/A/f", "1");
  const url = await linkTo(checked, "/A");
  const list = (more: object, headers = {}) =>
    checked.rpc("files/list_folder", { path: "", ...more }, { headers });
  expect(
    (await list({ shared_link: { url: `${url}x`.replace("rlkey=", "rlkey=x") } })).json.error.path,
  ).toEqual({
    ".tag": "not_found",
  });
  expect((await list({ shared_link: { url }, recursive: true })).status).toBe(400);
  expect((await list({}, basic)).status).toBe(400);
  const latest = await checked.rpc("files/list_folder/get_latest_cursor", {
    path: "",
    shared_link: { url },
  });
  expect(latest.status).toBe(400);
});
