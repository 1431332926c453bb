/** The page of this computer that a browser comes back to with a code (X14). */
import { request } from "node:http";
import { expect, test } from "vitest";
import { openLoginPage, redirectUriOf, type LoginPage } from "../../src/app/login-page.ts";
import { beginLogin } from "../../src/app/login.ts";
import { present } from "../../src/std/assert.ts";
import { ask } from "../support/browser-request.ts";
import { freePort } from "../support/free-port.ts";
import { ConsentVisit } from "../support/consent-visit.ts";
import { appKey, DropboxHome } from "./dropbox-home.ts";

const state = "s".repeat(43);

type Waiting = { readonly page: LoginPage; readonly port: number };

async function openPage(): Promise<Waiting & AsyncDisposable> {
  const port = await freePort();
  const page = present(await openLoginPage(state, port), "the page");
  return { page, port, [Symbol.asyncDispose]: () => page[Symbol.asyncDispose]() };
}

const right = `/?code=abc&state=${state}`;

test("X14: the code with the right state ends the login, once; the page shows none of it", async () => {
  await using waiting = await openPage();
  const answer = await ask(waiting.port, right);
  expect(answer.status).toBe(200);
  expect(answer.headers).toMatchObject({
    "content-security-policy": "default-src 'none'; base-uri 'none'; frame-ancestors 'none'",
    "referrer-policy": "no-referrer",
    "cache-control": "no-store",
    "x-content-type-options": "nosniff",
  });
  expect(answer.body).not.toContain("abc");
  expect(answer.body).not.toContain(state);
  expect(await waiting.page.code).toBe("abc");
  expect((await ask(waiting.port, right.replace("abc", "other"))).status).toBe(410);
  expect(await waiting.page.code).toBe("abc");
});

type Try = {
  readonly target: string;
  readonly status: number;
  readonly how?: { readonly method?: string; readonly headers?: Record<string, string> };
};

test.each<[string, Try]>([
  ["without a state", { target: "/?code=evil", status: 403 }],
  ["with a wrong state", { target: `/?code=evil&state=${"t".repeat(43)}`, status: 403 }],
  ["with a part of the state", { target: `/?code=evil&state=${state.slice(1)}`, status: 403 }],
  [
    "with another name of this computer",
    { target: right, status: 403, how: { headers: { host: "evil.example:1" } } },
  ],
  ["by POST", { target: right, status: 405, how: { method: "POST" } }],
  ["elsewhere", { target: right.replace("/?", "/x?"), status: 404 }],
  ["as a picture", { target: right, status: 403, how: { headers: { "sec-fetch-dest": "image" } } }],
  [
    "as a script's request",
    { target: right, status: 403, how: { headers: { "sec-fetch-mode": "no-cors" } } },
  ],
  ["to an address that is none", { target: "//", status: 404 }],
  ["with a wrong state and an error", { target: "/?error=access_denied&state=x", status: 403 }],
])(
  "X14: a code that comes %s is refused, and the login waits on",
  async (_, { target, status, how }) => {
    await using waiting = await openPage();
    expect((await ask(waiting.port, target, how)).status).toBe(status);
    const navigation = { "sec-fetch-mode": "navigate", "sec-fetch-dest": "document" };
    const headers = { ...navigation, "sec-fetch-site": "cross-site" };
    expect((await ask(waiting.port, right, { headers })).status).toBe(200);
    expect(await waiting.page.code).toBe("abc");
  },
);

test("X14: a person who denies ends the login, and an error of Dropbox is told", async () => {
  await using waiting = await openPage();
  const target = `/?error=access_denied&error_description=You+chose+not+to&state=${state}`;
  expect((await ask(waiting.port, target)).body).not.toContain("chose");
  await expect(waiting.page.code).rejects.toThrow("You chose not to");
});

test("X14: nobody answers any more when the login is over, whoever still holds a connection", async () => {
  const waiting = await openPage();
  const held = request({ host: "127.0.0.1", port: waiting.port, path: "/" });
  held.on("error", () => undefined);
  held.setHeader("content-length", 5);
  held.flushHeaders();
  await ask(waiting.port, right);
  await waiting.page[Symbol.asyncDispose]();
  await expect(ask(waiting.port, right)).rejects.toThrow("ECONNREFUSED");
});

test("X14: where the port is taken there is no page, and the code is pasted", async () => {
  await using waiting = await openPage();
  expect(await openLoginPage("x", waiting.port)).toBeUndefined();
});

test("X14: a browser that allows brings the code, and the login is kept; the pasted one is refused then", async () => {
  await using home = await DropboxHome.open();
  const port = await freePort();
  await using login = await beginLogin(home.environment, appKey, { pagePort: port });
  const url = new URL(present(login.pageUrl, "the address"));
  expect(url.searchParams.get("redirect_uri")).toBe(redirectUriOf(port));
  expect(url.searchParams.get("state")).toMatch(/^[\w-]{43}$/u);
  expect(new URL(login.url).searchParams.has("redirect_uri")).toBe(false);
  expect(new URL(login.url).searchParams.has("state")).toBe(false);
  const visit = await ConsentVisit.open(home.server.fetch, url.href);
  const answer = await visit.answer("allow", { account: home.account });
  const target = new URL(answer.headers.get("location") ?? "");
  await ask(port, `/${target.search}`);
  const brought = await login.brought;
  expect(await login.finish(brought)).toMatchObject({ id: home.account, appKey });
  await expect(login.finish(brought.code)).rejects.toThrow("The code was not accepted");
});

test("X14: the whole address that a browser of another device ended at can be pasted, if it answers this login", async () => {
  await using home = await DropboxHome.open();
  const port = await freePort();
  await using login = await beginLogin(home.environment, appKey, { pagePort: port });
  const url = new URL(present(login.pageUrl, "the address"));
  const code = home.server.authorize(home.account, url);
  const address = (given: string): string => `${redirectUriOf(port)}?code=${code}&state=${given}`;
  for (const wrong of ["", state]) {
    await expect(login.finish(address(wrong))).rejects.toThrow("The code was not accepted");
  }
  const mark = url.searchParams.get("state") ?? "";
  expect(await login.finish(` ${address(mark)}\n`)).toMatchObject({ id: home.account });
});

test("X14: a page and a pasted code wait beside each other", async () => {
  await using home = await DropboxHome.open();
  const port = await freePort();
  {
    await using login = await beginLogin(home.environment, appKey, { pagePort: port });
    const code = home.server.authorize(home.account, new URL(login.url));
    expect(await login.finish(code)).toMatchObject({ id: home.account });
  }
  await expect(ask(port, right)).rejects.toThrow("ECONNREFUSED");
});
