/** What an app with a folder of its own sees of an account (V16). */
import { expect, test } from "vitest";
import { CheckedServer } from "../support/checked-server.ts";
import type { Answer } from "../support/checked-server.ts";

type Json = Answer["json"];

/** A call by the app, or by a full app where it says so. */
type Caller = (route: string, argument: object) => Promise<Json>;

/** A server with an app whose folder is `/Apps/Box Of Ours`. */
async function openWithApp(): Promise<{
  readonly checked: CheckedServer;
  readonly app: Caller;
  readonly full: Caller;
  readonly put: (path: string, text?: string) => Promise<Json>;
}> {
  const checked = await CheckedServer.open();
  checked.server.addApp({ key: "boxapp", folder: "Box Of Ours" });
  const { accessToken: token } = checked.server.issueToken(checked.accountId, {
    clientId: "boxapp",
  });
  return {
    checked,
    app: async (route, argument) => (await checked.rpc(route, argument, { token })).json,
    full: async (route, argument) => (await checked.rpc(route, argument)).json,
    put: async (path, text = path) =>
      (await checked.content("files/upload", { path }, { body: text, token })).json,
  };
}

const everything = { path: "", recursive: true };
const own = "/Apps/Box Of Ours";

const shown = ({ entries }: Json): string[] =>
  entries.map((entry: Json) => `${entry[".tag"]} ${entry.path_display} ${entry.path_lower}`);

const latest = async (app: Caller, argument: object = everything): Promise<string> =>
  (await app("files/list_folder/get_latest_cursor", argument)).cursor;

const next = (app: Caller, cursor: string): Promise<Json> =>
  app("files/list_folder/continue", { cursor });

test("V16: its root is empty before anything is written, and its folder is made by the first write", async () => {
  const { checked, app, full, put } = await openWithApp();
  await using _ = checked;
  expect(shown(await app("files/list_folder", everything))).toEqual([]);
  const cursor = await latest(app);
  await put("/Sub/F");
  expect(shown(await next(app, cursor))).toEqual(["folder /Sub /sub", "file /Sub/F /sub/f"]);
  expect(shown(await full("files/list_folder", everything))).toEqual([
    "folder /Apps /apps",
    `folder ${own} ${own.toLowerCase()}`,
    `folder ${own}/Sub ${own.toLowerCase()}/sub`,
    `file ${own}/Sub/F ${own.toLowerCase()}/sub/f`,
  ]);
});

test("V16: neither a listing nor a delta shows its folder itself, nor anything beside it", async () => {
  const { checked, app, full, put } = await openWithApp();
  await using _ = checked;
  const before = await latest(app);
  const flat = await latest(app, { path: "" });
  await put("/a");
  await checked.upload("/Apps/Box Of Ours 2/x", "1");
  await checked.upload("/Apps/x", "1");
  await full("files/move_v2", { from_path: own, to_path: own.toUpperCase() });
  for (const cursor of [before, flat]) {
    expect(shown(await next(app, cursor))).toEqual(["file /a /a"]);
  }
  for (const recursive of [true, false]) {
    expect(shown(await app("files/list_folder", { path: "", recursive }))).toEqual(["file /a /a"]);
  }
});

test("V16: get_metadata knows its own nodes only; both kinds of app see the same ids and revs", async () => {
  const { checked, app, full, put } = await openWithApp();
  await using _ = checked;
  const file = await put("/Dir/f");
  const outside = await checked.upload("/Dir/f", "2");
  const seen = await app("files/get_metadata", { path: "/dir/F" });
  expect(seen).toEqual({ ".tag": "file", ...file });
  expect(file).toMatchObject({ path_display: "/Dir/f", path_lower: "/dir/f", name: "f" });
  const whole = await full("files/get_metadata", { path: `${own}/dir/f` });
  expect([whole.id, whole.rev, whole.path_display]).toEqual([file.id, file.rev, `${own}/Dir/f`]);
  const folder = await full("files/get_metadata", { path: own });
  for (const path of [outside.id, `rev:${outside.rev}`, folder.id, `${own}/Dir/f`]) {
    const answer = await app("files/get_metadata", { path });
    expect(answer.error, path).toEqual({ ".tag": "path", path: { ".tag": "not_found" } });
  }
  for (const path of [file.id, `rev:${file.rev}`]) {
    expect((await app("files/get_metadata", { path })).path_display, path).toBe("/Dir/f");
  }
});

