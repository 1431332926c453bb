import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { DatabaseSync } from "node:sqlite";
import { expect, test } from "vitest";
import { seededRng } from "../../src/std/random.ts";
import { isPasswordOf, passwordRecord } from "../../src/server/accounts/password.ts";
import { CheckedServer } from "../support/checked-server.ts";
import { ConsentVisit, consentUrl } from "../support/consent-visit.ts";

test("V15: an account is shown with its namespace, its bytes, and what apps may do", async () => {
  await using checked = await CheckedServer.open();
  const { server } = checked;
  const ben = server.addAccount({ name: "Ben Öz", email: "Ben@Example.com", password: "secret" });
  const { accessToken } = server.issueToken(ben.id, { clientId: "key", scopes: ["sharing.read"] });
  const writer = server.issueToken(ben.id).accessToken;
  await checked.content("files/upload", { path: "/a" }, { body: "12345", token: writer });
  const shown = server.account("ben@example.COM");
  expect(shown).toEqual({
    ...ben,
    namespaceId: expect.stringMatching(/^\d+$/),
    usedBytes: 5,
    hasPassword: true,
    authorisations: [
      { appKey: "key", appName: "key", scopes: ["sharing.read"] },
      { appKey: "snap", appName: "snap", scopes: expect.arrayContaining(["files.content.write"]) },
    ],
  });
  expect(server.account(ben.id)).toEqual(shown);
  expect(server.account(checked.accountId).hasPassword).toBe(false);
  expect(() => server.account("nobody")).toThrow(/no account "nobody"/);
  await checked.rpc("auth/token/revoke", undefined, { token: accessToken });
  expect(server.account(ben.id).authorisations).toHaveLength(1);
});

test.each([
  ["its name", { name: "" }],
  ["its name", { name: "a/b" }],
  ["its name", { name: "a\\b" }],
  ["its name", { name: "a\0" }],
  ["its name", { name: "\u202eanna" }],
  ["its name", { name: "\ud800" }],
  ["its name", { name: "x".repeat(101) }],
  ["its e-mail address", { name: "A", email: "" }],
  ["its e-mail address", { name: "A", email: "a b@c" }],
  ["its e-mail address", { name: "A", email: "a@b\r\n" }],
  ["another one has", { name: "A", email: "ANNA@example.com" }],
  ["its password", { name: "A", password: "" }],
  ["its password", { name: "A", password: "x".repeat(1001) }],
])("V15: an account that cannot be is not made: %s %j", async (reason, wanted) => {
  await using checked = await CheckedServer.open();
  checked.server.addAccount({ name: "Anna", email: "anna@example.com" });
  const before = checked.server.accounts();
  expect(() => checked.server.addAccount(wanted)).toThrow(reason);
  expect(checked.server.accounts()).toEqual(before);
});

test("V15: a removed account leaves nothing of itself, and nothing of others goes with it", async () => {
  const data = await mkdtemp(join(tmpdir(), "snap-server-"));
  const checked = await CheckedServer.open({ data });
  const { server } = checked;
  const ben = server.addAccount({ name: "Ben", email: "ben@example.com" });
  const row = (id: string) => server.accounts().findIndex((account) => account.id === id) + 1;
  const [annaRow, benRow] = [row(checked.accountId), row(ben.id)];
  for (const { id } of server.accounts()) {
    const { accessToken } = server.issueToken(id);
    const options = { token: accessToken };
    await checked.content("files/upload", { path: "/d/a" }, { ...options, body: "kept content" });
    await checked.content("files/upload", { path: "/b" }, { ...options, body: "x" });
    await checked.rpc("files/delete_v2", { path: "/b" }, options);
    const started = await checked.content("files/upload_session/start", {}, options);
    expect(started.status).toBe(200);
    const page = await ConsentVisit.open(checked.fetch, consentUrl());
    await page.answer("allow", { account: id });
  }
  const { accessToken } = server.issueToken(ben.id);
  server.removeAccount(ben.id);
  expect(server.accounts().map(({ id }) => id)).toEqual([checked.accountId]);
  expect(() => server.removeAccount(ben.id)).toThrow(/no account/);
  const call = await checked.rpc("files/list_folder", { path: "" }, { token: accessToken });
  expect(call.json.error).toEqual({ ".tag": "invalid_access_token" });
  const mine = await checked.content("files/download", { path: "/d/a" });
  expect(mine.text).toBe("kept content");
  await server.close();

  const database = new DatabaseSync(join(data, "server.sqlite"), { readOnly: true });
  const owned = database
    .prepare(
      `SELECT m.name AS name FROM sqlite_schema m, pragma_table_info(m.name) c
       WHERE m.type = 'table' AND c.name = 'account'`,
    )
    .all();
  const count = (table: string, account: number) =>
    database.prepare(`SELECT count(*) AS n FROM "${table}" WHERE account = ?`).get(account)?.["n"];
  expect(owned.length).toBeGreaterThan(8);
  for (const { name } of owned) expect(count(String(name), benRow), String(name)).toBe(0);
  for (const name of ["nodes", "revisions", "removed", "journal", "sessions", "codes"]) {
    expect(count(name, annaRow), name).toBeGreaterThan(0);
  }
  database.close();
  await rm(data, { recursive: true });
});

