import { spawn } from "node:child_process";
import type { ChildProcess } from "node:child_process";
import { once } from "node:events";
import { createInterface } from "node:readline";
import { launcher } from "./snap-process.ts";

/** The `listening` line of `snap server --json`. */
export type Listening = {
  readonly url: string;
  readonly port: number;
  readonly pid: number;
  readonly ca?: string;
  readonly adminUrl?: string;
  readonly adminToken?: string;
  readonly account?: string;
  readonly accessToken?: string;
};

/** `snap server` in a process of its own, which ends with the test. */
export class SnapServer implements AsyncDisposable {
  readonly listening: Listening;
  readonly #child: ChildProcess;
  readonly #lines: readonly string[];

  private constructor(child: ChildProcess, listening: Listening, lines: readonly string[]) {
    this.#child = child;
    this.listening = listening;
    this.#lines = lines;
  }

  /** Start it with `--json`, and wait until it listens. */
  static async start(home: string, ...words: readonly string[]): Promise<SnapServer> {
    const child = spawn(process.execPath, [launcher, "server", "--json", ...words], {
      env: { ...process.env, NO_COLOR: "1", SNAP_HOME: home },
      stdio: ["ignore", "pipe", "pipe"],
    });
    let stderr = "";
    child.stderr.setEncoding("utf8").on("data", (text: string) => (stderr += text));
    const lines: string[] = [];
    const reader = createInterface({ input: child.stdout }).on("line", (line) => lines.push(line));
    const ended = once(child, "exit");
    await Promise.race([once(reader, "line"), ended]);
    const [first] = lines;
    if (first === undefined) throw new Error(`snap server ended: ${stderr}`);
    return new SnapServer(child, JSON.parse(first), lines);
  }

  /** Every event so far. */
  events(): readonly Readonly<Record<string, unknown>>[] {
    return this.#lines.map((line) => JSON.parse(line));
  }

  /** Call the API with the token of the account that was made. */
  async call(route: string, argument: unknown = null): Promise<Response> {
    return await fetch(`${this.listening.url}/2/${route}`, {
      method: "POST",
      headers: {
        authorization: `Bearer ${this.listening.accessToken}`,
        "content-type": "application/json",
      },
      body: JSON.stringify(argument),
    });
  }

  async upload(path: string, text: string, mode = "add"): Promise<Response> {
    return await fetch(`${this.listening.url}/2/files/upload`, {
      method: "POST",
      headers: {
        authorization: `Bearer ${this.listening.accessToken}`,
        "content-type": "application/octet-stream",
        "dropbox-api-arg": JSON.stringify({ path, mode }),
      },
      body: text,
    });
  }

  /** End it; resolves with the exit code, or undefined after a kill. */
  async stop(signal: NodeJS.Signals = "SIGTERM"): Promise<number | undefined> {
    if (this.#child.exitCode !== null) return this.#child.exitCode;
    if (this.#child.signalCode !== null) return undefined;
    // When its output is through as well.
    const ended = once(this.#child, "close");
    this.#child.kill(signal);
    const [code] = await ended;
    return typeof code === "number" ? code : undefined;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.stop("SIGKILL");
  }
}
