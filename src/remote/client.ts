import { Dropbox, DropboxAuth, type DropboxResponse } from "dropbox";
import { throwIfAborted, SnapError } from "../std/error.ts";
import type { Work } from "../std/events.ts";
import { silentLogger, type Logger } from "../std/log.ts";
import type { Rng } from "../std/random.ts";
import type { Clock } from "../std/time.ts";
import type { RemoteAccount } from "../ports.ts";
import { AccessTokens } from "./access-tokens.ts";
import { Breakers, type Endpoint } from "./breaker.ts";
import { fromRemote, hasTag, statusOf, type CallFacts } from "./errors.ts";
import { laneBytesMax, Lanes } from "./lanes.ts";
import type { RemoteAuth } from "./oauth.ts";
import { rootedFetch, Roots, toldOf, type PathRoot, type Told } from "./path-root.ts";
import { waitAfter, withRetries } from "./retry.ts";
import type { LimitsNow } from "./throttle.ts";
import { guardedFetch, type Fetch } from "./transport.ts";

/** What a client is made of. */
export type ClientOptions = {
  readonly auth: RemoteAuth;
  /** The id of the account that the login must be of; any account where it is undefined (S35). */
  readonly account: string | undefined;
  /** The key of an app that has a folder of its own; absent for one that sees everything. */
  readonly appFolder?: string | undefined;
  /** Where the account's paths began when its linked folder was found; absent where that is not known. */
  readonly root?: string | undefined;
  /** What calls said of it. */
  readonly pathRoot?: PathRoot;
  readonly fetch?: Fetch | undefined;
  /** What content may travel at; absent where it has no limits. */
  readonly limits?: LimitsNow | undefined;
  readonly clock: Clock;
  readonly rng: Rng;
  readonly logger?: Logger | undefined;
};

/** What may stand in the way of calls that begin at another root than before; it looks with calls that begin there. */
export type ConfirmRoot = (there: Pick<Client, "call">, account: RemoteAccount) => Promise<void>;

/** One route of the SDK, with the options of its call. */
export type Route = (
  sdk: Dropbox,
  options: { readonly signal?: AbortSignal },
) => Promise<DropboxResponse<unknown>>;

/** What a call is about, what fails together with it, and how it is stopped and watched. */
export type Call = CallFacts & { readonly endpoint: Endpoint; readonly work?: Work | undefined };

/**
 * The SDK with what it lacks: retries, a token that is renewed once for all calls, errors that are ours, answers as
 * unchecked data, downloads as streams. Calls may run side by side; those that commit go through `commit`.
 */
export class Client {
  readonly #options: ClientOptions;
  readonly #logger: Logger;
  readonly #tokens: AccessTokens;
  readonly #roots: Roots;
  /** Its calls begin where the account itself does. */
  readonly #plainSdk: Dropbox;
  /** Never has a token: routes without a login refuse one. */
  readonly #openSdk: Dropbox;
  readonly #breakers: Breakers;
  /** What carries the bytes of files up, and down (S59): for all files together. */
  readonly lanes: { readonly upload: Lanes; readonly download: Lanes };
  readonly #sdkAuth = new DropboxAuth({});
  /** The last writer in the queue (S59). */
  #writer: Promise<unknown> = Promise.resolve();
  #pinning: Promise<unknown> | undefined;

