import { SnapError } from "../../std/error.ts";
import type { Rng } from "../../std/random.ts";
import { pathKeyOf } from "../../core/path/path-key.ts";
import { accessTokenSeconds } from "../limits.ts";
import type { Database } from "../store/database.ts";
import type { Waiters } from "../tree/waiters.ts";
import { addAccount, joinTeam, leaveTeam, removeAccount } from "./account-rows.ts";
import type { NewAccount } from "./account-rows.ts";
import { accountById, accountCalled, listAccounts, passwordOf } from "./account.ts";
import type { Account, AccountInfo } from "./account.ts";
import { appOf, listApps, scopesOf } from "./apps.ts";
import type { App } from "./apps.ts";
import { checkedApp } from "./new-app.ts";
import type { NewApp } from "./new-app.ts";
import type { OAuth } from "./oauth.ts";
import type { Tokens } from "./tokens.ts";

/** What a client of the API is given to call with. */
export type IssuedToken = {
  readonly accessToken: string;
  readonly refreshToken: string;
  readonly expiresInSeconds: number;
};

/** For whom a token without a browser is. */
export type IssueOptions = {
  /** The key of an app, registered or not; the server's own where absent. */
  readonly clientId?: string | undefined;
  /** Absent for everything that the app may ask for. */
  readonly scopes?: readonly string[] | undefined;
};

/** An account with what its owner may want to know about it. */
export type AccountDetails = AccountInfo & {
  readonly namespaceId: string;
  /** Namespace of its team's root; undefined for an account without team. */
  readonly teamRootId: string | undefined;
  /** Bytes of its live files. */
  readonly usedBytes: number;
  readonly hasPassword: boolean;
  /** What apps may do for it, oldest first. */
  readonly authorisations: readonly AuthorisationInfo[];
};

/** What an app may do for an account. */
export type AuthorisationInfo = {
  readonly appKey: string;
  readonly appName: string;
  readonly scopes: readonly string[];
};

/** A registered app as its owner knows it. */
export type AppInfo = {
  readonly key: string;
  readonly name: string;
  readonly hasSecret: boolean;
  /** Name of its folder below `/Apps`; undefined for a full app. */
  readonly folder: string | undefined;
  readonly scopes: readonly string[];
  /** Where alone the browser may be sent back to; empty for anywhere on this machine. */
  readonly redirects: readonly string[];
};

/** What the owner of a server does with its accounts and apps, without a browser (V15). */
export interface AccountDesk {
  /**
   * Make an account with an empty Dropbox.
   *
   * @throws {SnapError} `usage` for a name, address or password that cannot be one, or an address that is taken.
   */
  addAccount(options: NewAccount): AccountInfo;
  accounts(): readonly AccountInfo[];
  /**
   * What is known of one account; `name` is its id or e-mail address.
   *
   * @throws {SnapError} `not-found` when there is no such account.
   */
  account(name: string): AccountDetails;
  /**
   * Remove an account with everything of it; its tokens end at once, and nothing brings it back.
   *
   * @throws {SnapError} `not-found` when there is no such account.
   */
  removeAccount(accountId: string): void;
  /**
   * Have an account that was made with `team` leave its team, or join another one: its paths begin elsewhere from now on.
   * Files and tokens stay.
   *
   * @throws {SnapError} `not-found` when there is no such account, `usage` for a personal one.
   */
  changeTeam(accountId: string, change: "join" | "leave"): void;
  /**
   * Tokens for an account without a browser. They need no secret to be refreshed, and count although only registered
   * apps are served: the owner made them.
   *
   * @throws {SnapError} `not-found` when there is no such account, `usage` for a scope that is none of the app's.
   */
  issueToken(accountId: string, options?: IssueOptions): IssuedToken;
  /**
   * What pressing "allow" on the consent page does: a code for the parameters of the authorise URL.
   *
   * @throws {SnapError} `not-found`, and `usage` when the URL lacks something.
   */
  authorize(accountId: string, url: URL): string;
  /**
   * Register an app; what was allowed to its key before is from then on bounded by what it may ask for.
   *
   * @throws {SnapError} `usage` when a part of it cannot be used, or the key or the folder is another app's.
   */
  addApp(app: NewApp): AppInfo;
  /** The registered apps, by key. */
  apps(): readonly AppInfo[];
  /**
   * Forget an app and end all its authorisations: its key would be one of a full app afterwards (V17).
   *
   * @throws {SnapError} `not-found` when the key is not registered.
   */
  removeApp(key: string): void;
}

