import { hasAppFolder } from "../remote/account-facts.ts";
import { openRemote } from "../remote/dropbox-side.ts";
import { finishLogin, revoke, startLogin, type Login } from "../remote/oauth.ts";
import { SnapError } from "../std/error.ts";
import {
  accountCalled,
  accountNamed,
  connect,
  embeddedAppKey,
  reachEmbedded,
  type Account,
} from "./accounts.ts";
import type { Environment } from "./environment.ts";
import { forgetTokens } from "./kept-token.ts";
import { addressAt, fetchAt } from "./own-server.ts";
import { codeInAddress, openLoginPage, type LoginPage } from "./login-page.ts";

/**
 * Log in to the embedded account, making it where it is missing. `name` picks one of several; without it the first one is
 * taken, or one is made for the user of this machine.
 */
export async function loginLocal(
  environment: Environment,
  name: string | undefined,
): Promise<Account> {
  await using server = await reachEmbedded(environment);
  const { desk } = server;
  const known = await desk.accounts();
  const wanted = name ?? userName(environment);
  const found = name === undefined ? known[0] : known.find((account) => account.name === name);
  const info = found ?? (await desk.addAccount({ name: wanted }));
  const { refreshToken } = await desk.issueToken(info.id, { clientId: embeddedAppKey });
  await environment.secrets.write(info.id, refreshToken);
  return remember(environment, {
    id: info.id,
    kind: "local",
    name: info.name,
    email: info.email,
  });
}

/** Cron and containers may have no user name, and some have one that is no plain name. */
function userName({ variables }: Environment): string {
  const user = variables["USER"] ?? "";
  return /^[\w.@ -]{1,64}$/.test(user) ? user : "snap";
}

/** A login under way: the person opens an address, and Dropbox gives a code, to them or to the page of this computer. */
export interface PendingLogin extends AsyncDisposable {
  /** For a browser anywhere: Dropbox shows the code. */
  readonly url: string;
  /** For a browser of this computer: nothing has to be pasted. Undefined where no page waits. */
  readonly pageUrl: string | undefined;
  /** Where Dropbox sends that browser: the app must have it among its redirect URIs. */
  readonly redirectUri: string | undefined;
  /** The code that came to the page; pending for ever where none waits. */
  readonly brought: Promise<BroughtCode>;
  /**
   * With a code, or the whole address that a browser of another device was sent to.
   *
   * @throws {SnapError} when Dropbox refuses the code; nothing is remembered then.
   */
  finish(code: string | BroughtCode): Promise<Account>;
}

/** A code that a browser brought, not a person. */
export type BroughtCode = { readonly code: string; readonly redirectUri: string };

/** How a login goes on, and where: at Dropbox unless a `server` stands for it. */
export type LoginOptions = {
  readonly pagePort?: number | undefined;
  readonly server?: string | undefined;
};

/**
 * Begin the OAuth 2 login with PKCE; with a `pagePort` a page of this computer waits for the browser, where the port is
 * free. May be dropped at any moment: it is forgotten, and its page closed.
 */
export async function beginLogin(
  environment: Environment,
  appKey: string,
  { pagePort, server }: LoginOptions = {},
): Promise<PendingLogin> {
  const { clock, rng } = environment;
  const fetch = fetchAt(server, environment.fetch);
  const shown = (address: string): string =>
    server === undefined ? address : addressAt(server, address);
  const { url, returning, state, verifier } = startLogin({ appKey, rng });
  const page = pagePort === undefined ? undefined : await openLoginPage(state, pagePort);
  return {
    url: shown(url),
    pageUrl: page === undefined ? undefined : shown(returning(page.redirectUri)),
    redirectUri: page?.redirectUri,
    brought: broughtBy(page),
    finish: async (given) => {
      const code = typeof given === "string" ? pasted(given, { page, state }) : given;
      const tokens = await finishLogin({ appKey, ...code, verifier, fetch, clock });
      return keepLogin(environment, { appKey, server }, tokens);
    },
    [Symbol.asyncDispose]: async () => page?.[Symbol.asyncDispose](),
  };
}

function pasted(
  text: string,
  { page, state }: { readonly page: LoginPage | undefined; readonly state: string },
): Pick<BroughtCode, "code"> & Partial<BroughtCode> {
  if (page === undefined) return { code: text };
  const { redirectUri } = page;
  const code = codeInAddress(text.trim(), { state, redirectUri });
  return code === undefined ? { code: text } : { code, redirectUri };
}

function broughtBy(page: LoginPage | undefined): Promise<BroughtCode> {
  if (page === undefined) return new Promise(() => undefined);
  const { redirectUri } = page;
  const brought = page.code.then((code) => ({ code, redirectUri }));
  // Nobody may wait for it: a pasted code ends the login as well.
  brought.catch(() => undefined);
  return brought;
}

/** Whose login it is, and what it may see, is asked before anything is remembered. */
async function keepLogin(
  environment: Environment,
  { appKey, server }: { readonly appKey: string; readonly server: string | undefined },
  tokens: Login,
): Promise<Account> {
  const { clock, rng, logger } = environment;
  const fetch = fetchAt(server, environment.fetch);
  const { accountId, refreshToken } = tokens;
  const login = { account: accountId, auth: { appKey, refreshToken }, fetch, clock, rng, logger };
  const isFolderOnly = await hasAppFolder(login);
  const { id, name, email } = await openRemote({ top: "", ...login }).account();
  await environment.secrets.write(id, refreshToken);
  const access = isFolderOnly ? ({ access: "app-folder" } as const) : {};
  const where = server === undefined ? {} : { server };
  return remember(environment, { id, kind: "dropbox", name, email, appKey, ...access, ...where });
}

/** The newest login comes first: it is the one that is used where none is named. */
function remember(environment: Environment, account: Account): Account {
  environment.settings.update((config) => ({
    ...config,
    accounts: [account, ...config.accounts.filter((other) => other.id !== account.id)],
  }));
  return account;
}

/** Take another account for whatever names none: what is linked already stays with its own. */
export async function useAccount(environment: Environment, called: string): Promise<Account> {
  return remember(environment, await accountCalled(environment, called));
}

/**
 * Forget an account, the one that is used where none is named unless it is called; its token is revoked where the server
 * can be reached. Links and files stay.
 */
export async function logout(
  environment: Environment,
  called?: string,
): Promise<{ readonly account: Account; readonly isRevoked: boolean }> {
  const account = await accountNamed(environment, called);
  const isRevoked = await revokeToken(environment, account);
  await forgetTokens(environment, account.id);
  environment.settings.update((config) => ({
    ...config,
    accounts: config.accounts.filter((other) => other.id !== account.id),
  }));
  return { account, isRevoked };
}

/** Being offline is no reason to keep a token: it is forgotten here all the same, and the caller says so. */
async function revokeToken(environment: Environment, account: Account): Promise<boolean> {
  const refreshToken = await environment.secrets.read(account.id);
  if (refreshToken === undefined) return true;
  try {
    await using connection = await connect(environment, account.id);
    await revoke({
      appKey: account.appKey ?? embeddedAppKey,
      refreshToken,
      fetch: connection.fetch,
      clock: environment.clock,
    });
    return true;
  } catch (error) {
    if (error instanceof SnapError) return false;
    throw error;
  }
}
