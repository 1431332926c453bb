import fs from "node:fs";
import os from "node:os";
import path from "node:path";
import { Dropbox } from "dropbox";
import { expect } from "vitest";
import type { LogRow } from "../../src/core/tree/index-rows.ts";
import type { SyncReport } from "../../src/core/plan/sync-report.ts";
import { openEngine, type Engine } from "../../src/engine/engine.ts";
import type { EngineConfig, EngineDeps } from "../../src/engine/engine-deps.ts";
import type { Disk } from "../../src/local/disk.ts";
import { openLocalSide } from "../../src/local/local-side.ts";
import { openRemote } from "../../src/remote/dropbox-side.ts";
import type { WorldOptions } from "./world-options.ts";
import type { FaultScript } from "../../src/server/control/fault-script.ts";
import type { Admin } from "../../src/server/control/admin.ts";
import { openIndex, type OpenIndex } from "../../src/state/database.ts";
import { present } from "../../src/std/assert.ts";
import { silentLogger } from "../../src/std/log.ts";
import type { ExitCode } from "../../src/std/error.ts";
import { seededRng } from "../../src/std/random.ts";
import { quickDisk } from "../local/stopping-disk.ts";
import { nodeFiles } from "./user-files.ts";
import { Contents } from "./world-contents.ts";
import {
  assertClean,
  assertLogged,
  assertNothingLost,
  findingsOf,
  picturesOf,
  treeText,
} from "./world-always.ts";
import { Containment, watchedDisk } from "./watched-disk.ts";
import { WorldClock } from "./world-clock.ts";
import { WorldCloud } from "./world-cloud.ts";
import { WorldDisk } from "./world-disk.ts";
import type { KeptRemote, RemoteSide } from "../../src/ports.ts";
import { PortHooks } from "./world-ports.ts";
import { openWorldServer, type WorldServer } from "./world-server.ts";
import { Wire } from "./world-wire.ts";

const linkedFolder = "/Linked";
const cyclesMax = 8;

/** More lines than any world writes. */
const logLinesMax = 1_000_000;

