import { Dropbox } from "dropbox";
import { expect, test } from "vitest";
import { CheckedServer } from "../support/checked-server.ts";
import { ConsentVisit, consentUrl } from "../support/consent-visit.ts";
import { callToken } from "../support/token-call.ts";

test("V16: an app with a folder sees it as everything, with the ids and revs of the account", async () => {
  await using checked = await CheckedServer.open();
  checked.server.addApp({ key: "notes", name: "Notes", folder: "Notes" });
  const page = await ConsentVisit.open(checked.fetch, consentUrl({ client_id: "notes" }));
  expect(page.markup).toContain("one folder, /Apps/Notes");
  const code = (await page.next("allow")).code ?? "";
  const body = { grant_type: "authorization_code", client_id: "notes", client_secret: "any", code };
  const own = (await callToken({ fetch: checked.fetch, body })).json.access_token;
  const app = new Dropbox({ accessToken: own, fetch: checked.fetch });
  const full = checked.sdk();
  // The folder is not there yet, and not missed.
  expect((await app.filesListFolder({ path: "" })).result.entries).toEqual([]);

  const written = (await app.filesUpload({ path: "/Sub/a.txt", contents: "mine" })).result;
  expect(written).toMatchObject({ path_display: "/Sub/a.txt", path_lower: "/sub/a.txt" });
  const seen = (await full.filesGetMetadata({ path: "/Apps/Notes/Sub/a.txt" })).result;
  expect(seen).toMatchObject({
    id: written.id,
    rev: written.rev,
    path_display: "/Apps/Notes/Sub/a.txt",
  });
  await checked.upload("/Apps/notes/from-outside", "yours");
  const listed = (await app.filesListFolder({ path: "", recursive: true })).result;
  expect(listed.entries.map((entry) => entry.path_display ?? "").toSorted()).toEqual([
    "/Sub",
    "/Sub/a.txt",
    "/from-outside",
  ]);
  await full.filesUpload({ path: "/elsewhere", contents: "x" });
  await full.filesDeleteV2({ path: "/Apps/Notes/Sub" });
  const delta = (await app.filesListFolderContinue({ cursor: listed.cursor })).result;
  expect(delta.entries).toMatchObject([{ ".tag": "deleted", path_display: "/Sub" }]);
});

test("V16: an app with a folder reaches nothing outside, by no kind of path", async () => {
  await using checked = await CheckedServer.open();
  checked.server.addApp({ key: "notes", folder: "Notes" });
  const options = { clientId: "notes" };
  const { accessToken } = checked.server.issueToken(checked.accountId, options);
  const call = async (route: string, argument: object) =>
    (await checked.rpc(route, argument, { token: accessToken })).json?.error_summary ?? "";
  const secret = await checked.upload("/secret.txt", "full only");
  const folder = (await checked.rpc("files/create_folder_v2", { path: "/Dir" })).json.metadata;
  await checked.upload("/Apps/NotesTwo/b", "a name that begins alike");
  await checked.upload("/Apps/Notes/in", "inside");
  const account = (await checked.rpc("users/get_current_account")).json;
  const namespace = account.root_info.root_namespace_id;
  for (const path of ["/secret.txt", secret.id, `${folder.id}/x`, `ns:${namespace}/secret.txt`]) {
    expect(await call("files/get_metadata", { path }), path).toMatch(/^path\/not_found\//);
  }
  for (const path of ["/../NotesTwo/b", "/./in", "/in/../../NotesTwo/b"]) {
    expect(await call("files/get_metadata", { path }), path).toMatch(/^path\/malformed_path\//);
  }
  for (const path of [`rev:${secret.rev}`, secret.id, "/Apps/Notes/in"]) {
    const answer = await checked.content("files/download", { path }, { token: accessToken });
    expect(answer.status, path).toBe(409);
    expect(answer.text).not.toContain("full only");
  }
  expect(await call("files/list_folder", { path: folder.id })).toMatch(/^path\/not_found\//);
  expect(await call("files/delete_v2", { path: secret.id })).toMatch(/^path_lookup\/not_found\//);
  const move = { from_path: "/in", to_path: `${folder.id}/taken` };
  expect(await call("files/move_v2", move)).toMatch(/^to\/malformed_path\//);
  // The namespace's own path is the app's root, not the account's.
  const named = { path: `ns:${namespace}/in` };
  const inside = await checked.rpc("files/get_metadata", named, { token: accessToken });
  expect(inside.json.path_display).toBe("/in");
  const cursor = (await checked.rpc("files/list_folder", { path: "" })).json.cursor;
  const foreign = await checked.rpc(
    "files/list_folder/continue",
    { cursor },
    { token: accessToken },
  );
  expect(foreign.status).toBe(400);
  expect((await checked.rpc("files/get_metadata", { path: "/Dir/taken" })).status).toBe(409);
});

test("V16: a removed app folder is empty, and comes back with the next write", async () => {
  await using checked = await CheckedServer.open();
  checked.server.addApp({ key: "notes", folder: "Notes" });
  const issued = checked.server.issueToken(checked.accountId, { clientId: "notes" });
  const app = checked.sdk(issued.accessToken);
  await app.filesUpload({ path: "/a", contents: "1" });
  await checked.rpc("files/delete_v2", { path: "/Apps" });
  expect((await app.filesListFolder({ path: "" })).result.entries).toEqual([]);
  await app.filesUpload({ path: "/b", contents: "2" });
  const { entries } = (await checked.rpc("files/list_folder", { path: "/apps/notes" })).json;
  expect(entries).toMatchObject([{ path_display: "/Apps/Notes/b" }]);
});

test("V16: an app with a folder may not choose a path root", async () => {
  await using checked = await CheckedServer.open();
  checked.server.addApp({ key: "notes", folder: "Notes" });
  const { accessToken } = checked.server.issueToken(checked.accountId, { clientId: "notes" });
  const headers = { "dropbox-api-path-root": '{".tag":"home"}' };
  const options = { token: accessToken, headers };
  const answer = await checked.rpc("files/list_folder", { path: "" }, options);
  expect(`${answer.status} ${answer.text}`).toBe(
    '400 Error in call to API function "files/list_folder": Path root is not supported for sandbox app',
  );
  expect((await checked.rpc("files/list_folder", { path: "" }, { headers })).status).toBe(200);
});