  /** @param confirmRoot asked before calls begin at another root than before; a client that has no place to lose needs none. */
  constructor(options: ClientOptions, confirmRoot: ConfirmRoot = () => Promise.resolve()) {
    this.#options = options;
    this.#roots = new Roots({
      known: options.root,
      knownPathRoot: options.pathRoot,
      ask: (work) => this.#askAccount(work),
      confirm: (told) => confirmRoot(this.from(told.pathRoot), told.account),
    });
    this.#logger = options.logger ?? silentLogger;
    this.#tokens = new AccessTokens(options.auth, { fetch: options.fetch, clock: options.clock });
    this.#breakers = new Breakers(options.clock);
    this.lanes = {
      upload: new Lanes(options.clock, laneBytesMax.upload),
      download: new Lanes(options.clock, laneBytesMax.download),
    };
    this.#plainSdk = this.#makeSdk(this.#sdkAuth);
    this.#openSdk = this.#makeSdk(new DropboxAuth({}));
  }

  /** The result of a call, repeated while that can help. @throws {SnapError} as `fromRemote` */
  async call(route: Route, call: Call): Promise<unknown> {
    await this.pin(call.work);
    return this.repeat(call, () =>
      this.#rooted(call, (pathRoot) => this.from(pathRoot).call(route, call)),
    );
  }

  /**
   * As `call`, for what looks at something by a name that belongs to one account and one root, as a cursor does, or for an answer that is of no use
   * until both are known: whose the login is needs not be known before. @throws {SnapError} as `fromRemote`
   */
  async ask(route: Route, call: Call): Promise<unknown> {
    return this.repeat(call, () => this.from(this.#roots.pathRoot).call(route, call));
  }

  /** The result of a call that takes no login; asked once, the caller repeats. @throws {SnapError} as `fromRemote` */
  async askOpenly(route: Route, call: Call): Promise<unknown> {
    const response = await this.#watched(call, () => ask(this.#openSdk, route, call));
    return response.result;
  }

  /** One attempt of a download; its body is not read yet. The caller repeats. */
  async open(
    route: Route,
    call: Call,
  ): Promise<{ readonly response: Response; readonly result: unknown }> {
    await this.pin(call.work);
    const taken: Response[] = [];
    const takeBody = (response: Response): void => void taken.push(response);
    const { result } = await this.#rooted(call, (pathRoot) =>
      this.#once(this.#makeSdk(this.#sdkAuth, { pathRoot, takeBody }), route, call),
    );
    const response = taken.at(-1);
    if (response === undefined)
      throw new SnapError("server-error", `${call.what} failed: no answer`);
    return { response, result };
  }

  /** Single attempts of calls that begin somewhere; the caller repeats. */
  from(pathRoot: PathRoot): Pick<Client, "call"> {
    const sdk =
      pathRoot === undefined ? this.#plainSdk : this.#makeSdk(this.#sdkAuth, { pathRoot });
    return { call: async (route, call) => (await this.#once(sdk, route, call)).result };
  }

  /** Repeat as every call is repeated: for work of several steps. @throws {SnapError} as `fromRemote` */
  async repeat<T>(call: Pick<Call, "work">, work: () => Promise<T>): Promise<T> {
    return withRetries(work, this.#options, call.work?.signal);
  }

  /** Wait until another attempt makes sense. @throws the error where none does */
  async recover(error: unknown, attempt: number, work: Work | undefined): Promise<void> {
    await waitAfter({ error, attempt, signal: work?.signal }, this.#options);
  }

  /** Wait before a job is asked for again. @throws {SnapError} `interrupted` */
  async pause(delayMs: number, work: Work | undefined): Promise<void> {
    try {
      await this.#options.clock.sleep(delayMs, work?.signal);
    } catch (reason) {
      throwIfAborted(work?.signal);
      throw reason;
    }
  }

  /** Run a writing call when all earlier ones have ended: commits that meet on the server's lock only slow each other down (S59). */
  async commit<T>(write: () => Promise<T>, work: Work = {}): Promise<T> {
    const turn = this.#writer.then(() => {
      throwIfAborted(work.signal);
      return write();
    });
    // The next writer waits for this one, however it ends.
    this.#writer = turn.catch(() => undefined);
    return turn;
  }

  /**
   * Who is logged in, asked now.
   *
   * @throws {SnapError} `account-changed` when it is not who it must be, or the linked folder is not found from its root
   */
  async account(work?: Work): Promise<RemoteAccount> {
    const asking = this.#followAccount(work);
    this.#pinning = asking;
    try {
      return await asking;
    } finally {
      if (this.#pinning === asking) this.#pinning = undefined;
    }
  }

  async #followAccount(work: Work | undefined): Promise<RemoteAccount> {
    const told = await this.repeat({ work }, () => this.#askAccount(work));
    return (await this.#roots.follow(told)).account;
  }

  /** Where calls begin, by what is known now. */
  get pathRoot(): PathRoot {
    return this.#roots.pathRoot;
  }

  /** Whether it is known whose the login is. */
  get isPinned(): boolean {
    return this.#roots.isKnown;
  }

  /**
   * Before anything else is done with a login, it is known whose it is (X18), and where its paths begin.
   *
   * @throws {SnapError} as `account`
   */
  async pin(work?: Work): Promise<void> {
    if (this.#options.account === undefined || this.isPinned) return;
    await (this.#pinning ?? this.account(work));
  }

  async #askAccount(work: Work | undefined): Promise<Told> {
    const call = { what: "Asking for the account", endpoint: "other", work } as const;
    const route: Route = (sdk, options) => sdk.usersGetCurrentAccount(options);
    const { result } = await this.#once(this.#plainSdk, route, call);
    const told = toldOf(result, this.#options.appFolder);
    const expected = this.#options.account;
    if (expected === undefined || told.account.id === expected) return told;
    const { email } = told.account;
    throw new SnapError("account-changed", `The login is of another account: "${email}"`, {
      hint: "Log in to the account that the workspace is linked to.",
    });
  }

  /** An attempt where calls begin now, and once more where the server says that they begin elsewhere. */
  async #rooted<T>(call: Call, attempt: (pathRoot: PathRoot) => Promise<T>): Promise<T> {
    const { pathRoot } = this.#roots;
    try {
      return await attempt(pathRoot);
    } catch (error) {
      if (!hasTag(error, "invalid_root")) throw error;
      return await attempt(await this.#roots.after(pathRoot, call.work));
    }
  }

  async #once(sdk: Dropbox, route: Route, call: Call): Promise<DropboxResponse<unknown>> {
    return await this.#watched(call, () => this.#withToken(sdk, route, call));
  }

  async #watched<T>(call: Call, attempt: () => Promise<T>): Promise<T> {
    await this.#breakers.pass(call.endpoint, call.work?.signal);
    const begunAt = this.#options.clock.now();
    try {
      const response = await attempt();
      this.#breakers.succeeded(call.endpoint);
      return response;
    } catch (error) {
      this.#breakers.failed(call.endpoint, error);
      if (statusOf(error) === 429) this.#throttled(call.endpoint, begunAt);
      throw error;
    }
  }

  #throttled(endpoint: Endpoint, begunAt: number): void {
    if (endpoint === "upload" || endpoint === "download") this.lanes[endpoint].throttled(begunAt);
  }

  async #withToken(sdk: Dropbox, route: Route, call: Call): Promise<DropboxResponse<unknown>> {
    const token = await this.#tokens.current();
    try {
      return await this.#send({ sdk, route, call, token });
    } catch (error) {
      const refused = fromRemote(error, call);
      // A token may end before its time. A permission that is missing is missing in the next token too.
      if (statusOf(refused) !== 401 || hasTag(refused, "missing_scope")) throw refused;
      const renewed = await this.#tokens.replace(token);
      return await this.#send({ sdk, route, call, token: renewed });
    }
  }

  async #send(request: {
    readonly sdk: Dropbox;
    readonly route: Route;
    readonly call: Call;
    readonly token: string;
  }): Promise<DropboxResponse<unknown>> {
    this.#sdkAuth.setAccessToken(request.token);
    return await ask(request.sdk, request.route, request.call);
  }

  #makeSdk(auth: DropboxAuth, { pathRoot, takeBody }: SdkOptions = {}): Dropbox {
    const inner = rootedFetch(this.#options.fetch ?? globalThis.fetch, pathRoot);
    const fetch = guardedFetch(inner, {
      logger: this.#logger,
      limits: this.#options.limits,
      ...(takeBody !== undefined && { takeBody }),
    });
    return new Dropbox({ auth, fetch });
  }
}

type SdkOptions = {
  readonly pathRoot?: PathRoot;
  readonly takeBody?: (response: Response) => void;
};

async function ask(sdk: Dropbox, route: Route, call: Call): Promise<DropboxResponse<unknown>> {
  const signal = call.work?.signal;
  try {
    return await route(sdk, signal === undefined ? {} : { signal });
  } catch (error) {
    throw fromRemote(error, call);
  }
}
