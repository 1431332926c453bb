/** Accounts whose root is not their own folder, and what a link means when the root changes (S35). */
import { expect, test } from "vitest";
import { requireLink } from "../../src/app/find-workspace.ts";
import { openLinked } from "../../src/app/workspace.ts";
import { parseRelPath } from "../../src/core/path/rel-path.ts";
import { present } from "../../src/std/assert.ts";
import { isSnapError } from "../../src/std/error.ts";
import { failure, linkedServer, uploadOf } from "../remote/linked.ts";
import { DropboxHome } from "./dropbox-home.ts";

const teamRoot = (home: DropboxHome): string =>
  present(home.server.account(home.account).teamRootId, "the root of the team");

/** A member of a team with two files in a linked folder, synced. */
async function member(remote: string): Promise<DropboxHome> {
  const home = await DropboxHome.open({ team: true });
  await home.login();
  home.requests.length = 0;
  home.write("a", "one");
  home.write("d/b", "two");
  await home.link(remote);
  await home.sync();
  return home;
}

const both = { a: "one", "d/b": "two" };

test("S35: paths begin at the root of the team, and every call of files says so", async () => {
  await using home = await member("/Shared/project");
  expect(await home.cloud(teamRoot(home))).toEqual(["/Shared/project/a", "/Shared/project/d/b"]);
  expect(await home.cloud()).toEqual([]);
  const calls = home.requests.filter(({ route }) => route.startsWith("/2/files/"));
  expect(calls.length).toBeGreaterThan(5);
  const header = JSON.stringify({ ".tag": "root", root: teamRoot(home) });
  expect([...new Set(calls.map(({ pathRoot }) => pathRoot))]).toEqual([header]);
  const others = home.requests.filter(({ route }) => !route.startsWith("/2/files/"));
  expect([...new Set(others.map(({ pathRoot }) => pathRoot))]).toEqual([null]);
});

test("S35: for a member, too, a sync of what has not changed is one call, from the root of the team", async () => {
  await using home = await member("/Shared/project");
  home.requests.length = 0;
  await home.sync();
  const pathRoot = JSON.stringify({ ".tag": "root", root: teamRoot(home) });
  expect(home.requests).toEqual([{ route: "/2/files/list_folder/continue", pathRoot }]);
});

test("S35: a personal account needs no header", async () => {
  await using home = await DropboxHome.open();
  await home.login();
  home.requests.length = 0;
  await home.link("/project");
  await home.sync();
  expect([...new Set(home.requests.map(({ pathRoot }) => pathRoot))]).toEqual([null]);
});

test("S35: the root gets another id while the folder is the same: the sync goes on", async () => {
  await using home = await member("/Shared/project");
  home.server.changeTeam(home.account, "join");
  home.write("c", "three");
  await home.sync();
  expect(await home.cloud(teamRoot(home))).toEqual([
    "/Shared/project/a",
    "/Shared/project/c",
    "/Shared/project/d/b",
  ]);
  expect(home.tree()).toEqual({ ...both, c: "three" });
});

test.each(["/Ada/project", "/Shared/project", ""])(
  "S35: who left the team finds another place at the path of the link %j: nothing is removed, and it is said",
  async (remote) => {
    await using home = await member(remote);
    const before = await home.cloud(teamRoot(home));
    home.server.changeTeam(home.account, "leave");
    const error = await home.syncError();
    expect(error).toMatchObject({ code: "account-changed", exit: 7 });
    expect(error.hint).toContain("snap unlink");
    expect(home.tree()).toEqual(both);
    home.server.changeTeam(home.account, "join");
    expect(await home.cloud(teamRoot(home))).toEqual(before);
  },
);

test("S35: who joins a team is told where the own folder is now", async () => {
  await using home = await DropboxHome.open({ team: true });
  home.server.changeTeam(home.account, "leave");
  await home.login();
  home.write("a", "one");
  await home.link("/project");
  await home.sync();
  home.server.changeTeam(home.account, "join");
  // Where nothing happened nothing is to be asked, and the folder is the one that it was.
  await home.sync();
  home.write("a", "two");
  const error = await home.syncError();
  expect(error.code).toBe("account-changed");
  expect(error.hint).toContain('"/Ada"');
  expect(home.tree()).toEqual({ a: "two" });
  expect(await home.cloud()).toEqual(["/project/a"]);
});

test("S35: a folder of the same path below the new root is not taken for the linked one", async () => {
  await using home = await DropboxHome.open({ team: true });
  await home.login();
  home.write("a", "one");
  await home.link("/project");
  await home.sync();
  home.server.changeTeam(home.account, "leave");
  const { accessToken } = home.server.issueToken(home.account);
  await home.server.fetch("https://content.dropboxapi.com/2/files/upload", {
    method: "POST",
    headers: {
      authorization: `Bearer ${accessToken}`,
      "content-type": "application/octet-stream",
      "dropbox-api-arg": JSON.stringify({ path: "/project/other" }),
    },
    body: "x",
  });
  expect(await home.syncError()).toMatchObject({ code: "account-changed" });
  expect(home.tree()).toEqual({ a: "one" });
  expect(await home.cloud()).toEqual(["/project/other"]);
});

test("S35: no call of a linked workspace reaches the place that its path means from another root", async () => {
  await using home = await member("/Ada/project");
  home.server.changeTeam(home.account, "leave");
  home.requests.length = 0;
  await using workspace = await openLinked(
    home.environment,
    requireLink(home.environment, home.place),
    "restore",
  );
  const { remote } = workspace;
  for (const attempt of [
    () => remote.makeFolder(parseRelPath("x")),
    () => remote.writeDocument(parseRelPath(".snap/git/x"), "{}", undefined),
    () => remote.relocate("move", [{ from: parseRelPath("a"), to: parseRelPath("b") }]),
    () => Array.fromAsync(remote.pages(undefined)),
    () => remote.makeTop(),
  ]) {
    await expect(attempt()).rejects.toSatisfy((error) => isSnapError(error, "account-changed"));
  }
  const routes = new Set(home.requests.map(({ route }) => route));
  expect([...routes].toSorted()).toEqual(["/2/files/get_metadata", "/2/users/get_current_account"]);
});

test("without a folder that is named a member links one of the own, and a person alone one at the top", async () => {
  await using home = await DropboxHome.open({ team: true });
  await home.login();
  await home.link(undefined);
  const links = (): unknown => home.environment.settings.read().workspaces[0]?.remote;
  expect(links()).toBe("/Ada/workspace");
  await using alone = await DropboxHome.open();
  await alone.login();
  await alone.link(undefined);
  expect(alone.environment.settings.read().workspaces[0]?.remote).toBe("/workspace");
});

test.each(["no_write_permission", "team_folder", "access_restricted"])(
  "a place that the account may only read (%s) is left aside, and it is said whom to ask",
  async (tag) => {
    await using linked = await linkedServer("", { team: true });
    linked.intercept = async ({ route }, pass) =>
      route === "files/upload"
        ? failure(409, { ".tag": "path", reason: { ".tag": tag }, upload_session_id: "x" })
        : pass();
    const error: unknown = await linked.remote
      .upload(uploadOf("a", "x"))
      .catch((thrown: unknown) => thrown);
    expect(error).toMatchObject({ class: "item", hint: expect.stringContaining("owner") });
    expect(String(error)).toContain("may not change what is there");
  },
);
