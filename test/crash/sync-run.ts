import { fork } from "node:child_process";
import fs from "node:fs";
import os from "node:os";
import path from "node:path";
import { Dropbox } from "dropbox";
import { expect } from "vitest";
import { openLocalSide } from "../../src/local/local-side.ts";
import { runServer, type RunningServer } from "../../src/server/run.ts";
import { systemRng } from "../../src/std/random.ts";
import { systemClock } from "../../src/std/time.ts";
import { nodeFetch } from "../support/node-fetch.ts";
import { Contents } from "../support/world-contents.ts";
import { WorldCloud } from "../support/world-cloud.ts";
import { WorldDisk } from "../support/world-disk.ts";
import type { SyncOrder, SyncPassed } from "./sync-child.ts";
import { linkedFolder, markerOf, openSync, type SyncPlace } from "./sync-deps.ts";

/** More is no coming to rest. */
const syncsMax = 8;

/** A workspace on the real disk and a server on a real socket; syncs run in processes that are killed. */
export class SyncRun implements AsyncDisposable {
  readonly contents: Contents = new Contents();
  readonly local: WorldDisk;
  readonly remote: WorldCloud;
  /** How far ahead of the computer's the clock is, ms. */
  aheadMs = 0;
  readonly #folder: string;
  readonly #server: RunningServer;
  readonly #place: SyncPlace;

  private constructor(server: RunningServer) {
    this.#folder = fs.mkdtempSync(path.join(os.tmpdir(), "snap-sync-kill-"));
    this.#server = server;
    const top = path.join(this.#folder, "workspace");
    fs.mkdirSync(top);
    const account = server.server.addAccount({ name: "Anna Berg" }).id;
    const { accessToken, refreshToken } = server.server.issueToken(account);
    const index = path.join(this.#folder, "index.db");
    this.#place = { top, index, account, refreshToken, aheadMs: 0 };
    this.local = new WorldDisk(top, this.contents);
    const sdk = new Dropbox({ accessToken, fetch: server.server.fetch });
    this.remote = new WorldCloud(sdk, linkedFolder, this.contents);
  }

  static async open(): Promise<SyncRun> {
    const clock = systemClock;
    const server = await runServer({
      data: ":memory:",
      clock,
      rng: systemRng,
      tls: "http",
      port: 0,
    });
    const run = new SyncRun(server);
    const side = openLocalSide({ top: run.local.top, clock, rng: systemRng });
    await side.writeMarker({ ...markerOf, generation: 0 });
    return run;
  }

  get indexFile(): string {
    return this.#place.index;
  }

  /** One sync in a process of its own. @returns how many fault points it passed; undefined when it was killed. */
  async syncInChild(
    order: Pick<SyncOrder, "killAt" | "only" | "copies">,
  ): Promise<number | undefined> {
    const place = { ...this.#place, aheadMs: this.aheadMs };
    const child = fork(new URL("sync-child.ts", import.meta.url), {
      stdio: ["ignore", "inherit", "inherit", "ipc"],
      env: { ...process.env, NODE_COMPILE_CACHE: cacheFolder },
    });
    const ended = new Promise<{ code: number | null; signal: string | null }>((resolve) => {
      child.once("exit", (code, signal) => resolve({ code, signal }));
    });
    let passed: number | undefined;
    child.once("message", (told) => {
      ({ passed } = told as SyncPassed);
    });
    child.send({ ...order, place, port: this.#server.port } satisfies SyncOrder);
    const end = await ended;
    if (end.signal === "SIGKILL") return undefined;
    expect(end, "how the process ended").toEqual({ code: 0, signal: null });
    return passed;
  }

  /** What the next runs of the program do: sync until nothing is left to do. */
  async sync(): Promise<void> {
    const place = { ...this.#place, aheadMs: this.aheadMs };
    const { open, engine } = openSync(place, nodeFetch({ port: this.#server.port }));
    try {
      for (let run = 0; run < syncsMax; run += 1) {
        if ((await engine.sync()).cycles > 1) continue;
        expect(open.index.intents(), "open intents").toEqual([]);
        return;
      }
    } finally {
      open.close();
    }
    throw new Error("The two sides do not come to rest");
  }

  /** Trees as lines of `path: content` or `path/`, with CC and RE for conflicted copies and recovered edits. */
  async trees(): Promise<{ readonly local: string; readonly remote: string }> {
    return { local: this.#text(this.local.tree()), remote: this.#text(await this.remote.tree()) };
  }

  #text(tree: ReadonlyMap<string, string>): string {
    return [...tree]
      .map(([name, hash]) => {
        const plain = name.replaceAll(/ \((conflicted copy box|recovered edit) [-\d ]+\)/g, short);
        return hash === "" ? `${plain}/` : `${plain}: ${this.contents.show(hash)}`;
      })
      .toSorted()
      .join("\n");
  }

  /** Nothing is lost, and nothing of ours is left where it does not belong. */
  async assertClean(at: string): Promise<void> {
    const all = await this.remote.all();
    const kept = [this.local.tree(), this.local.own("trash"), all].flatMap((tree) => [
      ...tree.values(),
    ]);
    expect(this.contents.lost(new Set(kept)), `contents that are nowhere: ${at}`).toEqual([]);
    const names = [...this.local.tree().keys(), ...all.keys()];
    expect(
      names.filter((name) => name.includes(".snap-tmp-")),
      at,
    ).toEqual([]);
    expect([...this.local.own("staging").keys()], `staging: ${at}`).toEqual([]);
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.#server.close({ graceMs: 0 });
    fs.rmSync(this.#folder, { recursive: true, force: true });
  }
}

const short = (_: string, kind: string): string => (kind.startsWith("conflicted") ? " CC" : " RE");

/** Compiled code, so that a process starts in a third of the time. */
const cacheFolder = path.join(os.tmpdir(), `snap-sync-kill-cache-${process.pid}`);

/** To be called when all runs are over. */
export function removeCache(): void {
  fs.rmSync(cacheFolder, { recursive: true, force: true });
}

/** CPU time of this process and of those that it waited for, seconds; undefined where the system does not tell. */
export function cpuSeconds(): number | undefined {
  if (!fs.existsSync("/proc/self/stat")) return undefined;
  const stat = fs.readFileSync("/proc/self/stat", "utf8");
  const fields = stat.slice(stat.lastIndexOf(")") + 2).split(" ");
  const ticks = fields.slice(11, 15).reduce((sum, field) => sum + Number(field), 0);
  return ticks / ticksPerSecond;
}

/** USER_HZ of Linux, which no program sees otherwise. */
const ticksPerSecond = 100;