test("V15: a new account never takes the place of a removed one", async () => {
  await using checked = await CheckedServer.open();
  const { server } = checked;
  const old = server.addAccount({ name: "Ben" });
  const { accessToken } = server.issueToken(old.id);
  const { cursor } = (await checked.rpc("files/list_folder", { path: "" }, { token: accessToken }))
    .json;
  server.removeAccount(old.id);
  const next = server.addAccount({ name: "Cleo" });
  const token = server.issueToken(next.id).accessToken;
  // The cursor is of no account any more, so it is nobody's, and not the next one's.
  const answer = await checked.rpc("files/list_folder/continue", { cursor }, { token });
  expect(answer.status).toBe(400);
  server.removeAccount(next.id);
  server.removeAccount(checked.accountId);
  expect(server.accounts()).toEqual([]);
  const last = server.addAccount({ name: "Dora" });
  const other = server.issueToken(last.id).accessToken;
  expect(
    (await checked.rpc("files/list_folder/continue", { cursor }, { token: other })).status,
  ).toBe(400);
});

test("V15: whoever waits for changes of an account hears of its removal", async () => {
  await using checked = await CheckedServer.open();
  const { cursor } = (await checked.rpc("files/list_folder", { path: "" })).json;
  const waiting = checked.fetch("https://notify.dropboxapi.com/2/files/list_folder/longpoll", {
    method: "POST",
    body: JSON.stringify({ cursor }),
    headers: { "content-type": "application/json" },
  });
  while (checked.clock.sleeping === 0) await new Promise((resolve) => setImmediate(resolve));
  checked.server.removeAccount(checked.accountId);
  const answer = await waiting;
  expect(answer.status).toBe(409);
  expect(await answer.json()).toMatchObject({ error: { ".tag": "reset" } });
});

test("users/get_account shows any account of the server, and says which are not there", async () => {
  await using checked = await CheckedServer.open();
  const ben = checked.server.addAccount({ name: "Ben van Öz", email: "ben@example.com" });
  const shown = {
    account_id: ben.id,
    name: {
      given_name: "Ben",
      surname: "van Öz",
      familiar_name: "Ben",
      display_name: "Ben van Öz",
      abbreviated_name: "BvÖ",
    },
    email: "ben@example.com",
    email_verified: true,
    disabled: false,
    is_teammate: false,
  };
  const one = await checked.rpc("users/get_account", { account_id: ben.id });
  expect(one.json).toEqual(shown);
  const ids = [ben.id, checked.accountId, ben.id];
  const several = await checked.rpc("users/get_account_batch", { account_ids: ids });
  expect(several.json.map((account: { account_id: string }) => account.account_id)).toEqual(ids);
  expect(several.json[0]).toEqual(shown);
  const nobody = `dbid:${"x".repeat(35)}`;
  const none = await checked.rpc("users/get_account", { account_id: nobody });
  expect(none).toMatchObject({ status: 409, json: { error: { ".tag": "no_account" } } });
  const some = await checked.rpc("users/get_account_batch", { account_ids: [ben.id, nobody] });
  expect(some.status).toBe(409);
  expect(some.json.error).toEqual({ ".tag": "no_account", no_account: nobody });
  const scoped = checked.server.issueToken(ben.id, { scopes: ["sharing.write"] }).accessToken;
  const read = { account_id: checked.accountId };
  expect((await checked.rpc("users/get_account", read, { token: scoped })).status).toBe(200);
});

