import { expect, test } from "vitest";
import { parseLinkUrl } from "../../src/server/sharing/link-address.ts";
import { CheckedServer } from "../support/checked-server.ts";
import { basic, createLink, fetched, linkTo, listLinks, raw } from "./link-calls.ts";
import type { Json } from "./link-calls.ts";

test("V48: a link's metadata has every member that SDKs require", async () => {
  await using checked = await CheckedServer.open();
  const file = await checked.upload("/A/Ü b.txt", "text");
  const { json } = await createLink(checked, "/a/ü b.txt");
  expect(json).toMatchObject({
    ".tag": "file",
    id: file.id,
    name: "Ü b.txt",
    path_lower: "/a/ü b.txt",
    rev: file.rev,
    size: 4,
    client_modified: file.client_modified,
    server_modified: file.server_modified,
  });
  expect(json.url).toMatch(
    /^https:\/\/api\.dropboxapi\.com\/scl\/fi\/[\w-]{22}\/%C3%9C%20b\.txt\?rlkey=[\w-]{25}&dl=0$/,
  );
  const required = `can_revoke visibility_policies can_set_expiry can_remove_expiry allow_download
    can_allow_download can_disallow_download allow_comments team_restricts_comments
    resolved_visibility requested_visibility`.split(/\s+/);
  expect(Object.keys(json.link_permissions)).toEqual(expect.arrayContaining(required));
  const folder = (await createLink(checked, "/a")).json;
  expect(folder).toMatchObject({ ".tag": "folder", name: "A", path_lower: "/a" });
  expect(folder.url).toMatch(/\/scl\/fo\/[\w-]{22}\/h\?rlkey=[\w-]{25}&dl=0$/);
  expect(folder).not.toHaveProperty("rev");
});

