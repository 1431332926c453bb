import { spawn } from "node:child_process";
import type { ChildProcess } from "node:child_process";
import { once } from "node:events";
import path from "node:path";
import { createInterface } from "node:readline";
import { memoryOf, type ProcessMemory } from "./process-memory.ts";

const launcher = path.join(import.meta.dirname, "../../dist/cli/launch.cjs");

/** `snap server` in a process of its own. */
export class Served implements AsyncDisposable {
  readonly url: string;
  readonly token: string;
  /** Where its counters are; "" unless it was started with `--admin`. */
  readonly adminUrl: string;
  readonly adminToken: string;
  /** From starting the process until it listens, in milliseconds. */
  readonly startMs: number;
  readonly #child: ChildProcess;

  private constructor(child: ChildProcess, listening: Listening, startMs: number) {
    this.#child = child;
    this.url = listening.url;
    this.token = listening.accessToken;
    this.adminUrl = listening.adminUrl ?? "";
    this.adminToken = listening.adminToken ?? "";
    this.startMs = startMs;
  }

  /** Serve a data folder, or ":memory:", over plain HTTP on any free port. */
  static async start(data: string, home: string, more: readonly string[] = []): Promise<Served> {
    const words = ["server", "--http", "--port", "0", "--account", "Bench", "--json", ...more];
    const started = performance.now();
    const child = spawn(process.execPath, [launcher, ...words, "--data", data], {
      env: { ...process.env, SNAP_HOME: home },
      stdio: ["ignore", "pipe", "inherit"],
    });
    for await (const line of createInterface({ input: child.stdout })) {
      const listening: Listening = JSON.parse(line);
      return new Served(child, listening, performance.now() - started);
    }
    throw new Error("snap server did not start");
  }

  memory(): ProcessMemory {
    return memoryOf(this.#child.pid);
  }

  async [Symbol.asyncDispose](): Promise<void> {
    const ended = once(this.#child, "exit");
    this.#child.kill("SIGTERM");
    await ended;
  }
}

type Listening = {
  readonly url: string;
  readonly accessToken: string;
  readonly adminUrl?: string;
  readonly adminToken?: string;
};
