import fs from "node:fs";
import os from "node:os";
import path from "node:path";
import { Dropbox } from "dropbox";
import { expect } from "vitest";
import type { SyncReport } from "../../src/core/plan/sync-report.ts";
import { openEngine, type Engine } from "../../src/engine/engine.ts";
import type { EngineConfig, EngineDeps } from "../../src/engine/engine-deps.ts";
import { openLocalSide } from "../../src/local/local-side.ts";
import { openRemote } from "../../src/remote/dropbox-side.ts";
import { openServer, type DropboxServer } from "../../src/server/serve.ts";
import { openIndex, type OpenIndex } from "../../src/state/database.ts";
import { silentLogger } from "../../src/std/log.ts";
import { seededRng } from "../../src/std/random.ts";
import { Contents } from "./world-contents.ts";
import { WorldClock } from "./world-clock.ts";
import { WorldCloud } from "./world-cloud.ts";
import { WorldDisk } from "./world-disk.ts";
import { PortHooks } from "./world-ports.ts";
import { Wire } from "./world-wire.ts";

const linkedFolder = "/Linked";
const cyclesMax = 8;

/** Tree as text, one entry a line: `path: content`, or `path/` for a folder that holds nothing. */
export type TreeText = string;

/**
 * A whole world: a workspace on the real disk, its index in a file, the embedded server in memory, our engine between
 * them, and a user on either side. What a test asserts always is `assertAlways`.
 */
export class World implements AsyncDisposable {
  readonly local: WorldDisk;
  readonly remote: WorldCloud;
  readonly wire: Wire;
  readonly clock: WorldClock = new WorldClock();
  readonly contents: Contents;
  /** Of the present run of the engine. */
  hooks: PortHooks = new PortHooks();
  readonly #folder: string;
  readonly #server: DropboxServer;
  readonly #rng = seededRng(7);
  #open: OpenIndex;
  #engine: Engine | undefined;
  readonly #config: EngineConfig;
  #loggedIn: string;

