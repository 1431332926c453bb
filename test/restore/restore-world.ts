import fs from "node:fs";
import os from "node:os";
import path from "node:path";
import { expect } from "vitest";
import { isAlwaysOutside, noRules, rulesOf } from "../../src/core/ignore.ts";
import type { CaptureFacts, SnapshotRoot } from "../../src/core/snapshot/root.ts";
import type { RestoreReport } from "../../src/core/snapshot/restore-report.ts";
import { openEngine } from "../../src/engine/engine.ts";
import { leftOutOfKeep } from "../../src/engine/guards/disk-exclusions.ts";
import { acceptGeneration, checkRollback } from "../../src/engine/guards/rollback.ts";
import { recover } from "../../src/restore/recover.ts";
import { restoreSnapshot, type RestoreRequest } from "../../src/restore/restore-snapshot.ts";
import type {
  Consent,
  Outside,
  RestoreDeps,
  RestoreHooks,
  RestoreEvent,
  RestoreUnits,
  SafetyRequest,
} from "../../src/restore/restore-deps.ts";
import { undoRestore } from "../../src/restore/undo.ts";
import { localSource } from "../../src/snapshot/local-source.ts";
import { remoteSource } from "../../src/snapshot/remote-source.ts";
import { openStore } from "../../src/snapshot/store.ts";
import type { SnapshotStore } from "../../src/ports.ts";
import { seededRng } from "../../src/std/random.ts";
import { World, type TreeText } from "../support/world.ts";
import { Countdown } from "./countdown.ts";

/** Nobody has programs around a restore. */
export const noHooks: RestoreHooks = {
  before: () => Promise.resolve(),
  after: () => Promise.resolve(undefined),
};

/** A linked world with a snapshot store beside it, in which restores run. */
export class RestoreWorld implements AsyncDisposable {
  readonly world: World;
  readonly storePath: string;
  readonly events: RestoreEvent[] = [];
  /** Who is told of every port call; ends the run where a test wants it. */
  countdown: Countdown = new Countdown();
  /** How repositories are restored; they are left alone where a test does not say. */
  units: ((top: string) => RestoreUnits) | undefined;
  /** Of the present process: another seed each, since ids must differ. */
  #runs = 0;

  private constructor(world: World, storePath: string) {
    this.world = world;
    this.storePath = storePath;
  }

  /** Both sides hold exactly this, synced. */
  static async synced(tree: TreeText): Promise<RestoreWorld> {
    const storePath = fs.mkdtempSync(path.join(os.tmpdir(), "snap-store-"));
    return new RestoreWorld(await World.synced(tree), storePath);
  }

  /** The world of rules 1 to 9 of the acceptance table: `S` is taken, then both sides go on. */
  static async afterSnapshot(now: TreeText): Promise<RestoreWorld> {
    const world = await RestoreWorld.synced("a: 1\nd/b: 2");
    await world.capture("S");
    world.write(now);
    await world.world.sync();
    world.world.wire.forget();
    return world;
  }

  /** The user edits the workspace: lines of `path: content`, or `-path` to remove. */
  write(tree: TreeText): void {
    for (const line of tree.split("\n").map((text) => text.trim())) {
      const [name = "", content] = line.split(": ");
      if (name.startsWith("-")) this.world.local.remove(name.slice(1));
      else if (content !== undefined) this.world.local.write(name, content);
    }
  }

  openStore(): Promise<SnapshotStore> {
    const { clock } = this.world;
    const options = { path: this.storePath, rng: seededRng(3), tool: "snap test", reserve: 0 };
    return openStore({ ...options, clock });
  }

