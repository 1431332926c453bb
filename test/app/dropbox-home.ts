import {
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  realpathSync,
  rmSync,
  writeFileSync,
} from "node:fs";
import os from "node:os";
import path from "node:path";
import type { Account } from "../../src/app/accounts.ts";
import { beginLogin } from "../../src/app/login.ts";
import { openEnvironment, type Environment } from "../../src/app/environment.ts";
import { makeLink, planLink } from "../../src/app/link.ts";
import { syncWorkspace } from "../../src/app/sync.ts";
import { openServer, type DropboxServer } from "../../src/server/serve.ts";
import { isSnapError, type SnapError } from "../../src/std/error.ts";
import { systemRng } from "../../src/std/random.ts";
import { TestClock } from "../support/test-clock.ts";

/** Who logs in: a person of their own, or the member of a team. */
export type Person = { readonly team?: boolean };

/** The app key of whoever logs in without naming another one. */
export const appKey = "app-key";

/** The whole program in this process, logged in to a Dropbox that is a server in memory. */
export class DropboxHome implements AsyncDisposable {
  readonly top: string = realpathSync(mkdtempSync(path.join(os.tmpdir(), "snap-dropbox-")));
  readonly place: string = path.join(this.top, "workspace");
  readonly server: DropboxServer;
  readonly account: string;
  /** This machine's clock; the server has its own. */
  readonly clock: TestClock;
  /** Every request: the route, and what its header says about where paths begin. */
  readonly requests: { readonly route: string; readonly pathRoot: string | null }[] = [];
  /** Stands before the server: the answer of another one, or undefined. */
  intercept: ((route: string) => Response | undefined) | undefined;
  #environment: Environment | undefined;

  private constructor(server: DropboxServer, account: string, clock: TestClock) {
    this.server = server;
    this.account = account;
    this.clock = clock;
  }

  static async open(person: Person = {}, clock: TestClock = new TestClock()): Promise<DropboxHome> {
    const server = await openServer({
      data: ":memory:",
      clock: new TestClock(),
      rng: systemRng,
      checkResponses: true,
    });
    const account = server.addAccount({ name: "Ada", email: "ada@example.com", ...person }).id;
    const home = new DropboxHome(server, account, clock);
    mkdirSync(home.place);
    await home.start("home");
    return home;
  }

  get environment(): Environment {
    if (this.#environment === undefined) throw new Error("the home is not open yet");
    return this.#environment;
  }

  /** The program as it starts with this folder as its home. */
  async start(name: string): Promise<void> {
    const variables = { SNAP_HOME: path.join(this.top, name) };
    const fetch: typeof globalThis.fetch = async (input, init) => {
      const route = new URL(input instanceof Request ? input.url : input).pathname;
      const headers = new Headers(init?.headers);
      this.requests.push({ route, pathRoot: headers.get("dropbox-api-path-root") });
      return this.intercept?.(route) ?? this.server.fetch(input, init);
    };
    this.#environment = await openEnvironment({
      variables,
      cwd: this.place,
      fetch,
      clock: this.clock,
    });
  }

  /** What a person does: open the page, allow, paste the code. */
  async login(key: string = appKey, account: string = this.account): Promise<Account> {
    const pending = await beginLogin(this.environment, key);
    return pending.finish(this.server.authorize(account, new URL(pending.url)));
  }

  async link(remote: string | undefined): Promise<void> {
    const plan = await planLink(this.environment, { folder: this.place, remote, repos: "refuse" });
    await makeLink(this.environment, plan);
  }

  async sync(): Promise<void> {
    await syncWorkspace(this.environment, this.place, {});
  }

  /** How a sync fails. */
  async syncError(): Promise<SnapError> {
    try {
      await this.sync();
    } catch (error) {
      if (isSnapError(error)) return error;
      throw error;
    }
    throw new Error("the sync came to its end");
  }

  write(file: string, text: string): void {
    mkdirSync(path.dirname(path.join(this.place, file)), { recursive: true });
    writeFileSync(path.join(this.place, file), text);
  }

  /** Every file of the workspace with its text, `.snap/` left out. */
  tree(): Readonly<Record<string, string>> {
    const files = readdirSync(this.place, { withFileTypes: true, recursive: true })
      .filter((entry) => entry.isFile())
      .map((entry) => path.relative(this.place, path.join(entry.parentPath, entry.name)))
      .filter((file) => !file.startsWith(".snap/"))
      .toSorted();
    return Object.fromEntries(
      files.map((file) => [file, readFileSync(path.join(this.place, file), "utf8")]),
    );
  }

  /** Paths of the account's files, as a client without any header sees them, or from a root. */
  async cloud(root?: string): Promise<readonly string[]> {
    const { accessToken } = this.server.issueToken(this.account);
    const pathRoot = JSON.stringify({ ".tag": "root", root });
    const answer = await this.server.fetch("https://api.dropboxapi.com/2/files/list_folder", {
      method: "POST",
      headers: {
        authorization: `Bearer ${accessToken}`,
        "content-type": "application/json",
        ...(root === undefined ? {} : { "dropbox-api-path-root": pathRoot }),
      },
      body: JSON.stringify({ path: "", recursive: true }),
    });
    const page = (await answer.json()) as {
      readonly entries: readonly { readonly ".tag": string; readonly path_display: string }[];
    };
    const files = page.entries.filter((entry) => entry[".tag"] === "file");
    return files
      .map((entry) => entry.path_display)
      .filter((shown) => !shown.includes("/.snap/"))
      .toSorted();
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.server.close();
    rmSync(this.top, { recursive: true });
  }
}
