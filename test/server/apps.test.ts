import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { Dropbox } from "dropbox";
import { expect, test } from "vitest";
import type { DropboxServer } from "../../src/server/serve.ts";
import { CheckedServer } from "../support/checked-server.ts";
import { ConsentVisit, consentUrl } from "../support/consent-visit.ts";
import type { Fetch } from "../support/consent-visit.ts";
import { serve } from "../support/served.ts";
import { basic, callToken } from "../support/token-call.ts";
import type { TokenCall } from "../support/token-call.ts";

const challenge = "c".repeat(43);

/** The code that the page shows when the only account allows it. */
const codeFor = async (fetch: Fetch, parameters: Record<string, string>) =>
  (await (await ConsentVisit.open(fetch, consentUrl(parameters))).next("allow")).code ?? "";

test("V17: a key that is not registered is a full app with loopback redirects and any secret", async () => {
  await using checked = await CheckedServer.open();
  for (const uri of ["http://localhost:1/", "https://127.0.0.1/a?b=c", "http://[::1]:53682/"]) {
    const page = await ConsentVisit.open(checked.fetch, consentUrl({ redirect_uri: uri }));
    expect(page.markup).toContain("Nobody registered this app");
    expect((await page.answer("allow")).headers.get("location")).toMatch(/[?&]code=/);
  }
  const code = await codeFor(checked.fetch, {});
  const body = { grant_type: "authorization_code", code };
  for (const authorization of [basic("key", ""), undefined]) {
    const answer = await callToken({
      fetch: checked.fetch,
      body: { ...body, client_id: "key" },
      ...(authorization === undefined ? {} : { authorization }),
    });
    expect(answer).toMatchObject({ status: 400, json: { error: "invalid_client" } });
  }
  const answer = await callToken({
    fetch: checked.fetch,
    body,
    authorization: basic("key", "whatever"),
  });
  expect(answer.status).toBe(200);
});

test("V17: with registered apps only, other keys get no page, no token and no call", async () => {
  await using strict = await serve({ registeredAppsOnly: true });
  const { server, accountId: id } = strict;
  server.addApp({ key: "known" });
  const refused = await ConsentVisit.open(server.fetch, consentUrl());
  expect(refused.response.status).toBe(400);
  expect(refused.trouble).toMatch(/does not know the app "key"/);
  expect(() => server.authorize(id, new URL(consentUrl()))).toThrow(/does not know/);
  const unknown = { grant_type: "authorization_code", client_id: "key", client_secret: "any" };
  expect(await callToken({ fetch: server.fetch, body: { ...unknown, code: "x" } })).toMatchObject({
    status: 400,
    json: { error: "invalid_client" },
  });
  const check = await server.fetch("https://api.dropboxapi.com/2/check/app", {
    method: "POST",
    body: "{}",
    headers: { authorization: basic("key", "any"), "content-type": "application/json" },
  });
  expect(check.status).toBe(401);
  const code = await codeFor(server.fetch, { client_id: "known" });
  const body = { grant_type: "authorization_code", client_id: "known", client_secret: "any", code };
  expect((await callToken({ fetch: server.fetch, body })).status).toBe(200);
});

test("V17: tokens that other keys got before end with the option, those that the owner made stay", async () => {
  const data = await mkdtemp(join(tmpdir(), "snap-server-"));
  const before = await CheckedServer.open({ data });
  const code = await codeFor(before.fetch, { token_access_type: "offline" });
  const body = { grant_type: "authorization_code", client_id: "key", client_secret: "any", code };
  const { json } = await callToken({ fetch: before.fetch, body });
  const owned = before.server.issueToken(before.accountId);
  const call = async ({ fetch }: Pick<DropboxServer, "fetch">, accessToken: string) =>
    (await new Dropbox({ accessToken, fetch }).usersGetCurrentAccount().catch((error) => error))
      .status;
  expect(await call(before, json.access_token)).toBe(200);
  await before.server.close();
  {
    await using strict = await serve({ data, registeredAppsOnly: true });
    expect(await call(strict.server, json.access_token)).toBe(401);
    const refresh = { grant_type: "refresh_token", refresh_token: json.refresh_token };
    const refused = { ...refresh, client_id: "key", client_secret: "any" };
    expect((await callToken({ fetch: strict.server.fetch, body: refused })).json.error).toBe(
      "invalid_client",
    );
    expect(await call(strict.server, owned.accessToken)).toBe(200);
    const own = { ...refresh, refresh_token: owned.refreshToken, client_id: "snap" };
    expect((await callToken({ fetch: strict.server.fetch, body: own })).status).toBe(200);
  }
  await using after = await serve({ data });
  expect(await call(after.server, json.access_token)).toBe(200);
  await rm(data, { recursive: true });
});

