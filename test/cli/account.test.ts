import { execFileSync } from "node:child_process";
import { mkdirSync, rmSync } from "node:fs";
import path from "node:path";
import { expect, test } from "vitest";
import { DropboxBox, appKey } from "../support/dropbox-box.ts";
import { treeOf } from "../support/snap-process.ts";

test("a pasted code links this computer; account, list and logout tell whose it is", async () => {
  await using dropbox = await DropboxBox.open();
  const login = await dropbox.login();
  expect(login.code).toBe(0);
  const account = {
    id: dropbox.account,
    name: "Ada",
    kind: "dropbox",
    access: "full",
    appKey,
  };
  expect(login.events.at(-1)).toMatchObject({ type: "result", account });
  const shown = await dropbox.expectExit(0, "account");
  expect(shown.stdout).toMatch(/^Ada \(.*\), Dropbox\ndbid:/u);
  expect(shown.stdout).toContain("Sees everything\n0 B of 2.0 TiB used");
  const json = await dropbox.expectExit(0, "account", "--json");
  expect(json.events.at(-1)).toMatchObject({
    account: { ...account, home: "", root: expect.stringMatching(/^\d+$/), usedBytes: 0 },
  });
  const offline = await dropbox.expectExit(0, "account", "--offline", "--json");
  expect(offline.events.at(-1)?.["account"]).not.toHaveProperty("root");
  await dropbox.expectExit(0, "link", ".", "/w");
  const list = await dropbox.expectExit(0, "account", "list", "--json");
  expect(list.events[0]).toMatchObject({ ...account, current: true, links: 1 });
  await dropbox.expectExit(2, "account", "use");
  await dropbox.expectExit(7, "account", "use", "nobody@example.com");
  const tried = await dropbox.expectExit(0, "logout", "ada", "--dry-run");
  expect(tried.stdout).toContain("Would log out of Ada");
  await dropbox.expectExit(0, "account");
  const left = await dropbox.expectExit(0, "logout", "--json");
  expect(left.events.at(-1)).toMatchObject({ revoked: true });
  expect((await dropbox.expectExit(7, "account")).stderr).toContain("snap login");
});

test("a team's root and own folder, and an app's folder, are told", async () => {
  await using dropbox = await DropboxBox.open();
  const added = await dropbox.ownServer("account", "add", "Carla", "--team");
  const carla = String(added.events[0]?.["id"]);
  await dropbox.ownServer("app", "add", "boxapp", "--app-folder", "Box");
  await dropbox.login((shown) => dropbox.allow(shown.url, carla), { key: "boxapp" });
  expect((await dropbox.expectExit(0, "account")).stdout).toContain("below /Apps");
  await dropbox.login((shown) => dropbox.allow(shown.url, carla));
  const full = await dropbox.expectExit(0, "account");
  expect(full.stdout).toContain('Sees everything of the team; your own folder is "/Carla"');
});

test("without a network the account is told as it is known; logging out says what was not done", async () => {
  await using dropbox = await DropboxBox.open();
  await dropbox.login();
  await dropbox.server.stop();
  const account = await dropbox.expectExit(0, "account");
  expect(account.stdout).toContain("Ada");
  expect(account.stderr).toContain("The server was not asked");
  const left = await dropbox.expectExit(0, "logout");
  expect(left.stderr).toContain("not revoked there");
  await dropbox.expectExit(7, "sync");
});

/** What the person does on the page of connected apps. */
async function revoke(dropbox: DropboxBox): Promise<void> {
  const { accessToken } = await tokensOf(dropbox);
  const answer = await dropbox.fetch("https://api.dropboxapi.com/2/auth/token/revoke", {
    method: "POST",
    headers: { authorization: `Bearer ${accessToken}` },
  });
  expect(answer.status).toBe(200);
}

async function tokensOf(dropbox: DropboxBox): Promise<{ readonly accessToken: string }> {
  const token = dropbox.secrets()[0] ?? "";
  const parameters = { grant_type: "refresh_token", refresh_token: token, client_id: appKey };
  const answer = await dropbox.fetch("https://api.dropboxapi.com/oauth2/token", {
    method: "POST",
    body: new URLSearchParams(parameters),
  });
  const { access_token: accessToken } = (await answer.json()) as { access_token: string };
  return { accessToken };
}

test("X18: a revoked login ends every command that needs it with 7 and says what to do; the next login goes on", async () => {
  await using dropbox = await DropboxBox.open();
  await dropbox.login();
  dropbox.box.write("a.txt", "one");
  await dropbox.expectExit(0, "link", ".", "/w");
  await dropbox.expectExit(0, "sync");
  await dropbox.expectExit(0, "capture");
  await revoke(dropbox);
  dropbox.box.write("b.txt", "two");
  const other = path.join(dropbox.box.top, "other");
  mkdirSync(other);
  for (const words of [
    ["sync"],
    ["account"],
    ["check"],
    ["capture", "--remote"],
    ["diff", "latest", "remote"],
    ["link", other, "/other"],
    ["doctor"],
  ]) {
    const ended = await dropbox.snap(words);
    const said = `${words.join(" ")}: ${ended.stdout}${ended.stderr}`;
    expect(ended.code, said).toBe(7);
    expect(said).toContain("The login was revoked");
    expect(said).toContain("snap login");
  }
  await dropbox.expectExit(0, "capture");
  await dropbox.login();
  await dropbox.expectExit(0, "sync");
  expect(dropbox.box.tree()).toEqual({ "a.txt": "one", "b.txt": "two" });
});

test("X18: the background sync says that the login was revoked, and goes on by itself after the next one", async () => {
  await using dropbox = await DropboxBox.open();
  await dropbox.login();
  await dropbox.expectExit(0, "link", ".", "/w");
  await dropbox.expectExit(0, "sync");
  await revoke(dropbox);
  dropbox.box.write("b.txt", "two");
  try {
    await dropbox.expectExit(0, "start");
    const waiting = await dropbox.snap(["status", "--wait"]);
    expect(waiting.stdout).toContain("The login was revoked");
    expect(waiting.stdout).toContain("snap login");
    await dropbox.login();
    await dropbox.expectExit(0, "status", "--wait");
  } finally {
    await dropbox.expectExit(0, "stop");
  }
  const { stdout } = await dropbox.expectExit(0, "status");
  expect(stdout).toContain("Up to date");
});

test("the link survives a restart of the machine with only SNAP_HOME kept", async () => {
  await using dropbox = await DropboxBox.open();
  await dropbox.login();
  dropbox.box.write("a.txt", "one");
  await dropbox.expectExit(0, "link", ".", "/w");
  await dropbox.expectExit(0, "sync");
  const kept = path.join(dropbox.box.top, "kept");
  execFileSync("cp", ["-a", dropbox.box.home, kept]);
  rmSync(dropbox.box.home, { recursive: true });
  dropbox.box.write("b.txt", "two");
  const env = { SNAP_HOME: kept, HOME: path.join(dropbox.box.top, "nobody") };
  const synced = await dropbox.snap(["sync"], { env });
  expect(synced.code, synced.stderr).toBe(0);
  const other = path.join(dropbox.box.top, "other");
  mkdirSync(other);
  const cwd = other;
  expect((await dropbox.snap(["link", other, "/w"], { env, cwd })).code).toBe(0);
  expect((await dropbox.snap(["sync"], { env, cwd })).code).toBe(0);
  expect(treeOf(other)).toEqual({ "a.txt": "one", "b.txt": "two" });
  expect((await dropbox.snap(["account"], { env })).stdout).toContain("Ada");
});
