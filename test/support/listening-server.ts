import { spawn } from "node:child_process";
import { mkdtempSync, rmSync } from "node:fs";
import os from "node:os";
import path from "node:path";
import { present } from "../../src/std/assert.ts";
import { systemRng } from "../../src/std/random.ts";
import { systemClock } from "../../src/std/time.ts";
import type { Clock } from "../../src/std/time.ts";
import { runServer } from "../../src/server/run.ts";
import type { RunOptions, RunningServer } from "../../src/server/run.ts";
import type { IssuedToken } from "../../src/server/serve.ts";
import { Dropbox } from "dropbox";

/** The real time, and as far ahead as a test says: certificates have to be valid for programs that know no other. */
export class AheadClock implements Clock {
  aheadMs = 0;

  now(): number {
    return systemClock.now() + this.aheadMs;
  }

  sleep(delayMs: number, signal?: AbortSignal): Promise<void> {
    return systemClock.sleep(delayMs, signal);
  }
}

/** How another program ended. */
export type ProgramEnd = {
  readonly code: number | undefined;
  readonly stdout: string;
  readonly stderr: string;
};

/** What another program gets besides its arguments. */
export type ProgramOptions = {
  readonly env?: Readonly<Record<string, string | undefined>>;
  readonly cwd?: string;
  readonly input?: string;
};

/** A server that programs reach over TLS, with one account, and an empty folder beside; all of it goes at the end. */
export class ListeningServer implements AsyncDisposable {
  readonly running: RunningServer;
  readonly clock: AheadClock;
  readonly accountId: string;
  readonly issued: IssuedToken;
  /** The official SDK in this process: what the other program really left behind. */
  readonly sdk: Dropbox;
  readonly #top: string;
  readonly #programs: AbortController;

  private constructor(running: RunningServer, clock: AheadClock, top: string) {
    this.running = running;
    this.clock = clock;
    this.#top = top;
    this.#programs = new AbortController();
    const wanted = { name: "Anna Berg", email: "anna@example.com" };
    this.accountId = running.server.addAccount(wanted).id;
    this.issued = running.server.issueToken(this.accountId);
    const { accessToken } = this.issued;
    this.sdk = new Dropbox({ accessToken, fetch: running.server.fetch });
  }

  static async open(options: Partial<RunOptions> = {}): Promise<ListeningServer> {
    const top = mkdtempSync(path.join(os.tmpdir(), "snap-clients-"));
    const clock = new AheadClock();
    const running = await runServer({
      data: path.join(top, "data"),
      tls: "own",
      port: 0,
      clock,
      rng: systemRng,
      admin: true,
      adminPort: 0,
      checkResponses: true,
      ...options,
    });
    return new ListeningServer(running, clock, top);
  }

  /** `localhost:PORT`. */
  get host(): string {
    return new URL(this.running.url).host;
  }

  get caPath(): string {
    return present(this.running.caPath, "the certificate");
  }

  /** A path in a folder of the test's own. */
  local(...names: readonly string[]): string {
    return path.join(this.#top, ...names);
  }

  /** Run a program and wait for its end; it does not outlive the server. */
  run(
    program: string,
    words: readonly string[],
    options: ProgramOptions = {},
  ): Promise<ProgramEnd> {
    return new Promise((resolve, reject) => {
      const child = spawn(program, words, {
        cwd: options.cwd ?? this.#top,
        env: { ...withoutProxies(process.env), HOME: this.#top, ...options.env },
        stdio: ["pipe", "pipe", "pipe"],
        signal: this.#programs.signal,
      });
      const ended = { stdout: "", stderr: "" };
      child.stdout.setEncoding("utf8").on("data", (text: string) => (ended.stdout += text));
      child.stderr.setEncoding("utf8").on("data", (text: string) => (ended.stderr += text));
      child.stdin.on("error", () => {
        // The program may end before it has read its input.
      });
      child.stdin.end(options.input ?? "");
      child.on("error", reject);
      child.on("close", (code) => resolve({ code: code ?? undefined, ...ended }));
    });
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#programs.abort();
    await this.running.close({ graceMs: 0 });
    rmSync(this.#top, { recursive: true, force: true });
  }
}

/** What is set on the machine that runs the tests must not come between. */
function withoutProxies(env: NodeJS.ProcessEnv): NodeJS.ProcessEnv {
  const names = /^(?:(?:https?|no|all)_proxy|ssl_cert_.*|requests_ca_bundle|node_extra_ca_certs)$/i;
  return Object.fromEntries(Object.entries(env).filter(([name]) => !names.test(name)));
}