test("V48, V50: a second link is shared_link_already_exists with the first one's metadata", async () => {
  await using checked = await CheckedServer.open();
  const { id } = await checked.upload("/f", "1");
  const first = (await createLink(checked, "/f")).json;
  for (const path of ["/F", id]) {
    const second = await createLink(checked, path, { settings: { audience: "public" } });
    expect(second.status).toBe(409);
    expect(second.json.error_summary).toMatch(/^shared_link_already_exists\/metadata\//);
    expect(second.json.error).toEqual({
      ".tag": "shared_link_already_exists",
      shared_link_already_exists: { ".tag": "metadata", metadata: first },
    });
  }
});

test("V48: what rclone asks for is granted", async () => {
  await using checked = await CheckedServer.open();
  await checked.upload("/f", "1");
  const settings = {
    audience: { ".tag": "public" },
    access: { ".tag": "viewer" },
    requested_visibility: { ".tag": "public" },
  };
  expect((await createLink(checked, "/f", { settings })).status).toBe(200);
});

test.each([
  { expires: "2030-01-01T00:00:00Z" },
  { require_password: true, link_password: "x" },
  { link_password: "x" },
  { requested_visibility: "password" },
  { requested_visibility: "team_only" },
  { audience: "team" },
  { access: "editor" },
  { allow_download: false },
])("V48: %j is settings_error/not_authorized, and no link is made", async (settings) => {
  await using checked = await CheckedServer.open();
  await checked.upload("/f", "1");
  const answer = await createLink(checked, "/f", { settings });
  expect(answer.json.error).toEqual({
    ".tag": "settings_error",
    settings_error: { ".tag": "not_authorized" },
  });
  expect(answer.json.error_summary).toMatch(/^settings_error\/not_authorized\//);
  expect((await listLinks(checked, {})).links).toEqual([]);
});

test("V48: settings that change nothing are accepted", async () => {
  await using checked = await CheckedServer.open();
  const settings = [
    {},
    { require_password: false, allow_download: true, access: "max" },
    { expires: null, link_password: null },
  ];
  for (const [index, each] of settings.entries()) {
    await checked.upload(`/${index}`, "1");
    expect((await createLink(checked, `/${index}`, { settings: each })).status).toBe(200);
  }
});

test("V48: no link to nothing, to malformed paths, or to the root", async () => {
  await using checked = await CheckedServer.open();
  const error = async (path: string) => (await createLink(checked, path)).json.error;
  expect(await error("/none")).toEqual({ ".tag": "path", path: { ".tag": "not_found" } });
  expect(await error("/a\\b")).toEqual({ ".tag": "path", path: { ".tag": "malformed_path" } });
  expect((await createLink(checked, "/")).status).toBe(400);
});

test("V48: the links to a path are its own and those of its folders, nearest first", async () => {
  await using checked = await CheckedServer.open();
  const { rev } = await checked.upload("/A/B/f", "1");
  const top = await linkTo(checked, "/A");
  const own = await linkTo(checked, "/A/B/f");
  await checked.upload("/other", "1");
  await linkTo(checked, "/other");
  const urls = async (argument: object) =>
    (await listLinks(checked, argument)).links.map((link: Json) => link.url);
  expect(await urls({ path: "/a/b/F" })).toEqual([own, top]);
  expect(await urls({ path: `rev:${rev}` })).toEqual([own, top]);
  expect(await urls({ path: "/a/b/f", direct_only: true })).toEqual([own]);
  expect(await urls({ path: "/A/B" })).toEqual([top]);
  expect(await urls({ path: "/A/B", direct_only: true })).toEqual([]);
  expect(await urls({ path: "/" })).toEqual([]);
  expect(await urls({})).toHaveLength(3);
  expect((await listLinks(checked, { path: "/none" })).error).toEqual({
    ".tag": "path",
    path: { ".tag": "not_found" },
  });
});

test("V48, V51: all links come in pages of 200, newest first, each once", async () => {
  await using checked = await CheckedServer.open();
  for (let index = 0; index < 201; index += 1) {
    await checked.upload(`/${index}`, String(index));
    await linkTo(checked, `/${index}`);
    if (index % 50 === 0) checked.clock.seconds += 1;
  }
  const first = await listLinks(checked, {});
  expect([first.links.length, first.has_more]).toEqual([200, true]);
  const rest = await listLinks(checked, { cursor: first.cursor });
  expect([rest.links.length, rest.has_more, rest.cursor]).toEqual([1, false, undefined]);
  const names = [...first.links, ...rest.links].map((link: Json) => Number(link.name));
  expect(new Set(names).size).toBe(201);
  expect(names.slice(0, 50).every((name) => name > 150)).toBe(true);
  expect(names.at(-1)).toBe(0);
  await checked.rpc("sharing/revoke_shared_link", { url: rest.links[0].url });
  const exact = await listLinks(checked, {});
  expect([exact.links.length, exact.has_more]).toEqual([200, false]);
  const { cursor } = (await checked.rpc("files/list_folder", { path: "" })).json;
  for (const each of ["garbage", cursor]) {
    expect((await listLinks(checked, { cursor: each })).error).toEqual({ ".tag": "reset" });
  }
  const listing = await checked.rpc("files/list_folder/continue", { cursor: first.cursor });
  expect(listing.status).toBe(400);
});

test("V48: a revoked link is gone, and its node can be shared anew", async () => {
  await using checked = await CheckedServer.open();
  await checked.upload("/f", "1");
  const url = await linkTo(checked, "/f");
  const revoke = (each: string) => checked.rpc("sharing/revoke_shared_link", { url: each });
  expect((await revoke(url)).text).toBe("null");
  expect((await checked.fetch(url)).status).toBe(404);
  expect((await revoke(url)).json.error).toEqual({ ".tag": "shared_link_not_found" });
  const anew = await linkTo(checked, "/f");
  expect(anew).not.toBe(url);
  const wrongSecret = anew.replace(/rlkey=./, "rlkey=_");
  expect((await revoke(wrongSecret)).json.error).toEqual({ ".tag": "shared_link_not_found" });
  expect((await revoke("https://www.dropbox.com/sh/48r2qxq748jfk5x/AA")).json.error).toEqual({
    ".tag": "shared_link_not_found",
  });
  for (const malformed of [
    "https://www.testlink.de",
    "no url",
    "https://www.dropbox.com/home",
    "ftp://api.dropboxapi.com/s/a/b",
  ]) {
    expect((await revoke(malformed)).json.error, malformed).toEqual({
      ".tag": "shared_link_malformed",
    });
  }
});

test("V48: another account sees a link's metadata without its path, and may not revoke it", async () => {
  await using checked = await CheckedServer.open();
  await checked.upload("/A/f", "1");
  const url = await linkTo(checked, "/A");
  const other = checked.server.addAccount({ name: "Bob" });
  const { accessToken: token } = checked.server.issueToken(other.id);
  const { json } = await checked.rpc("sharing/get_shared_link_metadata", { url }, { token });
  expect(json).toMatchObject({ ".tag": "folder", name: "A", url });
  expect(json).not.toHaveProperty("path_lower");
  expect(json.link_permissions).toMatchObject({
    can_revoke: false,
    revoke_failure_reason: { ".tag": "owner_only" },
  });
  const revoked = await checked.rpc("sharing/revoke_shared_link", { url }, { token });
  expect(revoked.json.error).toEqual({ ".tag": "shared_link_access_denied" });
  expect((await listLinks(checked, {}, token)).links).toEqual([]);
});

test("V48: get_shared_link_metadata for the owner, for an app, and inside a folder", async () => {
  await using checked = await CheckedServer.open();
  await checked.upload("/A/B/f.txt", "123");
  const url = await linkTo(checked, "/A");
  const ask = (argument: object, headers = {}) =>
    checked.rpc("sharing/get_shared_link_metadata", argument, { headers });
  expect((await ask({ url })).json).toMatchObject({ path_lower: "/a", name: "A" });
  const byApp = (await ask({ url, path: "/b/F.txt" }, basic)).json;
  expect(byApp).toMatchObject({ ".tag": "file", name: "f.txt", size: 3 });
  expect(byApp).not.toHaveProperty("path_lower");
  expect(await fetched(checked, raw(byApp.url))).toEqual([200, "123"]);
  const again = (await ask({ url: byApp.url.replace("https:", "http:") })).json;
  expect(again).toMatchObject({ id: byApp.id, path_lower: "/a/b/f.txt" });
  for (const argument of [
    { url, path: "/none" },
    { url, path: "/../A" },
    { url: url.replace("rlkey=", "rlkey=x") },
    { url: "https://example.org/scl/fi/a/b?rlkey=c" },
    { url: "garbage" },
  ]) {
    expect((await ask(argument)).json.error).toEqual({ ".tag": "shared_link_not_found" });
  }
});

test.each([
  ["https://box.test:8443/scl/fi/a/n?rlkey=k", { id: "a", secret: "k", below: "" }],
  ["http://localhost:1/api/scl/fo/a/h?rlkey=k&dl=1", { id: "a", secret: "k", below: "" }],
  ["http://127.0.0.1/scl/fo/a/h/x%20y?rlkey=k", { id: "a", secret: "k", below: "/x y" }],
  ["https://www.dropbox.com/scl/fi/a/n", { id: "a", secret: "", below: "" }],
  ["https://www.dropbox.com/s/abc/n?dl=0", "former"],
  ["https://dropbox.com.evil.test/scl/fi/a/n", "malformed"],
  ["https://evildropbox.com/scl/fi/a/n", "malformed"],
  ["https://127.0.0.1.evil.test/scl/fi/a/n", "malformed"],
  ["https://box.test/scl/fi/a", "malformed"],
  ["https://box.test/other/scl/fi/a/n", "malformed"],
  ["javascript:alert(1)", "malformed"],
])("V48: the address %s", (url, address) => {
  expect(parseLinkUrl(url, new URL("https://box.test/2/x"))).toEqual(address);
});

test("V16, V48: an app with a folder knows and makes links inside it only", async () => {
  await using checked = await CheckedServer.open();
  checked.server.addApp({ key: "boxed", folder: "Boxed" });
  const { accessToken: token } = checked.server.issueToken(checked.accountId, {
    clientId: "boxed",
  });
  await checked.upload("/Apps/Boxed/In/f", "1");
  await checked.upload("/out", "1");
  const outside = await linkTo(checked, "/out");
  await linkTo(checked, "/Apps");
  const above = await linkTo(checked, "/Apps/Boxed");
  expect((await createLink(checked, "/in/F", { token })).json).toMatchObject({
    path_lower: "/in/f",
    link_permissions: { can_revoke: true },
  });
  const names = async (argument: object) =>
    (await listLinks(checked, argument, token)).links.map((link: Json) => link.path_lower);
  expect(await names({})).toEqual(["/in/f"]);
  expect(await names({ path: "/in/f" })).toEqual(["/in/f"]);
  for (const url of [outside, above]) {
    const seen = await checked.rpc("sharing/get_shared_link_metadata", { url }, { token });
    expect(seen.json).not.toHaveProperty("path_lower");
    const revoked = await checked.rpc("sharing/revoke_shared_link", { url }, { token });
    expect(revoked.json.error).toEqual({ ".tag": "shared_link_access_denied" });
  }
});