/** What a registry works with. */
export type RegistryParts = {
  readonly database: Database;
  readonly rng: Rng;
  readonly tokens: Tokens;
  readonly oauth: OAuth;
  readonly waiters: Waiters;
};

/** The accounts and apps of a server. */
export class Registry implements AccountDesk {
  readonly #database: Database;
  readonly #rng: Rng;
  readonly #tokens: Tokens;
  readonly #oauth: OAuth;
  readonly #waiters: Waiters;

  constructor({ database, rng, tokens, oauth, waiters }: RegistryParts) {
    this.#database = database;
    this.#rng = rng;
    this.#tokens = tokens;
    this.#oauth = oauth;
    this.#waiters = waiters;
  }

  addAccount(options: NewAccount): AccountInfo {
    return addAccount(this.#database, this.#rng, options);
  }

  accounts(): readonly AccountInfo[] {
    return listAccounts(this.#database).map(infoOf);
  }

  account(name: string): AccountDetails {
    const account = accountCalled(this.#database, name);
    const authorisations = this.#tokens.ofAccount(account.account).map(({ grant }) => ({
      appKey: grant.client,
      appName: appOf(this.#database, grant.client).name,
      scopes: grant.scopes,
    }));
    return {
      ...infoOf(account),
      namespaceId: String(account.namespace),
      teamRootId: account.teamRoot === undefined ? undefined : String(account.teamRoot),
      usedBytes: account.used,
      hasPassword: passwordOf(this.#database, account) !== undefined,
      authorisations,
    };
  }

  removeAccount(accountId: string): void {
    const account = accountById(this.#database, accountId);
    this.#database.transaction(() => removeAccount(this.#database, account));
    this.#waiters.wake(account.account);
  }

  changeTeam(accountId: string, change: "join" | "leave"): void {
    const account = accountById(this.#database, accountId);
    this.#database.transaction(() => {
      if (change === "leave") leaveTeam(this.#database, account);
      else joinTeam(this.#database, this.#rng, account);
    });
  }

  issueToken(accountId: string, { clientId = "snap", scopes }: IssueOptions = {}): IssuedToken {
    const account = accountById(this.#database, accountId);
    const tokens = this.#oauth.issue(account, clientId, scopes);
    return { ...tokens, expiresInSeconds: accessTokenSeconds };
  }

  authorize(accountId: string, url: URL): string {
    return this.#oauth.authorize(accountById(this.#database, accountId), url);
  }

  addApp(wanted: NewApp): AppInfo {
    const app = checkedApp(wanted);
    this.#database.transaction(() => {
      checkFree(app, listApps(this.#database));
      this.#database.run(
        "INSERT INTO apps (key, name, secret, folder, scopes, redirects) VALUES (?, ?, ?, ?, ?, ?)",
        app.key,
        app.name,
        app.secretHash ?? null,
        app.folder ?? null,
        app.scopes?.join(" ") ?? null,
        JSON.stringify(app.redirects),
      );
    });
    return appInfo(app);
  }

  apps(): readonly AppInfo[] {
    return listApps(this.#database).map(appInfo);
  }

  removeApp(key: string): void {
    this.#database.transaction(() => {
      const removed = this.#database.run("DELETE FROM apps WHERE key = ?", key);
      if (removed.changes === 0) {
        throw new SnapError("not-found", `The server has no app "${key}"`, {
          hint: "List the apps of the server.",
        });
      }
      this.#database.run("DELETE FROM authorisations WHERE client = ?", key);
      this.#database.run("DELETE FROM codes WHERE client = ?", key);
      this.#database.run("DELETE FROM temporary_links WHERE app = ?", key);
    });
  }
}

function infoOf({ id, name, email }: Account): AccountInfo {
  return { id, name, email };
}

function appInfo(app: App): AppInfo {
  const { key, name, folder, redirects } = app;
  const hasSecret = app.secretHash !== undefined;
  return { key, name, hasSecret, folder, scopes: scopesOf(app), redirects };
}

/** Neither key nor folder may be another app's: each sees its own folder only (V16). */
function checkFree(app: App, known: readonly App[]): void {
  const { key, folder } = app;
  if (known.some((other) => other.key === key)) {
    throw new SnapError("usage", `The app "${key}" is registered already`, {
      hint: "Remove it first; that ends its authorisations.",
    });
  }
  if (folder === undefined) return;
  const taken = known.find((other) => isSameFolder(other.folder, folder));
  if (taken !== undefined) {
    throw new SnapError("usage", `The folder "${folder}" belongs to the app "${taken.key}"`);
  }
}

function isSameFolder(one: string | undefined, other: string): boolean {
  return one !== undefined && pathKeyOf(one) === pathKeyOf(other);
}
