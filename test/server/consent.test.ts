import { createHash } from "node:crypto";
import { Dropbox, DropboxAuth } from "dropbox";
import { expect, test } from "vitest";
import { ConsentVisit, consentUrl } from "../support/consent-visit.ts";
import { serve } from "../support/served.ts";
import type { Served } from "../support/served.ts";
import { callToken, verifier } from "../support/token-call.ts";

const redirect = "http://localhost:53682/";

const visit = ({ server }: Served, parameters: Record<string, string | undefined> = {}) =>
  ConsentVisit.open(server.fetch, consentUrl(parameters));

const redeem = ({ server }: Served, code: string, more: Record<string, string> = {}) => {
  const client = { client_id: "key", client_secret: "any" };
  const body = { grant_type: "authorization_code", ...client, code, ...more };
  return callToken({ fetch: server.fetch, body });
};

const location = (response: Response): URL => new URL(response.headers.get("location") ?? "");

test("V18: allow sends a code and the state to the app, and the official SDK makes tokens of it", async () => {
  await using served = await serve();
  const auth = new DropboxAuth({ clientId: "key", fetch: served.server.fetch });
  const url = await auth.getAuthenticationUrl(
    redirect,
    "st4te",
    "code",
    "offline",
    ["account_info.read", "files.metadata.read"],
    "none",
    true,
  );
  const page = await ConsentVisit.open(served.server.fetch, String(url));
  expect(page.response.status).toBe(200);
  const answer = await page.answer("allow");
  expect(answer.status).toBe(303);
  const target = location(answer);
  expect(target.origin + target.pathname).toBe(redirect);
  expect([...target.searchParams.keys()]).toEqual(["code", "state"]);
  expect(target.searchParams.get("state")).toBe("st4te");
  const tokens = await auth.getAccessTokenFromCode(redirect, target.searchParams.get("code") ?? "");
  expect(tokens.result).toMatchObject({
    account_id: served.accountId,
    scope: "account_info.read files.metadata.read",
  });
  auth.setRefreshToken(String(Reflect.get(tokens.result, "refresh_token")));
  await auth.refreshAccessToken();
  const { result } = await new Dropbox({ auth }).usersGetCurrentAccount();
  expect(result.account_id).toBe(served.accountId);
});

test("V19: response_type=token, the SDK's default, brings the token in the fragment", async () => {
  await using served = await serve();
  const auth = new DropboxAuth({ clientId: "key", fetch: served.server.fetch });
  const url = String(await auth.getAuthenticationUrl(redirect, "st4te"));
  const page = await ConsentVisit.open(served.server.fetch, url);
  const target = location(await page.answer("allow"));
  expect(target.search).toBe("");
  const values = Object.fromEntries(new URLSearchParams(target.hash.slice(1)));
  expect(values).toEqual({
    access_token: expect.stringMatching(/^sl\./),
    token_type: "bearer",
    expires_in: "14400",
    scope: expect.stringContaining("files.content.write"),
    uid: expect.stringMatching(/^\d+$/),
    account_id: served.accountId,
    state: "st4te",
  });
  const dropbox = new Dropbox({
    accessToken: values["access_token"] ?? "",
    fetch: served.server.fetch,
  });
  expect((await dropbox.filesListFolder({ path: "" })).status).toBe(200);
});

test.each(["/oauth2/authorize", "/1/oauth2/authorize", "/www/oauth2/authorize"])(
  "V18: without redirect_uri the code is shown for copying: %s",
  async (path) => {
    await using served = await serve();
    const url = consentUrl().replace("/oauth2/authorize", path);
    const page = await ConsentVisit.open(served.server.fetch, url);
    const shown = await page.next("allow");
    expect(shown.response.status).toBe(200);
    expect(shown.response.headers.get("location")).toBeNull();
    expect(shown.markup).toMatch(/aria-labelledby="code-name"/);
    expect(await redeem(served, shown.code ?? "")).toMatchObject({
      status: 200,
      json: { account_id: served.accountId },
    });
  },
);

test("V18: deny sends access_denied and the state to the app, or is a page", async () => {
  await using served = await serve();
  const state = "a b+c&d=é\r\n";
  const page = await visit(served, { redirect_uri: `${redirect}?x=1`, state });
  const answer = await page.answer("deny");
  expect(answer.status).toBe(303);
  expect(answer.headers.get("location")).toMatch(/^http:\/\/localhost:53682\/\?x=1&error=/);
  expect(Object.fromEntries(location(answer).searchParams)).toEqual({
    x: "1",
    error: "access_denied",
    error_description: expect.stringContaining("chose not to"),
    state,
  });
  const closed = await (await visit(served)).next("deny");
  expect(closed.response.status).toBe(200);
  expect(closed.markup).toContain("<h1>Denied</h1>");
  expect(closed.code).toBeUndefined();
});