test("V51: get_account_batch takes 300 accounts, and no more", async () => {
  await using checked = await CheckedServer.open();
  const ask = (count: number) =>
    checked.rpc("users/get_account_batch", {
      account_ids: Array.from({ length: count }, () => checked.accountId),
    });
  expect((await ask(300)).json).toHaveLength(300);
  const refused = await ask(301);
  expect(refused.status).toBe(400);
  expect(refused.text).toMatch(/request body: account_ids: list must have at most 300 items$/);
  expect((await ask(0)).status).toBe(400);
});

test("users/features/get_values tells what there is", async () => {
  await using checked = await CheckedServer.open();
  const features = [{ ".tag": "paper_as_files" }, { ".tag": "file_locking" }];
  const answer = await checked.rpc("users/features/get_values", { features });
  expect(answer.json).toEqual({
    values: [
      { ".tag": "paper_as_files", paper_as_files: { ".tag": "enabled", enabled: true } },
      { ".tag": "file_locking", file_locking: { ".tag": "enabled", enabled: false } },
    ],
  });
  const none = await checked.rpc("users/features/get_values", { features: [] });
  expect(none.json.error).toEqual({ ".tag": "empty_features_list" });
});

test("V78: of a password only a slow hash with its own salt is kept", async () => {
  const rng = seededRng(1);
  const [one, other] = [passwordRecord("geheim", rng), passwordRecord("geheim", rng)];
  expect(one).not.toBe(other);
  expect(one).toMatch(/^scrypt\$32768\$8\$1\$[\w-]{22}\$[\w-]{43}$/);
  expect(await isPasswordOf(one, "geheim")).toBe(true);
  expect(await isPasswordOf(other, "geheim")).toBe(true);
  expect(await isPasswordOf(one, "geheim ")).toBe(false);
});

/** A body that comes in two pieces; between them something happens. */
function* interrupted(body: string, between: () => void) {
  const half = Math.floor(body.length / 2);
  yield Buffer.from(body.slice(0, half));
  between();
  yield Buffer.from(body.slice(half));
}

const paths = { from_path: "/f", to_path: "/g" };

test.each<[string, (cursor: object) => object]>([
  ["files/upload", () => ({ path: "/new" })],
  ["files/upload_session/start", () => ({})],
  ["files/upload_session/append_v2", (cursor) => ({ cursor })],
  ["files/upload_session/append", (cursor) => cursor],
  ["files/upload_session/finish", (cursor) => ({ cursor, commit: { path: "/new" } })],
  ["files/upload_session/append_batch", (cursor) => ({ entries: [{ cursor, length: 4 }] })],
])("V15: the account is removed while %s brings its bytes: 401", async (route, argument) => {
  await using checked = await CheckedServer.open();
  const started = await checked.content("files/upload_session/start", {}, { body: "ab" });
  const cursor = { session_id: started.json.session_id, offset: 2 };
  const remove = () => checked.server.removeAccount(checked.accountId);
  const answer = await checked.content(route, argument(cursor), {
    body: ReadableStream.from(interrupted("1234", remove)),
  });
  expect(answer.status, answer.text).toBe(401);
  expect(answer.json.error).toEqual({ ".tag": "invalid_access_token" });
});

test.each<[string, object]>([
  ["files/create_folder_v2", { path: "/new" }],
  ["files/delete_v2", { path: "/f" }],
  ["files/move_v2", paths],
  ["files/create_folder_batch", { paths: ["/new"] }],
  ["files/delete_batch", { entries: [{ path: "/f" }] }],
  ["files/copy_batch_v2", { entries: [paths] }],
  ["files/copy_batch", { entries: [paths] }],
  ["files/upload_session/start_batch", { num_sessions: 2 }],
  ["files/upload_session/finish_batch_v2", { entries: [] }],
  ["files/upload_session/finish_batch", { entries: [] }],
])("V15: the account is removed before %s has written: 401", async (route, argument) => {
  await using checked = await CheckedServer.open();
  await checked.upload("/f", "1");
  const remove = () => checked.server.removeAccount(checked.accountId);
  const answer = await checked.rpc(route, undefined, {
    body: ReadableStream.from(interrupted(JSON.stringify(argument), remove)),
    headers: { "content-type": "application/json" },
  });
  expect(answer.status, answer.text).toBe(401);
  expect(answer.json.error).toEqual({ ".tag": "invalid_access_token" });
});
