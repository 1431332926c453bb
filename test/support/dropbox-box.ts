import { spawn } from "node:child_process";
import { hash } from "node:crypto";
import { once } from "node:events";
import { readdirSync, readFileSync } from "node:fs";
import path from "node:path";
import { createInterface } from "node:readline";
import { connect } from "node:tls";
import { present } from "../../src/std/assert.ts";
import { Chromium } from "./chromium.ts";
import { ConsentVisit } from "./consent-visit.ts";
import { nodeFetch } from "./node-fetch.ts";
import { Box, launcher, runSnap, type Ended, type RunOptions } from "./snap-process.ts";
import { SnapServer } from "./snap-server.ts";

/** The key of the app that the person registered. */
export const appKey = "app-key";

/** What `snap login` shows to be opened: anywhere, and on this machine where a page waits. */
export type Addresses = { readonly url: string; readonly pageUrl: unknown };

/**
 * A machine, and Dropbox: the program in processes of its own, whose way to the names of Dropbox leads through a proxy to a
 * `snap server` beside it, over TLS with all checks.
 */
export class DropboxBox implements AsyncDisposable {
  readonly box: Box = new Box();
  readonly server: SnapServer;
  readonly #place: Box;

  private constructor(server: SnapServer, place: Box) {
    this.server = server;
    this.#place = place;
  }

  static async open(...words: readonly string[]): Promise<DropboxBox> {
    const place = new Box();
    const server = await SnapServer.start(place.home, "--port", "0", "--account", "Ada", ...words);
    return new DropboxBox(server, place);
  }

  /** How a process reaches this Dropbox instead of the real one. */
  get env(): Readonly<Record<string, string>> {
    const { url, ca } = this.server.listening;
    return {
      NODE_EXTRA_CA_CERTS: present(ca, "the CA"),
      NODE_USE_ENV_PROXY: "1",
      HTTPS_PROXY: url,
    };
  }

  /** `snap WORDS` on the machine. */
  snap(words: readonly string[], options: RunOptions = {}): Promise<Ended> {
    return this.box.snap(words, { ...options, env: { ...this.env, ...options.env } });
  }

  /** The same, where anything but the exit code is a failure of the test. */
  async expectExit(code: number, ...words: readonly string[]): Promise<Ended> {
    const ended = await this.snap(words);
    if (ended.code === code) return ended;
    throw new Error(
      `snap ${words.join(" ")} ended with ${ended.signal ?? ended.code}, not ${code}\n${ended.stdout}\n${ended.stderr}`,
    );
  }

  /** `snap server WORDS` where the server is. */
  ownServer(...words: readonly string[]): Promise<Ended> {
    const env = { SNAP_HOME: this.#place.home };
    return runSnap(["server", ...words, "--json"], { env });
  }

  /** What programs of this machine reach by the names of Dropbox. */
  get fetch(): typeof fetch {
    const { port, ca } = this.server.listening;
    return nodeFetch({ port, ca: readFileSync(present(ca, "the CA"), "utf8") });
  }

  /** A browser of this machine, which takes the server for Dropbox. */
  async browser(): Promise<Chromium> {
    const { url, port, ca } = this.server.listening;
    const trusted = readFileSync(present(ca, "the CA"), "utf8");
    const socket = connect({ host: "127.0.0.1", port, ca: trusted, servername: "localhost" });
    await once(socket, "secureConnect");
    const key = present(socket.getPeerX509Certificate(), "a certificate").publicKey;
    socket.destroy();
    const bytes = key.export({ type: "spki", format: "der" });
    return Chromium.open({ proxy: url, trustedKey: hash("sha256", bytes, "base64") });
  }

  /** Press Allow on the page of an address, for one of its accounts; the code that is shown. */
  async allow(url: string, account: string = this.account): Promise<string> {
    const page = await ConsentVisit.open(this.fetch, url);
    return present((await page.next("allow", { account })).code, "the code");
  }

  /**
   * `snap login` as a program sees it: `answer` gets the addresses, and gives the code to paste, or nothing where a browser
   * brings it.
   */
  async login(
    answer: (shown: Addresses) => Promise<string | undefined> = (shown) => this.allow(shown.url),
    {
      key = appKey,
      words = [],
    }: { readonly key?: string; readonly words?: readonly string[] } = {},
  ): Promise<Pick<Ended, "code" | "events">> {
    const given = ["login", "--app-key", key, "--json", ...words];
    const child = spawn(process.execPath, [launcher, ...given], {
      cwd: this.box.workspace,
      env: { ...process.env, NO_COLOR: "1", SNAP_HOME: this.box.home, ...this.env },
      stdio: ["pipe", "pipe", "inherit"],
    });
    const closed = once(child, "close");
    const events: Ended["events"][number][] = [];
    for await (const line of createInterface({ input: child.stdout })) {
      const event: Ended["events"][number] = JSON.parse(line);
      events.push(event);
      if (event["type"] !== "authorize") continue;
      const code = await answer({ url: String(event["url"]), pageUrl: event["pageUrl"] });
      if (code !== undefined) child.stdin.end(`${code}\n`);
    }
    const [code] = await closed;
    return { code: code ?? undefined, events };
  }

  /** The refresh tokens that this machine keeps. */
  secrets(): readonly string[] {
    const folder = path.join(this.box.home, "secrets");
    return readdirSync(folder)
      .filter((name) => !name.startsWith("access"))
      .map((name) => readFileSync(path.join(folder, name), "utf8").trim());
  }

  /** The id of the account that the server was started with. */
  get account(): string {
    return present(this.server.listening.account, "the account");
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.server[Symbol.asyncDispose]();
    this.box[Symbol.dispose]();
    this.#place[Symbol.dispose]();
  }
}