  /** `isOutside`: what the rules in force leave out, unless told otherwise. */
  async capture(label: string, isOutside: Outside = this.#outside()): Promise<SnapshotRoot> {
    const store = await this.openStore();
    const options = { reason: "manual", label, force: true } as const;
    const source = this.#source(
      { reason: "before-restore", side: "local", paths: undefined, label },
      isOutside,
    );
    return (await store.capture(source, options)).root;
  }

  /** Dropbox as the index knows it, for a thin snapshot. */
  remoteSource(): ReturnType<typeof remoteSource> {
    return this.#source({ reason: "before-restore", side: "remote", paths: undefined, label: "" });
  }

  /** What a restore gets in the present process. */
  async deps(): Promise<RestoreDeps> {
    const { world, countdown } = this;
    const engineDeps = world.deps;
    const ports = {
      local: countdown.on(engineDeps.local, "local"),
      remote: countdown.on(engineDeps.remote, "remote"),
      journal: countdown.on(engineDeps.journal, "journal"),
      index: countdown.on(engineDeps.index, "index", ["transaction"]),
    };
    const own = { ...engineDeps, ...ports };
    this.#runs += 1;
    return {
      ...ports,
      kept: ports.remote,
      store: await this.openStore(),
      engine: countdown.on(openEngine(own), "engine"),
      hooks: () => noHooks,
      rollback: {
        isRolledBack: async () => (await checkRollback(own)) !== undefined,
        leftOutOfKeep: () => leftOutOfKeep(own),
        accept: (choice) => acceptGeneration(own, choice),
      },
      capture: (request, work) =>
        countdown.run("capture", async () => {
          const { side, label } = request;
          const store = await this.openStore();
          const options = { reason: "before-restore", label, force: true } as const;
          return store.capture(this.#source({ ...request, side }), { ...options, ...work });
        }),
      scope: () => Promise.resolve(this.#outside()),
      ignored: () => Promise.resolve(this.#outside()),
      rules: () => Promise.resolve("r"),
      ...(this.units && { units: countdown.on(this.units(world.local.top), "units") }),
      workspace: engineDeps.config.workspace,
      link: { account: engineDeps.config.account, folder: "/Linked" },
      device: "box",
      clock: world.clock,
      rng: seededRng(1_000 + this.#runs),
      onEvent: (event) => this.events.push(event),
    };
  }

  #outside(): Outside {
    const file = this.world.local.at(".mignore");
    const rules = fs.existsSync(file) ? rulesOf(fs.readFileSync(file, "utf8")) : noRules();
    return (place, kind) =>
      isAlwaysOutside(place) || rules.ignores(place, kind === "folder" ? "folder" : "file");
  }

  #source(
    { side, paths }: SafetyRequest,
    isOutside: Outside = this.#outside(),
  ): ReturnType<typeof localSource> {
    const { index, local, config } = this.world.deps;
    const facts: CaptureFacts = {
      workspace: { id: config.workspace, path: local.top, device: "box", host: "box" },
      side,
      rules: "r",
      sync: "clean",
      ...(paths === undefined ? {} : { paths }),
    };
    if (side === "remote") return remoteSource(index.remote, { facts });
    return localSource({ local, index, isOutside, isRepositorySynced: () => true, facts });
  }

  /** `snap restore S`, as one process. */
  async restore(
    request: Partial<RestoreRequest> & { readonly consent?: Consent } = {},
  ): Promise<RestoreReport> {
    const whole = { snapshot: "S", paths: [], consent: { by: "yes" } as const, ...request };
    return await restoreSnapshot(await this.deps(), whole);
  }

  async undo(
    request: { readonly skipChanged?: boolean; readonly restore?: string } = {},
  ): Promise<RestoreReport> {
    const { skipChanged = false, restore } = request;
    return await undoRestore(await this.deps(), { restore, skipChanged, consent: { by: "yes" } });
  }

  /** A new process, which recovers before it does anything else. */
  async restart(): Promise<readonly RestoreReport[]> {
    this.countdown = new Countdown();
    this.world.restart();
    return await this.recover();
  }

  async recover(): Promise<readonly RestoreReport[]> {
    return await recover(await this.deps(), {});
  }

  /** What snapshot `id` holds, as the world writes trees; folders are left out. */
  async contentOf(id: string | null): Promise<TreeText> {
    const lines: string[] = [];
    const store = await this.openStore();
    for await (const entry of store.entries(id ?? "")) {
      if (entry.type === "file") {
        lines.push(`${entry.path}: ${this.world.contents.show(entry.hash ?? "")}`);
      }
    }
    return lines.toSorted().join("\n");
  }

  /** What holds after every restore: a sync has nothing to do, and nothing of ours is left lying about. */
  async assertQuiet(): Promise<void> {
    const { world } = this;
    const before = world.local.picture();
    world.wire.forget();
    await world.engine.sync();
    expect(world.wire.writes(), "a sync makes no writing call").toEqual([]);
    expect(world.local.picture(), "a sync changes nothing").toBe(before);
    expect([...world.local.own("staging").keys()], "staging").toEqual([]);
    expect(world.deps.journal.fence(), "the fence").toBeUndefined();
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.world[Symbol.asyncDispose]();
    fs.rmSync(this.storePath, { recursive: true, force: true });
  }
}