test("V19: a registered secret is checked, in each way to send it, also where PKCE would do", async () => {
  await using checked = await CheckedServer.open();
  checked.server.addApp({ key: "closed", secret: "right" });
  const code = await codeFor(checked.fetch, { client_id: "closed", token_access_type: "offline" });
  const body = { grant_type: "authorization_code", code };
  const client = (secret: string) => ({ ...body, client_id: "closed", client_secret: secret });
  const refused: readonly Omit<TokenCall, "fetch">[] = [
    { body: { ...body, client_id: "closed" } },
    { body: client("wrong") },
    { body: client("") },
    { body, authorization: basic("closed", "wrong") },
    { body: client("right"), authorization: basic("closed", "wrong") },
    { body: client("right"), authorization: basic("other", "right") },
  ];
  for (const asked of refused) {
    expect(await callToken({ fetch: checked.fetch, ...asked })).toMatchObject({
      status: 400,
      json: { error: "invalid_client", error_description: "Invalid client_id or client_secret" },
    });
  }
  const { json } = await callToken({
    fetch: checked.fetch,
    body,
    authorization: basic("closed", "right"),
  });
  const refresh = { grant_type: "refresh_token", refresh_token: json.refresh_token };
  const withSecret = (more: object) => ({ body: { ...refresh, client_id: "closed", ...more } });
  expect((await callToken({ fetch: checked.fetch, ...withSecret({}) })).json.error).toBe(
    "invalid_client",
  );
  const wrong = withSecret({ client_secret: "wrong" });
  expect((await callToken({ fetch: checked.fetch, ...wrong })).json.error).toBe("invalid_client");
  expect(
    (await callToken({ fetch: checked.fetch, ...withSecret({ client_secret: "right" }) })).status,
  ).toBe(200);

  const pkce = { client_id: "closed", token_access_type: "offline", code_challenge: challenge };
  const second = { ...body, code: await codeFor(checked.fetch, pkce), code_verifier: challenge };
  const guess = { ...second, client_id: "closed", client_secret: "wrong" };
  expect((await callToken({ fetch: checked.fetch, body: guess })).json.error).toBe(
    "invalid_client",
  );
  const open = await callToken({ fetch: checked.fetch, body: { ...second, client_id: "closed" } });
  const again = { grant_type: "refresh_token", refresh_token: open.json.refresh_token };
  expect(
    (await callToken({ fetch: checked.fetch, body: { ...again, client_id: "closed" } })).status,
  ).toBe(200);
});

test("V18: with registered redirects the browser goes exactly there; without, to this machine", async () => {
  await using checked = await CheckedServer.open();
  const registered = "https://notes.example/back?from=box";
  checked.server.addApp({ key: "web", redirects: [registered] });
  checked.server.addApp({ key: "local" });
  const status = async (client: string, uri: string) =>
    (await checked.fetch(consentUrl({ client_id: client, redirect_uri: uri }))).status;
  expect(await status("web", registered)).toBe(200);
  for (const uri of [`${registered}&x=1`, "https://notes.example/back", "http://localhost/"]) {
    expect(await status("web", uri), uri).toBe(400);
  }
  expect(await status("local", "http://localhost:1/")).toBe(200);
  expect(await status("local", registered)).toBe(400);
  const url = consentUrl({ client_id: "web", redirect_uri: registered, state: "s" });
  const answer = await (await ConsentVisit.open(checked.fetch, url)).answer("allow");
  expect(answer.headers.get("location")).toMatch(
    /^https:\/\/notes\.example\/back\?from=box&code=[\w-]{43}&state=s$/,
  );
});

