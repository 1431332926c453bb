import { Dropbox } from "dropbox";
import { expect, test } from "vitest";
import type { RemoteSide } from "../../src/ports.ts";
import { openRemote } from "../../src/remote/dropbox-side.ts";
import { revoke } from "../../src/remote/oauth.ts";
import { seededRng } from "../../src/std/random.ts";
import { code } from "./faulty.ts";
import { allOf, at, failure, linkedServer, uploadOf } from "./linked.ts";

const beacon = at(".snap/devices/one.json");

async function isQuiet(
  remote: RemoteSide,
  ...[cursor, ours]: Parameters<RemoteSide["quietSince"]>
): Promise<boolean> {
  return (await remote.quietSince(cursor, ours)) !== undefined;
}

/** Whether somebody who waits behind a cursor is told of something. */
async function isNews(remote: RemoteSide, cursor: string): Promise<boolean> {
  return (await remote.waitForChange(cursor, undefined)).changed;
}

/** Where everything has been read, and our document is there. */
async function readAll(remote: RemoteSide): Promise<{ cursor: string; rev: string }> {
  await remote.makeTop();
  await remote.upload(uploadOf("a", "1"));
  const rev = await remote.writeDocument(beacon, "one", undefined);
  const pages = await allOf(remote.pages(undefined));
  return { cursor: pages.at(-1)?.cursor ?? "", rev };
}

test("S35: where nothing happened one call says so, before anybody asks for the account", async () => {
  await using linked = await linkedServer("/l");
  const { cursor, rev } = await readAll(linked.open("/l"));
  linked.routes.length = 0;
  expect(await isQuiet(linked.remote, cursor, { path: beacon, rev })).toBe(true);
  expect(linked.routes).toEqual(["/oauth2/token", "files/list_folder/continue"]);
});

test("S117: our document is nothing new with the revision that we know, and news with another", async () => {
  await using linked = await linkedServer("/l");
  const { remote } = linked;
  const { cursor, rev } = await readAll(remote);
  const newer = await remote.writeDocument(beacon, "two", rev);
  expect(await isQuiet(remote, cursor, { path: beacon, rev })).toBe(false);
  expect(await isQuiet(remote, cursor, { path: beacon, rev: newer })).toBe(true);
  await remote.writeDocument(at(".snap/devices/other.json"), "other", undefined);
  expect(await isQuiet(remote, cursor, { path: beacon, rev: newer })).toBe(false);
});

test("S117: neither are the folders that our first document made", async () => {
  await using linked = await linkedServer("/l");
  const { remote } = linked;
  await remote.makeTop();
  const cursor = (await allOf(remote.pages(undefined))).at(-1)?.cursor ?? "";
  const rev = await remote.writeDocument(beacon, "one", undefined);
  expect(await isQuiet(remote, cursor, { path: beacon, rev })).toBe(true);
  const next = await remote.quietSince(cursor, { path: beacon, rev });
  expect(await isNews(remote, cursor), "before our document").toBe(true);
  expect(await isNews(remote, next ?? ""), "behind it").toBe(false);
  await remote.makeFolder(at("folder"));
  expect(await isQuiet(remote, cursor, { path: beacon, rev })).toBe(false);
});

test("S2: what happens elsewhere in the account is quiet, and whoever waits behind it is not told again", async () => {
  await using linked = await linkedServer("/l");
  const { cursor, rev } = await readAll(linked.remote);
  await linked.open("/elsewhere").makeTop();
  expect(await isNews(linked.remote, cursor)).toBe(true);
  const next = await linked.remote.quietSince(cursor, { path: beacon, rev });
  expect(await isNews(linked.remote, next ?? "")).toBe(false);
});

test("S35: anything else that happened, or that the server has against the cursor, is a no", async () => {
  await using linked = await linkedServer("/l");
  const { remote } = linked;
  const { cursor, rev } = await readAll(remote);
  const ask = (place: string): Promise<boolean> => isQuiet(remote, place, { path: beacon, rev });
  expect(await ask("no cursor")).toBe(false);
  await remote.upload(uploadOf("b", "2"));
  expect(await ask(cursor)).toBe(false);
  const later = (await allOf(remote.pages(cursor))).at(-1)?.cursor ?? "";
  expect(await ask(later)).toBe(true);
  linked.intercept = async ({ route }, pass) =>
    route.endsWith("continue") ? failure(409, { ".tag": "reset" }) : pass();
  expect(await ask(later)).toBe(false);
  linked.intercept = undefined;
  const { accessToken } = linked.server.issueToken(linked.account);
  const other = new Dropbox({ accessToken, fetch: linked.server.fetch });
  await other.filesDeleteV2({ path: "/l" });
  expect(await ask(later), "the folder is gone").toBe(false);
  await other.filesCreateFolderV2({ path: "/l" });
  expect(await ask(later), "another one is there").toBe(false);
});

test("a login that ended is no answer", async () => {
  await using linked = await linkedServer("/l");
  const { cursor, rev } = await readAll(linked.remote);
  const { auth, clock } = linked;
  await revoke({ ...auth, clock, fetch: linked.server.fetch });
  linked.clock.advance(5 * 3_600_000);
  await expect(linked.remote.quietSince(cursor, { path: beacon, rev })).rejects.toThrow(
    code("login-revoked"),
  );
});

test("X18: a cursor of another account is none", async () => {
  await using linked = await linkedServer("/l");
  const { cursor, rev } = await readAll(linked.remote);
  const { server, clock } = linked;
  const other = server.addAccount({ name: "Bob Example" }).id;
  const { refreshToken } = server.issueToken(other);
  const auth = { appKey: "snap", refreshToken };
  const shared = { account: other, auth, clock, fetch: server.fetch, rng: seededRng(4) };
  const stranger = openRemote({ ...shared, top: "/l" });
  await readAll(stranger);
  expect(await isQuiet(stranger, cursor, { path: beacon, rev })).toBe(false);
});
