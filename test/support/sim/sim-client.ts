import type { LogRow } from "../../../src/core/tree/index-rows.ts";
import type { SyncReport } from "../../../src/core/plan/sync-report.ts";
import { openEngine } from "../../../src/engine/engine.ts";
import type { EngineDeps } from "../../../src/engine/engine-deps.ts";
import { acceptGeneration } from "../../../src/engine/guards/rollback.ts";
import { openLocalSide } from "../../../src/local/local-side.ts";
import type { RemoteSide } from "../../../src/ports.ts";
import { openIndex, type OpenIndex } from "../../../src/state/database.ts";
import { SnapError } from "../../../src/std/error.ts";
import { silentLogger } from "../../../src/std/log.ts";
import type { Rng } from "../../../src/std/random.ts";
import type { Clock } from "../../../src/std/time.ts";
import type { Dice } from "./dice.ts";
import { DiskFailure, type DiskCode } from "./disk-error.ts";
import { guardedIndex } from "./guarded-index.ts";
import type { Ledger } from "./ledger.ts";
import { MemoryDisk, type Gate } from "./memory-disk.ts";
import { processDisk } from "./process-disk.ts";
import type { Scheduler } from "./scheduler.ts";
import { Volume, type DiskSettings } from "./volume.ts";

/** Ends a process the way `SIGKILL` does. */
export class Killed extends Error {}

/** What happens to one process at its calls, by the number of the call. */
export type Fate = {
  readonly killAt: number;
  readonly failAt: number;
  readonly code: DiskCode;
  /** Users act right before the call of this number that takes something away or puts something there. */
  readonly raceAt: number;
};

/** How one sync ended; undefined while it runs. */
export type Ending =
  | { readonly how: "done"; readonly report: SyncReport }
  | { readonly how: "failed"; readonly error: unknown }
  | { readonly how: "killed" };

/** One process: a sync from its start to its end. */
export type Run = { readonly ended: Promise<void>; ending: Ending | undefined };

/** What a process does. */
export type Task = (deps: EngineDeps) => Promise<SyncReport>;

const syncOnce: Task = (deps) => openEngine(deps).sync();

/** What the world gives a client. */
export type ClientWorld = {
  readonly scheduler: Scheduler;
  readonly dice: Dice;
  readonly ledger: Ledger;
  readonly breach: (text: string) => void;
  /** The linked folder, for a process whose calls pass the gate. */
  readonly remote: (client: string, process: { gate: Gate; clock: Clock; rng: Rng }) => RemoteSide;
  /** Its user acts, at one of these places if there are any. */
  readonly race: (client: SimClient, at: readonly string[]) => void;
};

const top = "/home/ws";
const codesOf: Readonly<Partial<Record<DiskCode, readonly string[]>>> = {
  ENOSPC: ["create", "write", "mkdir", "link", "symlink", "rename"],
  EIO: ["read", "write", "fsync", "lstat", "readNames"],
  EACCES: ["open", "readNames", "mkdir", "create"],
  EMFILE: ["open", "create"],
  EXDEV: ["rename", "link"],
};

/**
 * Calls at which a user's act in the last moment does most harm. Not the rename of a disk without hard links: there it takes
 * the place of a file that was checked right before, and nothing can tell what came in between (S64).
 */
const taking: ReadonlySet<string> = new Set(["rename", "link", "unlink", "rmdir", "mkdir"]);

/** One device: a disk, an index, and a process now and then. */
export class SimClient {
  readonly name: string;
  readonly volume: Volume;
  readonly user: MemoryDisk;
  readonly top: string = top;
  run: Run | undefined;
  syncs = 0;
  /** The index was lost or put back since the sides were last equal: copies may come of it (S78). */
  forgetful = false;
  open: OpenIndex;
  readonly #world: ClientWorld;
  #life: { alive: boolean; disk: MemoryDisk } | undefined;
  #resolve: () => void = () => {};

  constructor(name: string, world: ClientWorld, settings: DiskSettings) {
    this.name = name;
    this.#world = world;
    this.volume = new Volume(settings, world.scheduler.now);
    this.user = new MemoryDisk(this.volume, { author: "user" });
    this.open = openIndex(":memory:", { clock: world.scheduler });
    this.user.mkdir("/home", 0o755);
    this.user.mkdir(top, 0o755);
    this.user.mkdir("/outside", 0o755);
  }

  get isRunning(): boolean {
    return this.run !== undefined && this.run.ending === undefined;
  }

  /** What makes the folder a workspace of a link. */
  async link(): Promise<void> {
    const { scheduler, dice } = this.#world;
    const side = openLocalSide({ top, clock: scheduler, rng: dice.rng, disk: this.user });
    await side.writeMarker({ workspace: this.name, link: `link-${this.name}`, generation: 0 });
  }

  /** Begin a sync, or another task, in a new process. */
  start(fate: Fate | undefined, task: Task = syncOnce): Run {
    const { promise: ended, resolve } = Promise.withResolvers<void>();
    const run: Run = { ended, ending: undefined };
    this.run = run;
    this.#resolve = resolve;
    this.syncs += 1;
    void this.#work(fate, task);
    return run;
  }

