/** Members of a team: home is a folder below the root of the team (V15, V16). */
import { expect, test } from "vitest";
import { CheckedServer } from "../support/checked-server.ts";
import type { Answer, CallOptions } from "../support/checked-server.ts";

type Json = Answer["json"];

/** A server with a member of a team, and calls that begin where they say. */
async function openTeam(name = "Ada Berg"): Promise<{
  readonly checked: CheckedServer;
  readonly member: string;
  readonly info: () => Promise<Json>;
  readonly call: (root: object | undefined, route: string, argument: object) => Promise<Answer>;
  readonly put: (root: object | undefined, path: string) => Promise<Answer>;
}> {
  const checked = await CheckedServer.open();
  const { id } = checked.server.addAccount({ name, team: true });
  const { accessToken: token } = checked.server.issueToken(id);
  const options = (root: object | undefined): CallOptions => ({
    token,
    headers: root === undefined ? {} : { "dropbox-api-path-root": JSON.stringify(root) },
  });
  return {
    checked,
    member: id,
    info: async () =>
      (await checked.rpc("users/get_current_account", undefined, { token })).json.root_info,
    call: (root, route, argument) => checked.rpc(route, argument, options(root)),
    put: (root, path) =>
      checked.content("files/upload", { path }, { ...options(root), body: path }),
  };
}

const everything = { path: "", recursive: true };
const shown = ({ json }: Answer): string[] =>
  json.entries.map((entry: Json) => entry.path_display).toSorted();

test("V16: a member's paths begin at home, and with the header at the root of the team", async () => {
  const { checked, info, call, put } = await openTeam();
  await using _ = checked;
  const { root_namespace_id: root, home_namespace_id: home, ...rest } = await info();
  expect(rest).toEqual({ ".tag": "team", home_path: "/Ada Berg" });
  expect(root).not.toBe(home);
  const fromRoot = { ".tag": "root", root };
  expect((await put(undefined, "/mine/a")).json.path_display).toBe("/mine/a");
  expect((await put(fromRoot, "/shared/b")).json.path_display).toBe("/shared/b");
  const whole = ["/Ada Berg", "/Ada Berg/mine", "/Ada Berg/mine/a", "/shared", "/shared/b"];
  for (const header of [fromRoot, { ".tag": "namespace_id", namespace_id: root }]) {
    expect(shown(await call(header, "files/list_folder", everything))).toEqual(whole);
  }
  for (const header of [
    undefined,
    { ".tag": "home" },
    { ".tag": "namespace_id", namespace_id: home },
  ]) {
    expect(shown(await call(header, "files/list_folder", everything))).toEqual([
      "/mine",
      "/mine/a",
    ]);
  }
  const inside = await call(fromRoot, "files/list_folder", { path: `ns:${home}` });
  expect(shown(inside)).toEqual(["/Ada Berg/mine"]);
  const above = await call(undefined, "files/get_metadata", { path: `ns:${root}/shared` });
  expect(above.json.error.path[".tag"]).toBe("not_found");
});

test("V16: a temporary upload link commits where the call that made it began", async () => {
  const { checked, info, call } = await openTeam();
  await using _ = checked;
  const { root_namespace_id: root } = await info();
  const fromRoot = { ".tag": "root", root };
  for (const [header, path] of [
    [fromRoot, "/at root"],
    [undefined, "/at home"],
  ] as const) {
    const argument = { commit_info: { path } };
    const { json } = await call(header, "files/get_temporary_upload_link", argument);
    const sent = await checked.fetch(json.link, {
      method: "POST",
      headers: { "content-type": "application/octet-stream" },
      body: path,
    });
    expect(sent.status).toBe(200);
  }
  const listed = shown(await call(fromRoot, "files/list_folder", everything));
  expect(listed).toEqual(["/Ada Berg", "/Ada Berg/at home", "/at root"]);
});

test("V16: an app folder lies in the member's home, and its app has no root to choose", async () => {
  const { checked, member, info, call } = await openTeam();
  await using _ = checked;
  checked.server.addApp({ key: "boxapp", folder: "Box" });
  const { accessToken: token } = checked.server.issueToken(member, { clientId: "boxapp" });
  await checked.content("files/upload", { path: "/x" }, { token, body: "x" });
  const { root_namespace_id: root } = await info();
  const listed = await call({ ".tag": "root", root }, "files/list_folder", everything);
  expect(shown(listed)).toContain("/Ada Berg/Apps/Box/x");
  const headers = { "dropbox-api-path-root": JSON.stringify({ ".tag": "root", root }) };
  const refused = await checked.rpc("files/list_folder", { path: "" }, { token, headers });
  expect([refused.status, refused.text]).toEqual([
    400,
    expect.stringContaining("Path root is not supported for sandbox app"),
  ]);
});

test("V16: who leaves or joins a team has another root, which the old one is told by 422", async () => {
  const { checked, member, info, call, put } = await openTeam();
  await using _ = checked;
  const before = await info();
  const old = { ".tag": "root", root: before.root_namespace_id };
  await put(undefined, "/a");
  checked.server.changeTeam(member, "leave");
  const alone = await info();
  expect(alone).toEqual({
    ".tag": "user",
    root_namespace_id: before.home_namespace_id,
    home_namespace_id: before.home_namespace_id,
  });
  const refused = await call(old, "files/list_folder", everything);
  expect([refused.status, refused.json.error]).toEqual([
    422,
    { ".tag": "invalid_root", invalid_root: alone },
  ]);
  const whole = { ".tag": "root", root: alone.root_namespace_id };
  expect(shown(await call(whole, "files/list_folder", everything))).toEqual(["/a"]);
  checked.server.changeTeam(member, "join");
  const again = await info();
  expect(again).toMatchObject({ ".tag": "team", home_path: "/Ada Berg" });
  expect([before.root_namespace_id, alone.root_namespace_id]).not.toContain(
    again.root_namespace_id,
  );
});

test("V15: a personal account joins no team, and a name that no folder can have makes no member", async () => {
  await using checked = await CheckedServer.open();
  expect(() => checked.server.changeTeam(checked.accountId, "join")).toThrow("stays one");
  expect(() => checked.server.addAccount({ name: "..", team: true })).toThrow("no folder");
});