  private constructor(folder: string, server: DropboxServer, contents: Contents) {
    this.#folder = folder;
    this.#server = server;
    this.contents = contents;
    this.wire = new Wire(server.fetch);
    const account = server.addAccount({ name: "Anna Berg" });
    this.#loggedIn = account.id;
    const { accessToken } = server.issueToken(account.id);
    const sdk = new Dropbox({ accessToken, fetch: server.fetch });
    this.local = new WorldDisk(path.join(folder, "workspace"), contents);
    this.remote = new WorldCloud(sdk, linkedFolder, contents);
    this.#open = openIndex(path.join(folder, "index.db"), { clock: this.clock });
    this.#config = {
      workspace: "w".repeat(16),
      link: "l".repeat(16),
      account: account.id,
      device: "box",
      tool: "snap test",
      repos: "refuse",
      overridden: () => false,
      rollback: "ask",
    };
  }

  /** Two empty sides, linked. */
  static async open(): Promise<World> {
    const folder = fs.mkdtempSync(path.join(os.tmpdir(), "snap-world-"));
    fs.mkdirSync(path.join(folder, "workspace"));
    fs.writeFileSync(path.join(folder, "beside"), "not ours");
    const clock = new WorldClock();
    const server = await openServer({
      data: ":memory:",
      clock,
      rng: seededRng(1),
      checkResponses: true,
    });
    const world = new World(folder, server, new Contents());
    const { workspace, link } = world.#config;
    const side = openLocalSide({ top: world.local.top, clock: world.clock, rng: world.#rng });
    await side.writeMarker({ workspace, link, generation: 0 });
    await world.sync();
    return world;
  }

  /** Both sides hold exactly this, synced: `path: content` or `path/`, one a line. */
  static async synced(tree: TreeText): Promise<World> {
    const world = await World.open();
    for (const line of tree.split("\n").map((text) => text.trim())) {
      if (line === "") continue;
      const [, name = "", content] = /^(.*?)(?:\/|: (.*))$/.exec(line) ?? [];
      if (content === undefined) world.local.mkdir(name);
      else world.local.write(name, content);
    }
    await world.sync();
    world.wire.forget();
    return world;
  }

  get index(): OpenIndex["index"] {
    return this.#open.index;
  }

  get deps(): EngineDeps {
    const { index, journal, holds, tokens } = this.#open;
    const shared = { clock: this.clock, rng: this.#rng };
    const { refreshToken } = this.#server.issueToken(this.#loggedIn);
    const auth = { appKey: "snap", refreshToken };
    const remote = { ...shared, auth, account: undefined, fetch: this.wire.fetch };
    return {
      ...shared,
      index,
      journal,
      holds,
      tokens,
      local: this.hooks.on("local", openLocalSide({ top: this.local.top, ...shared })),
      remote: this.hooks.on("remote", openRemote({ ...remote, top: linkedFolder })),
      logger: silentLogger,
      config: this.#config,
    };
  }

  /** The engine of the present run. */
  get engine(): Engine {
    this.#engine ??= openEngine(this.deps);
    return this.#engine;
  }

  /** Run to the end, and again until nothing is left to do. The report is that of the first run. */
  async sync(): Promise<SyncReport> {
    const first = await this.engine.sync();
    for (let run = 1; run < cyclesMax; run += 1) {
      const report = await this.engine.sync();
      if (report.cycles === 1) return first;
    }
    throw new Error("The world does not come to rest");
  }

  /** One `snap sync`. */
  syncOnce(signal?: AbortSignal): Promise<SyncReport> {
    return this.engine.sync(signal === undefined ? {} : { signal });
  }

  /** A new process: what the engine had in memory is gone; the index and both sides stay. */
  restart(options: { readonly withoutIndex?: boolean } = {}): void {
    this.#open.close();
    const file = path.join(this.#folder, "index.db");
    if (options.withoutIndex === true) {
      for (const suffix of ["", "-wal", "-shm"]) fs.rmSync(file + suffix, { force: true });
    }
    this.#open = openIndex(file, { clock: this.clock });
    this.#engine = undefined;
    this.hooks = new PortHooks();
  }

  /** Somebody logs in with another account. Takes effect in a new run. */
  logInAsAnother(): void {
    this.#loggedIn = this.#server.addAccount({ name: "Bo Lind" }).id;
    this.#engine = undefined;
  }

  /** The tree that both sides hold, which must be the same. */
  async both(): Promise<TreeText> {
    const [here, there] = [this.localText(), await this.remoteText()];
    expect(here, "local tree, against the remote one").toBe(there);
    return here;
  }

  localText(): TreeText {
    return this.#text(this.local.tree());
  }

  async remoteText(): Promise<TreeText> {
    return this.#text(await this.remote.tree());
  }

  #text(tree: ReadonlyMap<string, string>): TreeText {
    const names = [...tree.keys()].toSorted();
    const isEmpty = (folder: string): boolean =>
      !names.some((name) => name.startsWith(`${folder}/`));
    return names
      .flatMap((name) => {
        const hash = tree.get(name) ?? "";
        if (hash !== "") return [`${name}: ${this.contents.show(hash)}`];
        return isEmpty(name) ? [`${name}/`] : [];
      })
      .join("\n");
  }

  /** What every scenario asserts at its end, after its last sync. */
  async assertAlways(): Promise<void> {
    const before = { disk: this.local.picture(), cloud: await this.remoteText() };
    this.wire.forget();
    await this.engine.sync();
    expect(this.wire.writes(), "a quiet sync makes no writing call").toEqual([]);
    const after = { disk: this.local.picture(), cloud: await this.remoteText() };
    expect(after, "a quiet sync changes nothing").toEqual(before);
    await this.#assertNothingLost();
    await this.#assertClean();
  }

  async #assertNothingLost(): Promise<void> {
    const trash = this.local.own("trash").values();
    const here = this.local.tree().values();
    const there = (await this.remote.all()).values();
    const kept = new Set([...here, ...there, ...trash]);
    expect(this.contents.lost(kept), "contents that are nowhere").toEqual([]);
  }

  async #assertClean(): Promise<void> {
    const left = [...this.local.tree().keys(), ...(await this.remote.all()).keys()];
    expect(left.filter((name) => name.includes(".snap-tmp-"))).toEqual([]);
    expect([...this.local.own("staging").keys()], "staging").toEqual([]);
    expect(this.index.intents(), "open intents").toEqual([]);
    const beside = fs.readdirSync(this.#folder).filter((name) => !name.startsWith("index.db"));
    expect(beside.toSorted(), "beside the workspace").toEqual(["beside", "workspace"]);
    expect(fs.readFileSync(path.join(this.#folder, "beside"), "utf8")).toBe("not ours");
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#open.close();
    await this.#server.close();
    fs.rmSync(this.#folder, { recursive: true, force: true });
  }
}
