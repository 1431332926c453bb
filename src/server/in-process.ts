import { SnapError } from "../std/error.ts";
import type { Clock } from "../std/time.ts";
import type { Rng } from "../std/random.ts";
import type { AccountInfo } from "./accounts/account.ts";
import type { NewAccount } from "./accounts/account-rows.ts";
import type { NewApp } from "./accounts/new-app.ts";
import { Registry } from "./accounts/registry.ts";
import type {
  AccountDesk,
  AccountDetails,
  AppInfo,
  IssueOptions,
  IssuedToken,
} from "./accounts/registry.ts";
import { BlockStore } from "./store/blocks.ts";
import type { Services } from "./wire/call.ts";
import { openDataFolder } from "./store/data-folder.ts";
import type { DataFolder } from "./store/data-folder.ts";
import { rngOfOpening } from "./store/incarnations.ts";
import { loadDefinition } from "./wire/definition.ts";
import { defaultLimits } from "./limits.ts";
import type { Limits } from "./limits.ts";
import { OAuth } from "./accounts/oauth.ts";
import { Router } from "./wire/router.ts";
import { Sweeper } from "./store/sweeper.ts";
import { Waiters } from "./tree/waiters.ts";
import { cutBehind } from "./wire/connection-cut.ts";
import { openPassage } from "./wire/interposer.ts";
import type { Admin } from "./control/admin.ts";
import type { AnswerCheck } from "./control/answer-check.ts";
import type { openControl } from "./control/open-control.ts";
import { Tokens } from "./accounts/tokens.ts";

/** Where a server keeps its data, and where it has time and chance from (V73). */
export type ServerOptions = {
  /** A folder, made where it is missing; or ":memory:" for nothing on a disk (V14). */
  readonly data: string;
  readonly clock: Clock;
  readonly rng: Rng;
  /** Limits that differ from the real service's (V51). */
  readonly limits?: Partial<Limits>;
  /** Whether keys that nobody registered are refused (V17). */
  readonly registeredAppsOnly?: boolean;
  /** What the consent page asks for, so that nobody else on the network can authorise an app (V76). */
  readonly bindToken?: string;
  /** Whether the server has an admin interface (V70). Without it nothing stands between calls and their work. */
  readonly admin?: boolean;
  /** Calls that the admin interface remembers. */
  readonly recentCallsMax?: number;
  /** Whether members of arguments that the definition does not know are ignored (Choice 1). */
  readonly acceptUnknownMembers?: boolean;
  /** Whether answers are checked before they are sent (V4); one that does not fit becomes 500. */
  readonly checkResponses?: boolean;
};

/** A running server: the only one on its data folder. Calls may run side by side. */
export interface DropboxServer extends AccountDesk {
  /** Answer one request of the API, on any host name. */
  handle(request: Request): Promise<Response>;
  /** A `fetch` for the official SDK: no port, same bytes, same errors. The body may also be a Node stream. */
  readonly fetch: typeof fetch;
  /** Faults, simulation and counters (V70); only where the server was opened with `admin`. */
  readonly admin: Admin | undefined;
  /**
   * Wait for the calls under way and let the data folder go. May be called twice. A call whose body never ends holds
   * this up until the call is aborted. An answer is not waited for: what of its body was not read yet breaks off with an
   * error, where it is content.
   */
  close(): Promise<void>;
}

/**
 * Open the data folder and serve it.
 *
 * @throws {SnapError} `usage` for an empty bind token, `busy` when another process serves it (V7); `version-too-new`, `damaged`, `disk-full`, `disk-error`.
 */
export async function openServer(options: ServerOptions): Promise<DropboxServer> {
  if (options.bindToken?.trim() === "") {
    throw new SnapError("usage", "The token for the consent page is empty");
  }
  const tools = await toolsFor(options);
  return new InProcessServer(await openDataFolder(options.data, options.rng), options, tools);
}

const recentCallsMaxDefault = 10_000;

/** Code that few servers need; loaded for those alone, because a command waits for each file. */
type Tools = {
  readonly openControl: typeof openControl | undefined;
  readonly AnswerCheck: typeof AnswerCheck | undefined;
};

