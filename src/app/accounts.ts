import { openRemote } from "../remote/dropbox-side.ts";
import { finishLogin, revoke, startLogin } from "../remote/oauth.ts";
import { reachServer, type ReachedServer } from "../server/reach.ts";
import type { AccountRecord } from "../state/config.ts";
import type { RemoteSide } from "../ports.ts";
import { SnapError } from "../std/error.ts";
import type { Environment } from "./environment.ts";

/** An account that this installation is linked to. */
export type Account = AccountRecord;

/** The app key of the embedded account, which takes any. */
const embeddedAppKey = "embedded";

const loginHint = "Run `snap login` for Dropbox, or `snap login --local` for the embedded account.";

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

/** The account of an id, or the one that was logged in last. @throws {SnapError} `not-logged-in` */
export async function accountOf(environment: Environment, id?: string): Promise<Account> {
  const { accounts } = environment.settings.read();
  const account = id === undefined ? accounts[0] : accounts.find((other) => other.id === id);
  if (account !== undefined) return account;
  const whose = id === undefined ? "This computer is" : `The account of this workspace (${id}) is`;
  throw new SnapError("not-logged-in", `${whose} not linked to Dropbox`, { hint: loginHint });
}

/** An open way to one account. */
export interface Connection extends AsyncDisposable {
  readonly account: Account;
  readonly fetch: typeof fetch;
  /** A folder of the account, "" or "/folder/sub", as a side to sync with. */
  side(top: string): RemoteSide;
}

/**
 * Connect to an account. The embedded one is opened in this process, and belongs to it until the connection is disposed
 * of; where `snap server` serves it, that one is asked.
 *
 * @throws {SnapError} `not-logged-in`, `busy` when another process has the embedded account open
 */
export async function connect(environment: Environment, id?: string): Promise<Connection> {
  const account = await accountOf(environment, id);
  const refreshToken = await environment.secrets.read(account.id);
  if (refreshToken === undefined) {
    throw new SnapError("not-logged-in", `The token of ${account.name} is missing`, {
      hint: loginHint,
    });
  }
  const server = account.kind === "local" ? await reachEmbedded(environment) : undefined;
  const reach = server?.fetch ?? environment.fetch;
  const { clock, rng, logger } = environment;
  const auth = { appKey: account.appKey ?? embeddedAppKey, refreshToken };
  return {
    account,
    fetch: reach,
    side: (top) => openRemote({ top, account: account.id, auth, fetch: reach, clock, rng, logger }),
    [Symbol.asyncDispose]: async () => server?.[Symbol.asyncDispose](),
  };
}

function reachEmbedded(environment: Environment): Promise<ReachedServer> {
  if (environment.embedded !== undefined) return environment.embedded();
  const { locations, clock, rng } = environment;
  return reachServer({ data: locations.server, clock, rng });
}