test("V21: what the app may not is a 400 text, what only its token may not a 401", async () => {
  await using checked = await CheckedServer.open();
  checked.server.addApp({ key: "reader", scopes: ["files.content.read", "account_info.read"] });
  const all = checked.server.issueToken(checked.accountId, { clientId: "reader" }).accessToken;
  const some = checked.server.issueToken(checked.accountId, {
    clientId: "reader",
    scopes: ["account_info.read"],
  }).accessToken;
  const create = await checked.rpc("files/create_folder_v2", { path: "/a" }, { token: all });
  expect(create.status).toBe(400);
  expect(create.text).toMatch(
    /^Error in call to API function "files\/create_folder_v2": Your app \(ID: \d{7}\) is not permitted to access this endpoint because it does not have the required scope 'files\.content\.write'\. The owner of the app can enable the scope for the app using the Permissions tab on the App Console\.$/,
  );
  const again = await checked.rpc("files/create_folder_v2", { path: "/a" }, { token: some });
  expect(again.text).toBe(create.text);
  const list = await checked.rpc("files/list_folder", { path: "" }, { token: some });
  expect(list.status).toBe(401);
  expect(list.json.error).toEqual({
    ".tag": "missing_scope",
    required_scope: "files.metadata.read",
  });
  expect((await checked.rpc("files/list_folder", { path: "" }, { token: all })).status).toBe(200);
  const other = consentUrl({ client_id: "reader", scope: "sharing.write" });
  expect((await checked.fetch(other)).status).toBe(400);
  const options = { clientId: "reader", scopes: ["sharing.write"] };
  expect(() => checked.server.issueToken(checked.accountId, options)).toThrow(/cannot have/);
  const none = { clientId: "reader", scopes: [] };
  expect(() => checked.server.issueToken(checked.accountId, none)).toThrow(/cannot have/);
});

test("V21: registering a key bounds the tokens that it has already", async () => {
  await using checked = await CheckedServer.open();
  const { accessToken } = checked.server.issueToken(checked.accountId, { clientId: "late" });
  await checked.upload("/top", "1");
  const get = () => checked.rpc("files/get_metadata", { path: "/top" }, { token: accessToken });
  expect((await get()).status).toBe(200);
  checked.server.addApp({ key: "late", folder: "Late" });
  expect((await get()).status).toBe(409);
});

test("V15: removing an app ends what was allowed to it, so that its key is not a full app's with old tokens", async () => {
  await using checked = await CheckedServer.open();
  checked.server.addApp({ key: "notes", folder: "Notes" });
  const issued = checked.server.issueToken(checked.accountId, { clientId: "notes" });
  const code = await codeFor(checked.fetch, { client_id: "notes" });
  checked.server.removeApp("notes");
  const call = await checked.rpc("files/list_folder", { path: "" }, { token: issued.accessToken });
  expect(call.json.error).toEqual({ ".tag": "invalid_access_token" });
  const client = { client_id: "notes", client_secret: "any" };
  const refresh = { grant_type: "refresh_token", refresh_token: issued.refreshToken, ...client };
  expect((await callToken({ fetch: checked.fetch, body: refresh })).json.error).toBe(
    "invalid_grant",
  );
  const exchange = { grant_type: "authorization_code", code, ...client };
  expect((await callToken({ fetch: checked.fetch, body: exchange })).json.error).toBe(
    "invalid_grant",
  );
  expect((await checked.rpc("files/list_folder", { path: "" })).status).toBe(200);
});

test("fact sheet 4.1: check/app knows an app by key and secret, check/user an account by its token", async () => {
  await using checked = await CheckedServer.open();
  checked.server.addApp({ key: "closed", secret: "right" });
  const check = async (route: string, authorization: string) => {
    const response = await checked.fetch(`https://api.dropboxapi.com/2/check/${route}`, {
      method: "POST",
      body: JSON.stringify({ query: "é" }),
      headers: { authorization, "content-type": "application/json" },
    });
    return `${response.status} ${await response.text()}`;
  };
  const bearer = `Bearer ${checked.token}`;
  expect(await check("user", bearer)).toBe(String.raw`200 {"result":"\u00e9"}`);
  expect(await check("app", basic("closed", "right"))).toBe(String.raw`200 {"result":"\u00e9"}`);
  expect(await check("app", basic("any", "any"))).toMatch(/^200/);
  expect(await check("app", basic("closed", "wrong"))).toMatch(/^401 .*"invalid_access_token"/);
  expect(await check("app", basic("any", ""))).toMatch(/^401/);
  expect(await check("app", bearer)).toMatch(/^400 .*Expecting "Basic <base64/);
  expect(await check("app", "Basic !")).toMatch(/^400 .*Expecting "Basic <base64/);
  expect(await check("user", basic("closed", "right"))).toMatch(/^400 .*Expecting "Bearer/);
  expect((await checked.rpc("check/user", {})).json).toEqual({ result: "" });
  const app = new Dropbox({ clientId: "closed", clientSecret: "right", fetch: checked.fetch });
  expect((await app.checkApp({ query: "x" })).result).toEqual({ result: "x" });
});