async function toolsFor({ admin, checkResponses }: ServerOptions): Promise<Tools> {
  const control = admin === true ? await import("./control/open-control.ts") : undefined;
  const check = checkResponses === true ? await import("./control/answer-check.ts") : undefined;
  return { openControl: control?.openControl, AnswerCheck: check?.AnswerCheck };
}

class InProcessServer implements DropboxServer {
  readonly fetch: typeof fetch;
  readonly admin: Admin | undefined;
  readonly #folder: DataFolder;
  readonly #services: Services;
  readonly #registry: Registry;
  readonly #router: Router;
  readonly #running = new Set<Promise<unknown>>();
  readonly #sweeper: Sweeper;
  #closing: Promise<void> | undefined;

  constructor(folder: DataFolder, options: ServerOptions, tools: Tools) {
    const { database, blocksFolder } = folder;
    const { clock, limits } = options;
    const rng = rngOfOpening(database, options.rng);
    this.#folder = folder;
    const definition = loadDefinition();
    const waiters = new Waiters();
    const { recentCallsMax = recentCallsMaxDefault, acceptUnknownMembers = false } = options;
    const watched = { database, clock, rng, waiters, definition, recentCallsMax };
    const opened = tools.openControl?.(watched);
    this.admin = opened?.admin;
    this.#services = {
      database,
      clock,
      rng,
      blocks: new BlockStore(database, blocksFolder, rng),
      tokens: new Tokens(database, rng, options),
      limits: { ...defaultLimits, ...limits },
      waiters,
      interposer: opened?.control ?? openPassage,
    };
    const oauth = new OAuth({ ...this.#services, bindToken: options.bindToken });
    this.#registry = new Registry({ ...this.#services, oauth });
    const answerCheck = tools.AnswerCheck && new tools.AnswerCheck(definition);
    this.#router = new Router({
      services: this.#services,
      oauth,
      definition,
      answerCheck,
      acceptUnknownMembers,
    });
    this.#sweeper = new Sweeper({
      database,
      blocksFolder,
      clock,
      guard: this.#services.blocks.guard,
      retentionSeconds: this.#services.limits.retentionSeconds,
      callsEnded: () => Promise.allSettled(this.#running),
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
      this.#sweeper.tick();
    }
  }

  addAccount(options: NewAccount): AccountInfo {
    return this.#registry.addAccount(options);
  }

  accounts(): readonly AccountInfo[] {
    return this.#registry.accounts();
  }

  account(name: string): AccountDetails {
    return this.#registry.account(name);
  }

  removeAccount(accountId: string): void {
    this.#registry.removeAccount(accountId);
  }

  changeTeam(accountId: string, change: "join" | "leave"): void {
    this.#registry.changeTeam(accountId, change);
  }

  issueToken(accountId: string, options?: IssueOptions): IssuedToken {
    return this.#registry.issueToken(accountId, options);
  }

  authorize(accountId: string, url: URL): string {
    return this.#registry.authorize(accountId, url);
  }

  addApp(app: NewApp): AppInfo {
    return this.#registry.addApp(app);
  }

  apps(): readonly AppInfo[] {
    return this.#registry.apps();
  }

  removeApp(key: string): void {
    this.#registry.removeApp(key);
  }

  close(): Promise<void> {
    this.#closing ??= this.#close();
    return this.#closing;
  }

  async #close(): Promise<void> {
    this.#services.waiters.close();
    await Promise.allSettled(this.#running);
    this.#services.blocks.guard.stopReadings(new TypeError("The server is closed"));
    try {
      await this.#sweepAndCloseDatabase();
    } finally {
      this.#folder.release();
    }
  }

  async #sweepAndCloseDatabase(): Promise<void> {
    try {
      await this.#sweeper.close();
    } finally {
      this.#folder.database.close();
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
    } catch (error) {
      // What a real `fetch` says when the connection ends.
      if (cutBehind(error) !== undefined) throw new TypeError("fetch failed", { cause: error });
      throw error;
    } finally {
      request.signal.removeEventListener("abort", stop);
    }
  }
}