test("V18: the page runs no script, cannot be framed or kept, and its form leads only here and to the app", async () => {
  await using served = await serve();
  const page = await visit(served, { redirect_uri: redirect });
  const headers = page.response.headers;
  const style = /<style>([^]*?)<\/style>/.exec(page.markup)?.[1] ?? "";
  const styleHash = createHash("sha256").update(style).digest("base64");
  expect(headers.get("content-security-policy")?.split("; ")).toEqual([
    "default-src 'none'",
    `style-src 'sha256-${styleHash}'`,
    "form-action 'self' http://localhost:53682",
    "base-uri 'none'",
    "frame-ancestors 'none'",
  ]);
  expect(headers.get("x-frame-options")).toBe("DENY");
  expect(headers.get("content-type")).toBe("text/html; charset=utf-8");
  expect(headers.get("cache-control")).toBe("no-store");
  // With `no-referrer` a browser's form would come with `Origin: null`.
  expect(headers.get("referrer-policy")).toBe("same-origin");
  const answer = await page.answer("allow");
  expect(answer.headers.get("referrer-policy")).toBe("no-referrer");
  expect(page.markup).not.toMatch(/<script|\son\w+=|javascript:|src=|href=/i);
  const code = await (await visit(served)).next("allow");
  expect(code.response.headers.get("referrer-policy")).toBe("no-referrer");
  expect(code.response.headers.get("content-security-policy")).toContain("form-action 'none'");
  const six = await visit(served, { redirect_uri: "http://[::1]:9/" });
  expect(six.response.headers.get("content-security-policy")).toContain(
    "form-action 'self' http:;",
  );
});

test("V18: the page has a language, a title, and a label for each field, and says what is asked for", async () => {
  await using served = await serve();
  served.server.addAccount({ name: "Ben", email: "ben@example.com", password: "secret" });
  const { markup } = await visit(served, { scope: "files.content.read sharing.write" });
  expect(markup).toMatch(/^<!doctype html>\s*<html lang="en">/i);
  expect(markup).toMatch(/<title>Allow key\?<\/title>/);
  expect(markup).toMatch(/<meta name="viewport" content="width=device-width/);
  expect(markup).toMatch(/<legend>Account<\/legend>/);
  for (const [, id] of markup.matchAll(/<input[^>]*\sid="(\w+)"/g)) {
    expect(markup).toContain(`<label for="${id}">`);
  }
  expect(markup).toContain("the whole Dropbox");
  expect(Array.from(markup.matchAll(/<li>([^<]*)<\/li>/g), ([, words]) => words)).toEqual([
    "Read what is in your files",
    "Share files and folders by link, and end such links",
  ]);
  expect(markup).toContain("prefers-color-scheme: dark");
});

test.each([
  "",
  "x".repeat(500),
  "a b",
  "a+b",
  "%00%0d%0a",
  "é🎉",
  "\r\nSet-Cookie: a=b",
  `"'<>&#\\`,
])("V18: the state %j comes back exactly", async (state) => {
  await using served = await serve();
  const page = await visit(served, { redirect_uri: redirect, state });
  const answer = await page.answer("allow");
  expect(location(answer).searchParams.get("state")).toBe(state);
  expect(answer.headers.get("location")).not.toContain("+");
  expect(answer.headers.get("set-cookie")).toBeNull();
});

test("V18: every known parameter is taken, and unknown ones are passed over", async () => {
  await using served = await serve();
  const page = await visit(served, {
    redirect_uri: redirect,
    state: "s",
    scope: "files.metadata.read",
    include_granted_scopes: "team",
    token_access_type: "legacy",
    code_challenge: verifier,
    force_reapprove: "true",
    force_reauthentication: "false",
    disable_signup: "true",
    require_role: "personal",
    locale: "de-DE",
    something_else: "1",
  });
  const code = location(await page.answer("allow")).searchParams.get("code") ?? "";
  const { json } = await redeem(served, code, { redirect_uri: redirect, code_verifier: verifier });
  expect(json).toMatchObject({ scope: "files.metadata.read", token_type: "bearer" });
  expect(json).not.toHaveProperty("refresh_token");
});

test("V18: include_granted_scopes=user keeps what the app had before", async () => {
  await using served = await serve();
  const granted = async (scope: string, include?: string) => {
    const page = await visit(served, { scope, include_granted_scopes: include });
    return (await redeem(served, (await page.next("allow")).code ?? "")).json.scope;
  };
  expect(await granted("files.content.read")).toBe("files.content.read");
  expect(await granted("sharing.read")).toBe("sharing.read");
  expect(await granted("account_info.read", "user")).toBe(
    "account_info.read files.content.read sharing.read",
  );
});

test("V18: of several accounts the user chooses one", async () => {
  await using served = await serve();
  const ben = served.server.addAccount({ name: "Ben", email: "ben@example.com" });
  const page = await visit(served);
  expect(page.choices).toEqual([served.accountId, ben.id]);
  const none = await page.next("allow");
  expect(none.response.status).toBe(400);
  expect(none.trouble).toBe("Please choose an account.");
  const unknown = await none.next("allow", { account: "dbid:nobody" });
  expect(unknown.response.status).toBe(400);
  const undecided = await unknown.next("perhaps", { account: ben.id });
  expect(undecided.response.status).toBe(400);
  const chosen = await undecided.next("allow", { account: ben.id });
  expect((await redeem(served, chosen.code ?? "")).json.account_id).toBe(ben.id);
});

test("V18: without any account the page says how to make one", async () => {
  await using served = await serve();
  served.server.removeAccount(served.accountId);
  const page = await visit(served);
  expect(page.response.status).toBe(200);
  expect(page.markup).toContain("snap server account add");
  expect(page.markup).not.toContain("<form");
});

test("V18: only GET, HEAD and POST are served", async () => {
  await using served = await serve();
  const status = async (method: string) =>
    (await served.server.fetch(consentUrl(), { method })).status;
  expect(await status("HEAD")).toBe(200);
  expect(await status("PUT")).toBe(405);
});
