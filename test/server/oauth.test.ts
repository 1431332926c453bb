import { DropboxAuth } from "dropbox";
import { expect, test } from "vitest";
import { oauthFailure } from "../../src/server/accounts/oauth-failure.ts";
import { noSpace } from "../../src/server/wire/failure.ts";
import { CheckedServer } from "../support/checked-server.ts";
import { authorizeUrl, callToken, exchange, verifier } from "../support/token-call.ts";

const redirect = "http://localhost:53682/";

const token = (checked: CheckedServer, body: Record<string, string>) =>
  callToken({ fetch: checked.fetch, body });

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
  url.searchParams.delete("code_challenge_method");
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

test("V19: a code that comes twice takes its tokens with it, but only from its own client", async () => {
  await using checked = await CheckedServer.open();
  const code = checked.server.authorize(checked.accountId, authorizeUrl());
  const first = await token(checked, { ...exchange, code });
  const call = () =>
    checked.rpc("users/get_space_usage", undefined, { token: first.json.access_token });
  expect((await token(checked, { ...exchange, code, client_id: "other" })).status).toBe(400);
  expect((await call()).status).toBe(200);
  expect((await token(checked, { ...exchange, code })).status).toBe(400);
  expect((await call()).json.error).toEqual({ ".tag": "invalid_access_token" });
  const refresh = { grant_type: "refresh_token", refresh_token: first.json.refresh_token };
  expect((await token(checked, { ...refresh, client_id: "key" })).json.error).toBe("invalid_grant");
  expect((await checked.rpc("users/get_space_usage")).status).toBe(200);
});

test("V19: a refused exchange leaves the code as it was", async () => {
  await using checked = await CheckedServer.open();
  const code = checked.server.authorize(checked.accountId, authorizeUrl());
  const wrong = { ...exchange, code, code_verifier: "w".repeat(64) };
  expect((await token(checked, wrong)).status).toBe(400);
  expect((await token(checked, { ...exchange, code })).status).toBe(200);
});

test("V19: a verifier without a challenge is refused: somebody took the challenge out", async () => {
  await using checked = await CheckedServer.open();
  const url = authorizeUrl();
  url.searchParams.delete("code_challenge");
  url.searchParams.delete("code_challenge_method");
  const code = checked.server.authorize(checked.accountId, url);
  const answer = await token(checked, { ...exchange, code, client_secret: "any" });
  expect(answer.json).toEqual({
    error: "invalid_grant",
    error_description: "invalid code verifier",
  });
});

test.each<[string, string, Record<string, string>]>([
  ["unsupported_grant_type", "grant_type is missing or not supported", {}],
  ["invalid_request", 'missing required field "code"', { grant_type: "authorization_code" }],
  ["invalid_request", 'missing required field "refresh_token"', { grant_type: "refresh_token" }],
  [
    "invalid_grant",
    "refresh token is malformed",
    { grant_type: "refresh_token", refresh_token: "r".repeat(63) },
  ],
  [
    "invalid_grant",
    "refresh token is malformed",
    { grant_type: "refresh_token", refresh_token: "r/".repeat(32) },
  ],
  [
    "invalid_grant",
    "refresh token is invalid or revoked",
    { grant_type: "refresh_token", refresh_token: "r".repeat(64) },
  ],
])("V19: %s, %s", async (error, description, parameters) => {
  await using checked = await CheckedServer.open();
  const answer = await token(checked, { client_id: "key", ...parameters });
  expect(answer.status).toBe(400);
  expect(answer.headers.get("content-type")).toBe("application/json");
  expect(answer.json).toEqual({ error, error_description: description });
});

test("V19: a refresh may ask for fewer scopes, never for others, and needs its own client", async () => {
  await using checked = await CheckedServer.open();
  const issued = checked.server.issueToken(checked.accountId, {
    clientId: "key",
    scopes: ["account_info.read", "files.content.read"],
  });
  const refresh = {
    grant_type: "refresh_token",
    refresh_token: issued.refreshToken,
    client_id: "key",
  };
  const fewer = await token(checked, { ...refresh, scope: "account_info.read" });
  const options = { token: fewer.json.access_token };
  expect((await checked.rpc("users/get_space_usage", undefined, options)).status).toBe(200);
  const list = await checked.rpc("files/list_folder", { path: "" }, options);
  expect(list.json.error[".tag"]).toBe("missing_scope");
  const more = await token(checked, { ...refresh, scope: "account_info.read sharing.read" });
  expect(more).toMatchObject({ status: 400, json: { error: "invalid_scope" } });
  const other = await token(checked, { ...refresh, client_id: "other" });
  expect(other.json.error).toBe("invalid_client");
});

test("V19: parameters come from the query, the body goes before it, nothing may come twice", async () => {
  await using checked = await CheckedServer.open();
  const { refreshToken } = checked.server.issueToken(checked.accountId, { clientId: "key" });
  const refresh = new URLSearchParams({
    grant_type: "refresh_token",
    refresh_token: refreshToken,
    client_id: "key",
  });
  const url = "https://api.dropboxapi.com/oauth2/token";
  const call = async (query: string, body?: URLSearchParams) => {
    const headers = body === undefined ? { "content-type": "application/json" } : {};
    const response = await checked.fetch(`${url}?${query}`, {
      method: "POST",
      headers,
      ...(body === undefined ? {} : { body }),
    });
    return `${response.status} ${await response.text()}`;
  };
  expect(await call(String(refresh))).toMatch(/^200 .*access_token/);
  expect(await call("client_id=other", refresh)).toMatch(/^200 .*access_token/);
  expect(await call(`${String(refresh)}&client_id=key`)).toMatch(/^400 .*invalid_request/);
  const long = new URLSearchParams({ code: "x".repeat(64 * 1024) });
  expect(await call("", long)).toMatch(/^400 .*invalid_request/);
  const get = await checked.fetch(`${url}?${String(refresh)}`);
  expect(get.status).toBe(400);
});

test("V37: without room on the disk the token endpoint says that it may pass", () => {
  expect(oauthFailure(noSpace())).toMatchObject({
    status: 503,
    body: { error: "temporarily_unavailable" },
  });
  const other = new Error("other");
  expect(oauthFailure(other)).toBe(other);
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
