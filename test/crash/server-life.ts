import { fork } from "node:child_process";
import type { ChildProcess } from "node:child_process";
import { setImmediate } from "node:timers/promises";
import type { Answer } from "../support/checked-server.ts";
import type { ChildOrder, ChildReport } from "./served-child.ts";

/** When a life ends: with the so-many-th request, answer or byte of content, and so many turns of the loop later. */
export type Death = {
  readonly by: "sent" | "answered" | "bytes";
  readonly count: number;
  readonly turns: number;
  /** With this request, a day passes on the server, so that a sweep runs from then on; 0 for no day. */
  readonly dayAt: number;
};

/** The connection ended because the server was killed: nothing is known of the call. */
export class Killed extends Error {}

const dayMs = 24 * 60 * 60 * 1000;

/** Larger contents are sent in pieces, so that a kill comes in the middle of one. */
const pieceBytes = 256 * 1024;

/** A process that has loaded the program and waits to be told which folder to serve. */
export class WaitingChild {
  readonly process: ChildProcess = fork(new URL("served-child.ts", import.meta.url), {
    stdio: ["ignore", "inherit", "inherit", "ipc"],
  });

  /** Serve a folder, by a clock that is so far ahead. */
  async serve(folder: string, aheadMs: number): Promise<ServerLife> {
    const first = await orderOf(this.process, { kind: "open", folder, aheadMs });
    return new ServerLife(this.process, { ...first, aheadMs });
  }

  async end(): Promise<void> {
    await killed(this.process);
  }
}

/** A server in a process, from when it listens until it is killed. */
export class ServerLife {
  readonly #process: ChildProcess;
  readonly #port: number;
  #token: string;
  #death: Death | undefined;
  #counts = { sent: 0, answered: 0, bytes: 0 };
  #dead: Promise<void> | undefined;
  #day: Promise<void> | undefined;
  /** How far ahead its clock is. */
  aheadMs: number;

  constructor(process: ChildProcess, start: ChildReport & { readonly aheadMs: number }) {
    this.#process = process;
    this.#port = start.port;
    this.#token = start.token;
    this.aheadMs = start.aheadMs;
  }

  /** From now on the calls are counted that lead to its end. */
  willDie(death: Death): void {
    this.#death = death;
    this.#counts = { sent: 0, answered: 0, bytes: 0 };
  }

  /** Whether it is killed, or about to be. */
  get isDying(): boolean {
    return this.#dead !== undefined;
  }

  /** Resolves when the process is gone. */
  async gone(): Promise<void> {
    await this.#dead;
  }

  /** @throws {Killed} */
  rpc(route: string, argument: unknown): Promise<Answer> {
    return this.#call(route, {
      body: JSON.stringify(argument),
      headers: { "content-type": "application/json" },
    });
  }

  /** @throws {Killed} */
  upload(route: string, argument: unknown, content: Uint8Array): Promise<Answer> {
    const headers = {
      "content-type": "application/octet-stream",
      "dropbox-api-arg": JSON.stringify(argument),
    };
    return this.#call(route, { content, headers });
  }

  /** @throws {Killed} */
  async download(path: string): Promise<Uint8Array> {
    const headers = { "dropbox-api-arg": JSON.stringify({ path }) };
    const response = await this.#fetch("files/download", { headers });
    const bytes = new Uint8Array(await response.arrayBuffer());
    if (response.status === 200) return bytes;
    throw new Error(`download of ${path}: ${Buffer.from(bytes).toString()}`);
  }

  async #call(route: string, options: SendOptions): Promise<Answer> {
    try {
      const response = await this.#fetch(route, options);
      const text = await response.text();
      this.#count("answered", 1);
      const { status, headers } = response;
      const isJson = headers.get("content-type") === "application/json";
      return { status, headers, text, json: isJson ? JSON.parse(text) : undefined };
    } catch (error) {
      if (this.#dead === undefined) throw error;
      throw new Killed("The server was killed", { cause: error });
    }
  }

  async #fetch(route: string, options: SendOptions): Promise<Response> {
    const answer = this.#send(route, options);
    // Whoever waits for the answer hears of a failure; here it only must not pass for one that nobody heard of.
    answer.catch(() => {});
    this.#count("sent", 1);
    if (this.#death?.dayAt === this.#counts.sent) this.#beginDay();
    const response = await answer;
    if (response.status !== 401 || this.#day === undefined) return response;
    // A day has passed meanwhile, and the token with it; the call was not begun.
    await response.body?.cancel();
    await this.#day;
    return await this.#send(route, options);
  }

  #send(route: string, { body, content, headers }: SendOptions): Promise<Response> {
    return fetch(`http://127.0.0.1:${this.#port}/2/${route}`, {
      method: "POST",
      body: content === undefined ? (body ?? null) : this.#pieces(content),
      headers: { authorization: `Bearer ${this.#token}`, ...headers },
      duplex: "half",
    });
  }

  #pieces(content: Uint8Array): Uint8Array<ArrayBuffer> | ReadableStream<Uint8Array> {
    const bytes = Uint8Array.from(content);
    if (bytes.length <= pieceBytes) {
      this.#count("bytes", bytes.length);
      return bytes;
    }
    let at = 0;
    return new ReadableStream({
      pull: (controller) => {
        controller.enqueue(bytes.subarray(at, at + pieceBytes));
        at += pieceBytes;
        this.#count("bytes", pieceBytes);
        if (at >= bytes.length) controller.close();
      },
    });
  }

  #beginDay(): void {
    this.#day = this.#jump();
    // Calls that need the new token hear of a failure.
    this.#day.catch(() => {});
  }

  async #jump(): Promise<void> {
    this.aheadMs += dayMs;
    const { token } = await orderOf(this.#process, { kind: "jump", byMs: dayMs });
    this.#token = token;
  }

  #count(what: Death["by"], more: number): void {
    this.#counts[what] += more;
    if (this.#death === undefined || this.#dead !== undefined) return;
    const { by, count, turns } = this.#death;
    if (this.#counts[by] >= count || this.#counts.answered >= answersMax) {
      this.#dead = this.#die(turns);
    }
  }

  async #die(turns: number): Promise<void> {
    for (let turn = 0; turn < turns; turn += 1) await setImmediate();
    await killed(this.#process);
  }
}

/** A life that waits for bytes ends here at the latest. */
const answersMax = 60;

type SendOptions = {
  readonly body?: string;
  readonly content?: Uint8Array;
  readonly headers: Record<string, string>;
};

function orderOf(child: ChildProcess, order: ChildOrder): Promise<ChildReport> {
  const { promise, resolve, reject } = Promise.withResolvers<ChildReport>();
  const onExit = (): void => reject(new Killed("The server ended before it answered"));
  child.once("exit", onExit);
  child.once("message", (report) => {
    child.off("exit", onExit);
    resolve(report as ChildReport);
  });
  child.send(order);
  return promise;
}

function killed(child: ChildProcess): Promise<void> {
  if (child.exitCode !== null || child.signalCode !== null) return Promise.resolve();
  return new Promise((resolve) => {
    child.once("exit", () => resolve());
    child.kill("SIGKILL");
  });
}
