import type { ReachedServer } from "../server/reach.ts";
import type { AccountFacts } from "../remote/account-facts.ts";
import type { KnownPlace } from "../remote/dropbox-side.ts";
import type { AccountRecord } from "../state/config.ts";
import type { KeptRemote, RemoteSide } from "../ports.ts";
import { SnapError } from "../std/error.ts";
import type { Work } from "../std/events.ts";
import type { Environment } from "./environment.ts";
import { keptToken } from "./kept-token.ts";
import { fetchAt } from "./own-server.ts";

export type { AccountFacts } from "../remote/account-facts.ts";
export type { KnownPlace } from "../remote/dropbox-side.ts";

/** An account that this installation is linked to. */
export type Account = AccountRecord;

/** The app key of the embedded account and of a `snap server`, which take any. */
export const embeddedAppKey = "embedded";

const loginHint = "Run `snap login` for Dropbox, or `snap login --local` for the embedded account.";

/** The account of an id, or the one that was logged in last. @throws {SnapError} `not-logged-in` */
export async function accountOf(environment: Environment, id?: string): Promise<Account> {
  const { accounts } = environment.settings.read();
  const account = id === undefined ? accounts[0] : accounts.find((other) => other.id === id);
  if (account !== undefined) return account;
  const whose = id === undefined ? "This computer is" : `The account of this workspace (${id}) is`;
  throw new SnapError("not-logged-in", `${whose} not linked to Dropbox`, { hint: loginHint });
}

/**
 * The account that somebody means by its e-mail address, name or id.
 *
 * @throws {SnapError} `not-logged-in` where this computer has no such login, `usage` where it has several
 */
export async function accountCalled(environment: Environment, called: string): Promise<Account> {
  const { accounts } = environment.settings.read();
  const wanted = called.toLowerCase();
  const found = accounts.filter(({ id, name, email }) =>
    [id, name, email].some((text) => text.toLowerCase() === wanted),
  );
  const [account, other] = found;
  if (account === undefined) {
    throw new SnapError("not-logged-in", `This computer is not linked to an account "${called}"`, {
      hint: "`snap account list` shows the accounts.",
    });
  }
  if (other === undefined) return account;
  throw new SnapError("usage", `Several accounts are called "${called}"`, {
    hint: "Name it by its e-mail address or id; `snap account list` shows them.",
  });
}

/** The account that is called so, or the one that is used where none is. @throws {SnapError} as `accountOf`, `accountCalled` */
export async function accountNamed(
  environment: Environment,
  called: string | undefined,
): Promise<Account> {
  return called === undefined ? accountOf(environment) : accountCalled(environment, called);
}

/** An open way to one account. */
export interface Connection extends AsyncDisposable {
  readonly account: Account;
  readonly fetch: typeof fetch;
  /** A folder of the account, "" or "/folder/sub", as a side to sync with; what is known of it holds (S35). */
  side(top: string, known?: KnownPlace): RemoteSide & KeptRemote;
  /** What the server says of the account. @throws {SnapError} as every call */
  facts(work?: Work): Promise<AccountFacts>;
}

/**
 * Connect to an account. The embedded one is opened in this process, and belongs to it until the connection is disposed
 * of; where `snap server` serves it, that one is asked.
 *
 * @param workspace whose limits hold for what travels; undefined: the user's
 * @throws {SnapError} `not-logged-in`, `busy` when another process has the embedded account open
 */
export async function connect(
  environment: Environment,
  id?: string,
  workspace?: string,
): Promise<Connection> {
  const account = await accountOf(environment, id);
  const refreshToken = await environment.secrets.read(account.id);
  if (refreshToken === undefined) {
    throw new SnapError("not-logged-in", `The token of ${account.name} is missing`, {
      hint: loginHint,
    });
  }
  // What speaks to Dropbox is slow to load, and most commands never do.
  const [{ openRemote }, { accountFacts }] = await Promise.all([
    import("../remote/dropbox-side.ts"),
    import("../remote/account-facts.ts"),
  ]);
  const server = account.kind === "local" ? await reachEmbedded(environment) : undefined;
  const reach = server?.fetch ?? fetchAt(account.server, environment.fetch);
  const { clock, rng, logger } = environment;
  const appKey = account.appKey ?? embeddedAppKey;
  const options = {
    account: account.id,
    // The embedded account gives out tokens in no time.
    auth: {
      appKey,
      refreshToken,
      ...(server === undefined && {
        kept: keptToken(environment, { id: account.id, refreshToken }),
      }),
    },
    appFolder: account.access === "app-folder" ? appKey : undefined,
    fetch: reach,
    limits: environment.traffic.limitsOf(workspace),
    clock,
    rng,
    logger,
  };
  return {
    account,
    fetch: reach,
    side: (top, known) => openRemote({ top, known, ...options }),
    facts: (work) => accountFacts(options, work),
    [Symbol.asyncDispose]: async () => server?.[Symbol.asyncDispose](),
  };
}

/** The embedded account, as this run serves it or another does; else it is opened here. */
export async function reachEmbedded(environment: Environment): Promise<ReachedServer> {
  if (environment.embedded !== undefined) return environment.embedded();
  const { locations, clock, rng } = environment;
  const { reachServer } = await import("../server/reach.ts");
  return reachServer({ data: locations.server, clock, rng });
}