/** For the index, whose flushes would cost most of the time: a disk in memory, where there is one. */
function memoryFolder(): string {
  return fs.existsSync("/dev/shm") ? "/dev/shm" : os.tmpdir();
}

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
  /** Ours; the server has another. */
  readonly clock: WorldClock = new WorldClock();
  readonly contents: Contents = new Contents();
  /** Of the present run of the engine. */
  hooks: PortHooks = new PortHooks();
  /** Set while the engine is at work in the next run, and for no user. */
  faults: readonly FaultScript[] = [];
  /** Whether each run must be explained by its log (P10), where no user and no crash came between. */
  isExplained = false;
  /** The calls to the system of our side, from the next run of the engine on. */
  disk: Disk;
  readonly #folder: string;
  readonly #containment: Containment;
  readonly #server: WorldServer;
  readonly #rng = seededRng(7);
  readonly #config: EngineConfig;
  readonly #memory: string;
  #open: OpenIndex;
  #engine: Engine | undefined;
  #loggedIn: string;
  #isKilled = false;

  private constructor(server: WorldServer, options: WorldOptions) {
    const folder = fs.realpathSync(fs.mkdtempSync(path.join(os.tmpdir(), "snap-world-")));
    fs.writeFileSync(path.join(folder, "beside"), "not ours");
    this.#folder = folder;
    this.#memory = fs.mkdtempSync(path.join(memoryFolder(), "snap-world-"));
    this.#server = server;
    this.wire = new Wire(server.fetch);
    const account = server.server.addAccount({ name: "Anna Berg" });
    this.#loggedIn = account.id;
    const { accessToken } = server.server.issueToken(account.id);
    const sdk = new Dropbox({ accessToken, fetch: server.fetch });
    const { files = nodeFiles } = options;
    this.disk = options.disk ?? quickDisk;
    this.local = new WorldDisk(path.join(folder, "workspace"), this.contents, files);
    this.remote = new WorldCloud(sdk, linkedFolder, this.contents);
    files.mkdir(this.local.top);
    this.#containment = new Containment(this.local.top, options.whereIs);
    this.#open = openIndex(this.indexFile, { clock: this.clock });
    this.#config = {
      workspace: "w".repeat(16),
      link: "l".repeat(16),
      account: account.id,
      device: "box",
      tool: "snap test",
      repos: "refuse",
      overridden: () => false,
      excluded: () => [],
      exclude: () => {},
      newRemoteFolders: "sync",
      ...options.config,
    };
  }

  /** Two empty sides, linked. */
  static async open(options: WorldOptions = {}): Promise<World> {
    const server = await openWorldServer(
      options.reach ?? "in process",
      new WorldClock(),
      options.limits,
    );
    const world = new World(server, options);
    const { workspace, link } = world.#config;
    await world.#side().writeMarker({ workspace, link, generation: 0 });
    await world.sync();
    world.wire.forget();
    return world;
  }

  /** Both sides hold exactly this, synced: `path: content` or `path/`, one a line. */
  static async synced(tree: TreeText, options: WorldOptions = {}): Promise<World> {
    const world = await World.open(options);
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

  /** The file of the index, while no engine has it open a plain file. */
  get indexFile(): string {
    return path.join(this.#memory, "index.db");
  }

  get admin(): Admin {
    return present(this.#server.server.admin, "the server's admin interface");
  }

  #side(): ReturnType<typeof openLocalSide> {
    const disk = watchedDisk(this.disk, this.#containment.watch);
    return openLocalSide({ top: this.local.top, clock: this.clock, rng: this.#rng, disk });
  }

  get index(): OpenIndex["index"] {
    return this.#open.index;
  }

  get deps(): EngineDeps & { readonly remote: RemoteSide & KeptRemote } {
    const { index, journal, holds, tokens } = this.#open;
    const shared = { clock: this.clock, rng: this.#rng };
    const { refreshToken } = this.#server.server.issueToken(this.#loggedIn);
    const auth = { appKey: "snap", refreshToken };
    const remote = { ...shared, auth, account: undefined, fetch: this.wire.fetch };
    return {
      ...shared,
      index,
      journal,
      holds,
      tokens,
      local: this.hooks.on("local", this.#side()),
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
  async sync(exit?: ExitCode): Promise<SyncReport> {
    const first = await this.syncOnce();
    if (exit !== undefined) expect(first.exit, JSON.stringify(first.left)).toBe(exit);
    for (let run = 1; run < cyclesMax; run += 1) {
      const report = await this.engine.sync();
      if (report.cycles === 1) return first;
    }
    throw new Error("The world does not come to rest");
  }

  /** One `snap sync`. What it did must be what its log says, unless a user came between (P10). */
  async syncOnce(signal?: AbortSignal): Promise<SyncReport> {
    const before = this.isExplained ? await picturesOf(this) : undefined;
    const { acts } = this.contents;
    const logged = this.#log().length;
    this.admin.setFaults(this.faults);
    try {
      const report = await this.engine.sync(signal === undefined ? {} : { signal });
      const isAlone = acts === this.contents.acts && !this.#isKilled;
      this.#isKilled = false;
      this.admin.setFaults([]);
      if (isAlone && before !== undefined) {
        await assertLogged(this, before, this.#log().slice(logged));
      }
      return report;
    } finally {
      this.faults = [];
      this.admin.setFaults([]);
    }
  }

  #log(): readonly LogRow[] {
    return this.index.logged(logLinesMax).toReversed();
  }

  /** A new process: what the engine had in memory is gone; the index and both sides stay. */
  restart(options: { readonly withoutIndex?: boolean } = {}): void {
    this.#open.close();
    if (options.withoutIndex === true) {
      for (const suffix of ["", "-wal", "-shm"])
        fs.rmSync(this.indexFile + suffix, { force: true });
    }
    this.#reopen();
    this.#isKilled = true;
  }

  /** The process ends, and whatever somebody does meanwhile happens before the next one begins. */
  whileStopped(act: () => void): void {
    this.#open.close();
    act();
    this.#reopen();
  }

  #reopen(): void {
    this.#open = openIndex(this.indexFile, { clock: this.clock });
    this.#engine = undefined;
    this.hooks = new PortHooks();
  }

  /** Somebody logs in with another account. Takes effect in a new run. */
  logInAsAnother(): void {
    this.#loggedIn = this.#server.server.addAccount({ name: "Bo Lind" }).id;
    this.#engine = undefined;
  }

  /** The tree that both sides hold, which must be the same. */
  async both(): Promise<TreeText> {
    const [here, there] = [this.localText(), await this.remoteText()];
    expect(here, "local tree, against the remote one").toBe(there);
    return here;
  }

  localText(): TreeText {
    return treeText(this.local.tree(), this.contents);
  }

  async remoteText(): Promise<TreeText> {
    return treeText(await this.remote.tree(), this.contents);
  }

  /** What every scenario asserts at its end, after its last sync. */
  async assertAlways(): Promise<void> {
    const before = { disk: this.local.picture(), cloud: await this.remoteText() };
    this.wire.forget();
    await this.engine.sync();
    expect(this.wire.writes(), "a quiet sync makes no writing call").toEqual([]);
    const after = { disk: this.local.picture(), cloud: await this.remoteText() };
    expect(after, "a quiet sync changes nothing").toEqual(before);
    await assertNothingLost(this);
    await assertClean(this);
    expect(this.#containment.broken, "changes outside of the workspace, P8, X5").toEqual([]);
    expect(await findingsOf(this.deps), "snap check --rehash").toEqual([]);
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#open.close();
    await this.#server.close();
    for (const folder of [this.#folder, this.#memory]) {
      fs.rmSync(folder, { recursive: true, force: true });
    }
  }
}
