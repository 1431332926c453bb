import assert from "node:assert/strict";
import fs from "node:fs";
import os from "node:os";
import path from "node:path";
import { Dropbox } from "dropbox";
import { openLocalSide } from "../../src/local/local-side.ts";
import { runServer, type RunningServer } from "../../src/server/run.ts";
import { systemRng } from "../../src/std/random.ts";
import { systemClock } from "../../src/std/time.ts";
import { nodeFetch } from "../support/node-fetch.ts";
import { Contents } from "../support/world-contents.ts";
import { WorldCloud } from "../support/world-cloud.ts";
import { WorldDisk } from "../support/world-disk.ts";
import type { SyncOrder } from "./sync-child.ts";
import { linkedFolder, markerOf, openSync, type SyncPlace } from "./sync-deps.ts";
import type { SyncProcess, SyncProgram } from "./sync-program.ts";

/** More is no coming to rest. */
const syncsMax = 8;

/** A workspace on the real disk and a server on a real socket; syncs run in processes that are killed. */
export class SyncRun implements AsyncDisposable {
  readonly contents: Contents = new Contents();
  readonly local: WorldDisk;
  readonly remote: WorldCloud;
  /** The server, as the user's other programs see it. */
  readonly sdk: Dropbox;
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
    this.sdk = new Dropbox({ accessToken, fetch: server.server.fetch });
    this.remote = new WorldCloud(this.sdk, linkedFolder, this.contents);
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

  /** One sync in a process of its own. */
  start(program: SyncProgram, order: Pick<SyncOrder, "killAt" | "only" | "copies">): SyncProcess {
    const place = { ...this.#place, aheadMs: this.aheadMs };
    return program.start({ ...order, place, port: this.#server.port });
  }

  /** What the next runs of the program do: sync until nothing is left to do. */
  async sync(): Promise<void> {
    const place = { ...this.#place, aheadMs: this.aheadMs };
    const { open, engine } = openSync(place, nodeFetch({ port: this.#server.port }));
    try {
      for (let run = 0; run < syncsMax; run += 1) {
        if ((await engine.sync()).cycles > 1) continue;
        assert.deepEqual(open.index.intents(), [], "open intents");
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
    const lost = this.contents.lost(new Set(kept));
    assert.deepEqual(lost, [], `contents that are nowhere: ${at}`);
    const names = [...this.local.tree().keys(), ...all.keys()];
    const ours = names.filter((name) => name.includes(".snap-tmp-"));
    assert.deepEqual(ours, [], at);
    assert.deepEqual([...this.local.own("staging").keys()], [], `staging: ${at}`);
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.#server.close({ graceMs: 0 });
    fs.rmSync(this.#folder, { recursive: true, force: true });
  }
}

const short = (_: string, kind: string): string => (kind.startsWith("conflicted") ? " CC" : " RE");

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