  /** The process ends at once, and its handles with it. */
  kill(): void {
    const life = this.#life;
    if (life === undefined) return;
    life.alive = false;
    life.disk.end();
    this.#life = undefined;
    this.#finish({ how: "killed" });
  }

  /** The computer stops: what was not written out is gone, or not. */
  cutPower(): void {
    this.kill();
    this.volume.cutPower(this.#world.dice.rng);
  }

  loseIndex(): void {
    this.open.close();
    this.open = openIndex(":memory:", { clock: this.#world.scheduler });
    this.forgetful = true;
  }

  /** What a user says who means "go on from here" (S119, `discard` of a lost index). */
  async goOn(): Promise<void> {
    await acceptGeneration(this.#deps({ killAt: 0, failAt: 0, code: "EIO", raceAt: 0 }), "discard");
  }

  async #work(fate: Fate | undefined, task: Task): Promise<void> {
    const deps = this.#deps(fate ?? { killAt: 0, failAt: 0, code: "EIO", raceAt: 0 });
    const life = this.#life;
    try {
      const report = await task(deps);
      this.#end(life, { how: "done", report });
    } catch (error) {
      if (life?.alive === false) return;
      if (!(error instanceof SnapError)) this.#world.breach(`${this.name}: ${stackOf(error)}`);
      this.#end(life, { how: "failed", error });
    }
  }

  #end(life: { alive: boolean; disk: MemoryDisk } | undefined, ending: Ending): void {
    if (life?.alive !== true || this.run === undefined) return;
    if (life.disk.openCount > 0)
      this.#world.breach(`${this.name}: ${life.disk.openCount} handles stay open`);
    this.#life = undefined;
    this.#finish(ending);
  }

  #finish(ending: Ending): void {
    if (this.run !== undefined) this.run.ending ??= ending;
    this.#resolve();
  }

  #deps(fate: Fate): EngineDeps {
    const { scheduler, dice, ledger, breach } = this.#world;
    const gate: Gate = async (call) => {
      await scheduler.gate(`${this.name} ${call}`);
      // A request that is under way may arrive although its process is gone.
      if (!life.alive && !(call.startsWith("> ") && dice.chance(0.5))) await never();
    };
    const disk = new MemoryDisk(this.volume, { author: "engine", gate });
    const life = { alive: true, disk };
    this.#life = life;
    const before = this.#fateOf(fate, life);
    const clock: Clock = {
      now: scheduler.now,
      sleep: async (delayMs, signal) => {
        try {
          await scheduler.sleep(delayMs, signal);
        } finally {
          if (!life.alive) await never();
        }
      },
    };
    const watched = processDisk(disk, {
      ledger,
      before,
      breach: (text) => breach(`${this.name}: ${text}`),
      top: () => this.#topNode(),
    });
    const local = openLocalSide({ top, clock, rng: dice.rng, disk: watched });
    const { index, journal, holds, tokens } = this.open;
    return {
      local,
      remote: this.#world.remote(this.name, { gate, clock, rng: dice.rng }),
      index: guardedIndex(index, { before, onLog: (row) => this.#noteOp(row) }),
      journal,
      holds,
      tokens,
      clock,
      rng: dice.rng,
      logger: silentLogger,
      config: {
        workspace: this.name,
        link: `link-${this.name}`,
        account: "dbid:sim",
        device: this.name,
        tool: "sim",
        repos: "refuse",
        overridden: () => false,
        excluded: () => [],
        exclude: () => {},
        newRemoteFolders: "sync",
      },
    };
  }

  #noteOp({ kind, path, before, after, outcome }: LogRow): void {
    const what = [kind, path, before, after].filter((text) => text !== "").join(" ");
    this.#world.scheduler.note(`${this.name} = ${what}: ${outcome}`);
  }

  #topNode(): ReturnType<MemoryDisk["find"]>["node"] {
    return this.user.find(top, "look").node;
  }

  /** Whether a call takes something from a place; without hard links a rename also brings. */
  #isTaking(call: string): boolean {
    return taking.has(call) && (call !== "rename" || this.volume.settings.hardLinks);
  }

  #fateOf(
    fate: Fate,
    life: { alive: boolean },
  ): (call: string, places?: () => readonly string[]) => void {
    let calls = 0;
    let takes = 0;
    let failed = false;
    return (call, places = () => []) => {
      if (!life.alive) throw new Killed();
      calls += 1;
      if (this.#isTaking(call)) {
        takes += 1;
        if (takes === fate.raceAt) this.#world.race(this, places());
      }
      if (calls === fate.killAt) {
        this.#world.scheduler.note(`${this.name} is killed before ${call}`);
        this.kill();
        throw new Killed();
      }
      if (failed || calls < fate.failAt || fate.failAt === 0) return;
      if (codesOf[fate.code]?.includes(call) !== true) return;
      failed = true;
      this.#world.scheduler.note(`${this.name} meets ${fate.code} at ${call}`);
      throw new DiskFailure(fate.code, call);
    };
  }
}

function stackOf(error: unknown): string {
  return error instanceof Error ? (error.stack ?? error.message) : String(error);
}

/** What a process that is gone waits for. */
function never(): Promise<never> {
  return new Promise(() => {});
}
