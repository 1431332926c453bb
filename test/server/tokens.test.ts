import { mkdtemp, readFile, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { expect, test } from "vitest";
import { CheckedServer } from "../support/checked-server.ts";
import { authorizeUrl, callToken, exchange } from "../support/token-call.ts";

const token = (checked: CheckedServer, body: Record<string, string>) =>
  callToken({ fetch: checked.fetch, body });

test("V20: an access token ends after four hours with 401; a refresh brings a new one", async () => {
  await using checked = await CheckedServer.open();
  const { accessToken, refreshToken } = checked.server.issueToken(checked.accountId, {
    clientId: "key",
  });
  const call = (used: string) =>
    checked.rpc("users/get_current_account", undefined, { token: used });
  checked.clock.seconds += 14_399;
  expect((await call(accessToken)).status).toBe(200);
  checked.clock.seconds += 1;
  const expired = await call(accessToken);
  expect(expired.status).toBe(401);
  expect(expired.headers.get("content-type")).toBe("application/json");
  expect(expired.headers.get("www-authenticate")).toMatch(/^Bearer/);
  expect(expired.json.error).toEqual({ ".tag": "expired_access_token" });
  const refresh = { grant_type: "refresh_token", refresh_token: refreshToken, client_id: "key" };
  const renewed = await token(checked, refresh);
  expect(Object.keys(renewed.json).toSorted()).toEqual([
    "access_token",
    "expires_in",
    "token_type",
  ]);
  expect((await call(renewed.json.access_token)).status).toBe(200);
});

test("V20: revoking ends every token of the authorisation, and no other", async () => {
  await using checked = await CheckedServer.open();
  const { accessToken, refreshToken } = checked.server.issueToken(checked.accountId);
  expect((await checked.rpc("auth/token/revoke", undefined, { token: accessToken })).text).toBe(
    "null",
  );
  const after = await checked.rpc("users/get_space_usage", undefined, { token: accessToken });
  expect(after).toMatchObject({ status: 401 });
  expect(after.json.error).toEqual({ ".tag": "invalid_access_token" });
  const refresh = { grant_type: "refresh_token", refresh_token: refreshToken, client_id: "snap" };
  expect((await token(checked, refresh)).json).toEqual({
    error: "invalid_grant",
    error_description: "refresh token is invalid or revoked",
  });
  expect((await checked.rpc("users/get_space_usage")).status).toBe(200);
});

test("V21: a route needs its scope; a write scope includes what it needs to read", async () => {
  await using checked = await CheckedServer.open();
  const scoped = async (scope: string): Promise<string> => {
    const code = checked.server.authorize(checked.accountId, authorizeUrl({ scope }));
    return (await token(checked, { ...exchange, code })).json.access_token;
  };
  const list = async (used: string) =>
    checked.rpc("files/list_folder", { path: "" }, { token: used });
  expect((await list(await scoped("files.content.write"))).status).toBe(200);
  const refused = await list(await scoped("account_info.read"));
  expect(refused.status).toBe(401);
  expect(refused.json.error).toEqual({
    ".tag": "missing_scope",
    required_scope: "files.metadata.read",
  });
});

test("V20: a token that ended long ago is still called expired; one that was altered, or is of another server, is not", async () => {
  await using checked = await CheckedServer.open();
  await using elsewhere = await CheckedServer.open({ seed: 2 });
  const old = checked.server.issueToken(checked.accountId).accessToken;
  checked.clock.seconds += 400 * 24 * 60 * 60;
  // New tokens are where old rows are thrown away.
  checked.server.issueToken(checked.accountId);
  const nameOf = async (used: string) =>
    (await checked.rpc("users/get_space_usage", undefined, { token: used })).json.error[".tag"];
  expect(await nameOf(old)).toBe("expired_access_token");
  const altered = `${old.slice(0, -2)}${old.endsWith("AA") ? "BB" : "AA"}`;
  expect(await nameOf(altered)).toBe("invalid_access_token");
  expect(await nameOf(elsewhere.token)).toBe("invalid_access_token");
  expect(await nameOf("sl.none")).toBe("invalid_access_token");
});

test("V49: a 401 names its error, in JSON without charset, and the way to authenticate", async () => {
  await using checked = await CheckedServer.open();
  const answer = await checked.rpc("users/get_space_usage", undefined, { token: "sl.none" });
  expect(answer.status).toBe(401);
  expect(answer.headers.get("content-type")).toBe("application/json");
  expect(answer.headers.get("www-authenticate")).toBe('Bearer realm="Dropbox-API"');
  expect(answer.json.error_summary).toMatch(/^invalid_access_token\/\.{0,3}$/);
  expect(answer.json.error).toEqual({ ".tag": "invalid_access_token" });
});

test("fact sheet 1.2: a browser puts the token and the argument into the URL of a content call", async () => {
  await using checked = await CheckedServer.open();
  await checked.upload("/a.txt", "content");
  const query = new URLSearchParams({
    authorization: `Bearer ${checked.token}`,
    arg: JSON.stringify({ path: "/a.txt" }),
    reject_cors_preflight: "true",
  });
  const url = `https://content.dropboxapi.com/2/files/download?${String(query)}`;
  expect(await (await checked.fetch(url)).text()).toBe("content");
  query.set("authorization", "Bearer sl.none");
  const refused = await checked.fetch(
    `https://content.dropboxapi.com/2/files/download?${String(query)}`,
  );
  expect(refused.status).toBe(401);
});

test("V78: of tokens and codes only hashes are on the disk", async () => {
  const data = await mkdtemp(join(tmpdir(), "snap-server-"));
  const checked = await CheckedServer.open({ data });
  const { accessToken, refreshToken } = checked.server.issueToken(checked.accountId);
  const code = checked.server.authorize(checked.accountId, authorizeUrl());
  await checked.server.close();
  const stored = await readFile(join(data, "server.sqlite"), "latin1");
  expect(stored).toContain(checked.accountId);
  for (const secret of [accessToken, refreshToken, code]) expect(stored).not.toContain(secret);
  await rm(data, { recursive: true });
});
