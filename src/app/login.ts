import { openRemote } from "../remote/dropbox-side.ts";
import { finishLogin, revoke, startLogin } from "../remote/oauth.ts";
import { SnapError } from "../std/error.ts";
import { accountOf, connect, embeddedAppKey, reachEmbedded, type Account } from "./accounts.ts";
import type { Environment } from "./environment.ts";

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

/** A login under way: the person opens `url`, and gives the code that Dropbox shows. */
export type PendingLogin = {
  readonly url: string;
  /** @throws {SnapError} when Dropbox refuses the code; nothing is remembered then. */
  finish(code: string): Promise<Account>;
};

/** Begin the OAuth 2 login with PKCE: printed address, pasted code. May be dropped at any moment. */
export function beginLogin(environment: Environment, appKey: string): PendingLogin {
  const { fetch, clock, rng } = environment;
  const { url, verifier } = startLogin({ appKey, rng });
  return {
    url,
    async finish(code) {
      const tokens = await finishLogin({ appKey, code, verifier, fetch, clock });
      const remote = openRemote({
        top: "",
        account: tokens.accountId,
        auth: { appKey, refreshToken: tokens.refreshToken },
        fetch,
        clock,
        rng,
        logger: environment.logger,
      });
      const { id, name, email } = await remote.account();
      await environment.secrets.write(id, tokens.refreshToken);
      return remember(environment, { id, kind: "dropbox", name, email, appKey });
    },
  };
}

/** The newest login comes first: it is the one that is used where none is named. */
function remember(environment: Environment, account: Account): Account {
  environment.settings.update((config) => ({
    ...config,
    accounts: [account, ...config.accounts.filter((other) => other.id !== account.id)],
  }));
  return account;
}

/** Forget the account that was logged in last; its token is revoked where the server can be reached. */
export async function logout(
  environment: Environment,
): Promise<{ readonly account: Account; readonly isRevoked: boolean }> {
  const account = await accountOf(environment);
  const isRevoked = await revokeToken(environment, account);
  await environment.secrets.remove(account.id);
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
