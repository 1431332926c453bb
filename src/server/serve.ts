/**
 * @module server — a Dropbox in a box: the HTTP API v2 on a local disk.
 *
 * A request comes in as a `Request` and goes out as a `Response`; no socket is known here (V6). The router finds the
 * route, checks token and argument against the official definition, and runs it on the account's tree in one SQLite
 * transaction; content lies beside in blocks named by their hash (V11, V12). What is answered is durable (V13).
 * A point that Dropbox's documents leave open is decided in `docs/server.md`, under "Choices"; a route that is not served
 * says so, and nothing is guessed.
 */
import type { Clock } from "../std/time.ts";
import type { Rng } from "../std/random.ts";
import { accountById, addAccount, listAccounts } from "./accounts/account.ts";
import type { AccountInfo } from "./accounts/account.ts";
import { BlockStore } from "./store/blocks.ts";
import { nowOf } from "./wire/call.ts";
import type { Services } from "./wire/call.ts";
import { openDataFolder } from "./store/data-folder.ts";
import type { DataFolder } from "./store/data-folder.ts";
import { loadDefinition } from "./wire/definition.ts";
import { accessTokenSeconds, defaultLimits } from "./limits.ts";
import type { Limits } from "./limits.ts";
import { OAuth } from "./accounts/oauth.ts";
import { Router } from "./wire/router.ts";
import { sweepIfDue } from "./store/sweep.ts";
import { Waiters } from "./tree/waiters.ts";
import { openPassage } from "./wire/interposer.ts";
import { Tokens } from "./accounts/tokens.ts";

/** What `ServerOptions` and `DropboxServer` speak of. */
export type { AccountInfo, Limits };

/** Where a server keeps its data, and where it has time and chance from (V73). */
export type ServerOptions = {
  /** A folder, made where it is missing; or ":memory:" for nothing on a disk (V14). */
  readonly data: string;
  readonly clock: Clock;
  readonly rng: Rng;
  /** Limits that differ from the real service's (V51). */
  readonly limits?: Partial<Limits>;
};

/** What a client of the API is given to call with. */
export type IssuedToken = {
  readonly accessToken: string;
  readonly refreshToken: string;
  readonly expiresInSeconds: number;
};

/** A running server: the only one on its data folder. Calls may run side by side. */
export interface DropboxServer {
  /** Answer one request of the API, on any host name. */
  handle(request: Request): Promise<Response>;
  /** A `fetch` for the official SDK: no port, same bytes, same errors. The body may also be a Node stream. */
  readonly fetch: typeof fetch;
  /** Make an account with an empty Dropbox. */
  addAccount(options: { readonly name: string; readonly email?: string }): AccountInfo;
  accounts(): readonly AccountInfo[];
  /**
   * Tokens for an account without a browser (V15), for a full app with every scope.
   *
   * @throws {SnapError} `not-found` when there is no such account.
   */
  issueToken(accountId: string, options?: { readonly clientId?: string }): IssuedToken;
  /**
   * What pressing "allow" on the consent page does: a code for the parameters of the authorise URL.
   *
   * @throws {SnapError} `not-found`, and `usage` when the URL lacks something.
   */
  authorize(accountId: string, url: URL): string;
  /**
   * Wait for the calls under way and let the data folder go. May be called twice. A call whose body never ends holds
   * this up until the call is aborted.
   */
  close(): Promise<void>;
}

/**
 * Open the data folder and serve it.
 *
 * @throws {SnapError} `busy` when another process serves it (V7); `version-too-new`, `damaged`, `disk-full`, `disk-error`.
 */
export async function openServer(options: ServerOptions): Promise<DropboxServer> {
  return new InProcessServer(await openDataFolder(options.data, options.rng), options);
}

class InProcessServer implements DropboxServer {
  readonly fetch: typeof fetch;
  readonly #folder: DataFolder;
  readonly #services: Services;
  readonly #oauth: OAuth;
  readonly #router: Router;
  readonly #running = new Set<Promise<unknown>>();
  #closing: Promise<void> | undefined;

  constructor(folder: DataFolder, { clock, rng, limits }: ServerOptions) {
    const { database, blocksFolder } = folder;
    this.#folder = folder;
    this.#services = {
      database,
      clock,
      rng,
      blocks: new BlockStore(database, blocksFolder, rng),
      tokens: new Tokens(database, rng),
      limits: { ...defaultLimits, ...limits },
      waiters: new Waiters(),
      interposer: openPassage,
    };
    this.#oauth = new OAuth(this.#services);
    this.#router = new Router({
      services: this.#services,
      oauth: this.#oauth,
      definition: loadDefinition(),
    });
    this.fetch = (input, init) => this.#fetch(input, init);
  }

  async handle(request: Request): Promise<Response> {
    if (this.#closing !== undefined) throw new TypeError("The server is closed");
    const answer = this.#router.handle(request);
    this.#running.add(answer);
    try {
      return await answer;
    } finally {
      this.#running.delete(answer);
    }
  }

  addAccount(options: { readonly name: string; readonly email?: string }): AccountInfo {
    return addAccount(this.#services.database, this.#services.rng, options);
  }

  accounts(): readonly AccountInfo[] {
    return listAccounts(this.#services.database).map(({ id, name, email }) => ({
      id,
      name,
      email,
    }));
  }

  issueToken(accountId: string, options: { readonly clientId?: string } = {}): IssuedToken {
    const account = accountById(this.#services.database, accountId);
    const tokens = this.#oauth.issue(account, options.clientId ?? "snap");
    return { ...tokens, expiresInSeconds: accessTokenSeconds };
  }

  authorize(accountId: string, url: URL): string {
    return this.#oauth.authorize(accountById(this.#services.database, accountId), url);
  }

  close(): Promise<void> {
    this.#closing ??= this.#close();
    return this.#closing;
  }

  async #close(): Promise<void> {
    await Promise.allSettled(this.#running);
    try {
      await this.#sweepAndCloseDatabase();
    } finally {
      this.#folder.release();
    }
  }

  async #sweepAndCloseDatabase(): Promise<void> {
    const { database, blocksFolder } = this.#folder;
    try {
      await sweepIfDue({
        database,
        blocksFolder,
        nowSeconds: nowOf(this.#services),
        retentionSeconds: this.#services.limits.retentionSeconds,
      });
    } finally {
      database.close();
    }
  }

  async #fetch(input: Request | URL | string, init?: RequestInit): Promise<Response> {
    // A stream as body needs `duplex`, which callers that know only buffers leave out.
    const request = new Request(input, { ...init, duplex: "half" });
    request.signal.throwIfAborted();
    const aborted = Promise.withResolvers<never>();
    const stop = (): void => aborted.reject(request.signal.reason);
    request.signal.addEventListener("abort", stop, { once: true });
    try {
      return await Promise.race([this.handle(request), aborted.promise]);
    } finally {
      request.signal.removeEventListener("abort", stop);
    }
  }
}
