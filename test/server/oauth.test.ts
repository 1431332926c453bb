import { createHash } from "node:crypto";
import { mkdtemp, readFile, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { DropboxAuth } from "dropbox";
import { expect, test } from "vitest";
import { CheckedServer } from "../support/checked-server.ts";
import type { Answer } from "../support/checked-server.ts";

const verifier = "v".repeat(64);
const challenge = createHash("sha256").update(verifier).digest("base64url");
const redirect = "http://localhost:53682/";

const authorizeUrl = (more: Record<string, string> = {}): URL => {
  const url = new URL("https://www.dropbox.com/oauth2/authorize");
  const parameters = {
    client_id: "key",
    response_type: "code",
    token_access_type: "offline",
    code_challenge: challenge,
    code_challenge_method: "S256",
    ...more,
  };
  for (const [name, value] of Object.entries(parameters)) url.searchParams.set(name, value);
  return url;
};

const token = async (
  checked: CheckedServer,
  parameters: Record<string, string>,
  more: RequestInit = {},
) => {
  const response = await checked.fetch("https://api.dropboxapi.com/oauth2/token", {
    method: "POST",
    body: new URLSearchParams(parameters),
    ...more,
  });
  const json: Answer["json"] = await response.json();
  return { status: response.status, headers: response.headers, json };
};

const exchange = { grant_type: "authorization_code", client_id: "key", code_verifier: verifier };

test("V19: a code with PKCE S256 becomes tokens, once; the answer is text/javascript", async () => {
  await using checked = await CheckedServer.open();
  const code = checked.server.authorize(checked.accountId, authorizeUrl());
  const first = await token(checked, { ...exchange, code });
  expect(first.status).toBe(200);
  expect(first.headers.get("content-type")).toBe("text/javascript");
  expect(first.json).toMatchObject({
    token_type: "bearer",
    expires_in: 14400,
    account_id: checked.accountId,
    access_token: expect.stringMatching(/^sl\./),
    refresh_token: expect.any(String),
    uid: expect.stringMatching(/^\d+$/),
  });
  expect(
    (await checked.rpc("users/get_current_account", undefined, { token: first.json.access_token }))
      .status,
  ).toBe(200);
  const second = await token(checked, { ...exchange, code });
  expect(second).toMatchObject({
    status: 400,
    json: { error: "invalid_grant", error_description: "code doesn't exist or has expired" },
  });
});

test("V19: the official SDK's own flow works, with its parameters in the query", async () => {
  await using checked = await CheckedServer.open();
  const auth = new DropboxAuth({ clientId: "key", fetch: checked.fetch });
  const url = String(
    await auth.getAuthenticationUrl(
      redirect,
      "state",
      "code",
      "offline",
      undefined,
      undefined,
      true,
    ),
  );
  const code = checked.server.authorize(checked.accountId, new URL(url));
  const { result } = await auth.getAccessTokenFromCode(redirect, code);
  expect(result).toMatchObject({ account_id: checked.accountId });
  auth.setRefreshToken(String(Reflect.get(result, "refresh_token")));
  await auth.refreshAccessToken();
  expect(auth.getAccessToken()).toMatch(/^sl\./);
});

test.each<[string, { asked?: Record<string, string>; given: Record<string, string> }]>([
  ["invalid code verifier", { given: { code_verifier: "w".repeat(64) } }],
  ["Invalid client_id or client_secret", { given: { client_id: "other" } }],
  ["redirect_uri mismatch", { asked: { redirect_uri: redirect }, given: {} }],
  ["code doesn't exist or has expired", { given: { code: "none" } }],
])("V19: an exchange that does not fit is 400: %s", async (description, { asked, given }) => {
  await using checked = await CheckedServer.open();
  const code = checked.server.authorize(checked.accountId, authorizeUrl(asked));
  const answer = await token(checked, { ...exchange, code, ...given });
  expect(answer).toMatchObject({ status: 400, json: { error_description: description } });
});

test("V19: a plain challenge, a secret, Basic authentication and the /1/ form are accepted", async () => {
  await using checked = await CheckedServer.open();
  const authorize = (more: Record<string, string>) =>
    checked.server.authorize(checked.accountId, authorizeUrl(more));
  const plain = authorize({ code_challenge: verifier, code_challenge_method: "plain" });
  expect((await token(checked, { ...exchange, code: plain })).status).toBe(200);

  const url = authorizeUrl({ redirect_uri: redirect });
  url.searchParams.delete("code_challenge");
  const code = checked.server.authorize(checked.accountId, url);
  const parameters = { grant_type: "authorization_code", code, redirect_uri: redirect };
  const withoutProof = await token(checked, { ...parameters, client_id: "key" });
  expect(withoutProof.json.error).toBe("invalid_client");
  const response = await checked.fetch("https://api.dropboxapi.com/1/oauth2/token", {
    method: "POST",
    body: new URLSearchParams(parameters),
    headers: { authorization: `Basic ${btoa("key:secret")}` },
  });
  expect(response.status).toBe(200);
});

test("V19: a code ends after ten minutes", async () => {
  await using checked = await CheckedServer.open();
  const code = checked.server.authorize(checked.accountId, authorizeUrl());
  checked.clock.seconds += 600;
  expect((await token(checked, { ...exchange, code })).status).toBe(400);
});

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

test("V19: other grants and unusable authorise URLs are refused", async () => {
  await using checked = await CheckedServer.open();
  const answer = await token(checked, { grant_type: "password" });
  expect(answer.json.error).toBe("unsupported_grant_type");
  const authorize = (url: URL) => () => checked.server.authorize(checked.accountId, url);
  expect(authorize(new URL("https://x/"))).toThrow(/client_id/);
  expect(authorize(authorizeUrl({ scope: "team.read" }))).toThrow(/scope/);
  expect(authorize(authorizeUrl({ code_challenge_method: "S512" }))).toThrow(/S512/);
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
