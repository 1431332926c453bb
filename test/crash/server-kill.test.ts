import { mkdtempSync, rmSync } from "node:fs";
import os from "node:os";
import path from "node:path";
import { expect, test } from "vitest";
import { openServer } from "../../src/server/serve.ts";
import { seededRng, systemRng } from "../../src/std/random.ts";
import { systemClock } from "../../src/std/time.ts";
import { CrashAudit, unnamedFiles } from "./crash-audit.ts";
import { isWithin, treeText } from "./crash-tree.ts";
import type { CrashTree } from "./crash-tree.ts";
import { CrashWriter } from "./crash-writer.ts";
import type { Chance } from "./crash-writer.ts";
import { WaitingChild } from "./server-life.ts";
import type { Death, ServerLife } from "./server-life.ts";

/** `SNAP_CRASH_SEED` and `SNAP_CRASH_KILLS` repeat a run, or make a longer one. */
const seed = Number(process.env["SNAP_CRASH_SEED"] ?? "1");
const kills = Number(process.env["SNAP_CRASH_KILLS"] ?? "80");
const writersMax = 8;
/** Every content is read again after so many kills. */
const readAllEvery = 20;

function chanceOf(from: number): Chance {
  const rng = seededRng(from);
  const word = (): number => rng.bytes(4).reduce((sum, byte) => sum * 256 + byte, 0);
  return { below: (bound) => (bound === 0 ? 0 : word() % bound) };
}

const greatest = { sent: 40, answered: 30, bytes: 12 * 1024 * 1024 } as const;

function deathOf(chance: Chance): Death {
  const by = (["sent", "answered", "bytes"] as const)[chance.below(3)] ?? "sent";
  const dayAt = chance.below(6) === 0 ? 1 + chance.below(10) : 0;
  return { by, count: 1 + chance.below(greatest[by]), turns: chance.below(24), dayAt };
}

/** The writers together, and what a killed server must still have of their work. */
class CrashRun implements AsyncDisposable {
  readonly folder: string = mkdtempSync(path.join(os.tmpdir(), "snap-kill-"));
  readonly #chance = chanceOf(seed);
  readonly #writers = Array.from(
    { length: writersMax },
    (_, number) => new CrashWriter(number, chanceOf(seed * 1000 + number)),
  );
  readonly #audit = new CrashAudit(this.folder);
  #next = new WaitingChild();
  #serving: WaitingChild | undefined;
  #aheadMs = 0;

  get acknowledged(): number {
    return this.#writers.reduce((sum, { acknowledged }) => sum + acknowledged, 0);
  }

  /** Serve, check what the last life left, write, and be killed. */
  async live(number: number): Promise<void> {
    const life = await this.#serve();
    await this.#check(life, number % readAllEvery === 0);
    life.willDie(deathOf(this.#chance));
    const active = 1 + this.#chance.below(writersMax);
    const writers = this.#writers.filter((_, writer) => (writer + number) % writersMax < active);
    await Promise.all(writers.map((writer) => writer.run(life)));
    await life.gone();
    this.#aheadMs = life.aheadMs;
  }

  /** What the last kill left, everything read again. */
  async checkAll(): Promise<void> {
    const life = await this.#serve();
    await this.#check(life, true);
    life.willDie({ by: "answered", count: 1, turns: 0, dayAt: 0 });
    await life.rpc("check/user", { query: "" });
    await life.gone();
  }

  /** Open the folder in this process a day later and close it, which sweeps. */
  async sweep(): Promise<void> {
    this.#aheadMs += 2 * 24 * 60 * 60 * 1000;
    const clock = { ...systemClock, now: () => systemClock.now() + this.#aheadMs };
    const server = await openServer({ data: this.folder, clock, rng: systemRng });
    await server.close();
  }

  async #serve(): Promise<ServerLife> {
    this.#serving = this.#next;
    // The next one loads the program while this one serves.
    this.#next = new WaitingChild();
    return await this.#serving.serve(this.folder, this.#aheadMs);
  }

  async #check(life: ServerLife, all: boolean): Promise<void> {
    const actual = await this.#audit.check(life, { all });
    for (const writer of this.#writers) {
      const own = new Map([...actual].filter(([where]) => isWithin(where, writer.folder)));
      expectOneOf(own, [writer.tree, writer.pending]);
      await writer.recover(life, own);
    }
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await Promise.all([this.#serving?.end(), this.#next.end()]);
    rmSync(this.folder, { recursive: true, force: true });
  }
}

/** Everything that was acknowledged, and the call without an answer wholly or not at all. */
function expectOneOf(actual: CrashTree, possible: readonly (CrashTree | undefined)[]): void {
  const texts = possible.flatMap((tree) => (tree === undefined ? [] : [treeText(tree)]));
  if (!texts.includes(treeText(actual))) expect(treeText(actual)).toBe(texts[0]);
}

test(
  `V13: ${kills} kills lose nothing that was acknowledged and leave no half of anything (seed ${seed})`,
  { timeout: 20 * 60_000 },
  async () => {
    await using run = new CrashRun();
    for (let number = 0; number < kills; number += 1) await run.live(number);
    await run.checkAll();
    expect(run.acknowledged).toBeGreaterThan(kills * 3);
    await run.sweep();
    expect(unnamedFiles(run.folder)).toEqual([]);
    await run.checkAll();
  },
);