test("V16: the root of an app has no metadata, by whatever name, also when it was removed", async () => {
  const { checked, full, put } = await openWithApp();
  await using _ = checked;
  await put("/a");
  await full("files/delete_v2", { path: own });
  const { accessToken: token } = checked.server.issueToken(checked.accountId, {
    clientId: "boxapp",
  });
  const namespace = checked.server.account(checked.accountId).namespaceId;
  for (const path of [`ns:${namespace}`, `ns:${namespace}/`]) {
    const argument = { path, include_deleted: true };
    const answer = await checked.rpc("files/get_metadata", argument, { token });
    expect(answer.status).toBe(400);
    expect(answer.text).toContain("request body: path: The root folder is unsupported.");
  }
});

const takenAway: readonly (readonly [string, (full: Caller) => Promise<unknown>])[] = [
  ["removed", (full) => full("files/delete_v2", { path: own })],
  ["removed with /Apps", (full) => full("files/delete_v2", { path: "/apps" })],
  ["moved away", (full) => full("files/move_v2", { from_path: own, to_path: "/Moved" })],
  ["moved with /Apps", (full) => full("files/move_v2", { from_path: "/Apps", to_path: "/Moved" })],
];

test.each(takenAway)(
  "V16: when its folder is %s, its cursors get reset, and the next write makes it anew",
  async (_name, act) => {
    const { checked, app, full, put } = await openWithApp();
    await using _ = checked;
    await put("/a");
    await put("/b");
    const root = await latest(app);
    const paging = (await app("files/list_folder", { ...everything, limit: 1 })).cursor;
    await act(full);
    for (const cursor of [root, paging]) {
      expect((await next(app, cursor)).error).toEqual({ ".tag": "reset" });
    }
    const listed = await app("files/list_folder", everything);
    expect([shown(listed), listed.has_more]).toEqual([[], false]);
    await put("/again");
    expect(shown(await next(app, listed.cursor))).toEqual(["file /again /again"]);
    expect((await next(app, root)).error).toEqual({ ".tag": "reset" });
  },
);

test("V16: another folder in its place is reset too; it has what is in there", async () => {
  const { checked, app, full, put } = await openWithApp();
  await using _ = checked;
  await put("/a");
  await checked.upload("/Other/inside", "1");
  const cursor = await latest(app);
  await full("files/delete_v2", { path: own });
  await full("files/move_v2", { from_path: "/Other", to_path: own });
  expect((await next(app, cursor)).error).toEqual({ ".tag": "reset" });
  expect(shown(await app("files/list_folder", everything))).toEqual(["file /inside /inside"]);
});

test("V31: a folder that was moved away and back has a new beginning: what happened to it elsewhere was not told", async () => {
  const { checked, full } = await openWithApp();
  await using _ = checked;
  await checked.upload("/A/B/kept", "1");
  await checked.upload("/A/B/lost", "1");
  const cursors = [
    await latest(full, { path: "/A/B" }),
    await latest(full, { path: "/A/B", recursive: true }),
  ];
  await full("files/move_v2", { from_path: "/A", to_path: "/C" });
  await full("files/delete_v2", { path: "/C/B/lost" });
  await full("files/move_v2", { from_path: "/C", to_path: "/A" });
  for (const cursor of cursors) {
    expect((await next(full, cursor)).error).toEqual({ ".tag": "reset" });
  }
});

test("V16, V27: a cursor of one view is none of another", async () => {
  const { checked, app, full } = await openWithApp();
  await using _ = checked;
  const mine = await latest(app);
  const theirs = await latest(full);
  const { accessToken: token } = checked.server.issueToken(checked.accountId, {
    clientId: "boxapp",
  });
  const route = "files/list_folder/continue";
  for (const answer of [
    await checked.rpc(route, { cursor: theirs }, { token }),
    await checked.rpc(route, { cursor: mine }),
  ]) {
    expect([answer.status, answer.text]).toEqual([
      400,
      expect.stringContaining('Invalid "cursor"'),
    ]);
  }
});
