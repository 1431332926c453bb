import { randomFraction, seededRng } from "../../../src/std/random.ts";
import type { DiskCode } from "./disk-error.ts";
import { settleWorld } from "./settling.ts";
import type { Fate, SimClient } from "./sim-client.ts";
import { SimWorld } from "./sim-world.ts";

/** A kind of world that a seed makes: synced now and then, or by clients that are always on. */
export type WorldLayer = "simulation" | "always-on";

/** What came of one seed. */
export type Outcome = {
  readonly layer: WorldLayer;
  readonly seed: number;
  /** What is wrong; empty if nothing is. */
  readonly problems: readonly string[];
  readonly timeline: readonly string[];
  /** Equal for two runs of one seed. */
  readonly digest: string;
  readonly steps: number;
  readonly syncs: number;
};

const stepsMin = 20;
const stepsSpan = 81;
/** Each step has a seed of its own, so that leaving one out does not change what the others choose. */
const stepsPrime = 7_919;
const dayMs = 86_400_000;
/** More days in one direction would empty the trash (P1). */
const jumpsMax = 10;
/** At most so many calls settle before the next step. */
const settledMax = 40;
/** Calls that change the disk before which users may act; a sync makes a dozen or two. */
const racesMax = 16;
const diskCodes: readonly DiskCode[] = ["ENOSPC", "EIO", "EACCES", "EMFILE", "EXDEV"];

/** A world from a seed, lived through step by step (S109–S113). */
export class Simulation {
  readonly seed: number;
  readonly #world: SimWorld;
  readonly #skipped: ReadonlySet<number>;
  #jumps = 0;
  #steps = 0;

  /** @param skipped steps that are left out, so that a failing seed can be made shorter */
  constructor(seed: number, skipped: ReadonlySet<number> = new Set()) {
    this.seed = seed;
    this.#skipped = skipped;
    this.#world = new SimWorld(seed);
  }

  async run(): Promise<Outcome> {
    const { problems, clients, scheduler } = this.#world;
    try {
      await this.#live();
    } catch (error) {
      const text = error instanceof Error ? (error.stack ?? error.message) : String(error);
      problems.push(`thrown: ${text}`);
    }
    const outcome = {
      layer: "simulation",
      seed: this.seed,
      problems: [...new Set(problems)],
      timeline: scheduler.timeline,
      digest: this.#world.digest(),
      steps: this.#steps,
      syncs: clients.reduce((sum, { syncs }) => sum + syncs, 0),
    } as const;
    for (const client of clients) client.open.close();
    return outcome;
  }

  async #live(): Promise<void> {
    const { dice } = this.#world;
    await this.#begin();
    const steps = stepsMin + Math.floor(stepsSpan * randomFraction(dice.rng) ** 2);
    for (; this.#steps < steps; this.#steps += 1) {
      dice.reseed(seededRng(this.seed * stepsPrime + this.#steps));
      if (!this.#skipped.has(this.#steps)) await this.#step();
    }
    dice.reseed(seededRng(this.seed * stepsPrime + this.#steps));
    await settleWorld(this.#world);
  }

  /** A few files, linked; mostly equal on both sides. */
  async #begin(): Promise<void> {
    const { cloud, cloudUser, ledger, dice, clients, epoch } = this.#world;
    cloud.makeRoot();
    cloudUser.write("keep.txt", ledger.token(10));
    for (let count = dice.below(5); count > 0; count -= 1) cloudUser.act();
    for (const client of clients) await client.link();
    // Sides that were never equal have no common past (S44).
    epoch.forgets();
    if (dice.chance(0.7)) await settleWorld(this.#world);
    else for (const client of clients) this.#world.act(client);
  }

  async #step(): Promise<void> {
    const { dice, scheduler, clients } = this.#world;
    const roll = dice.below(100);
    const client = dice.pick(clients);
    if (roll < 46) this.#world.act(client);
    else if (roll < 66) this.#world.actRemotely();
    else if (roll < 86) this.#start(client);
    else if (roll < 91) this.#disturb(client);
    else if (roll < 95) this.#change();
    else if (roll < 96) await settleWorld(this.#world);
    else scheduler.advance(dice.below(5_000));
    for (let count = dice.below(settledMax); count > 0; count -= 1) {
      if (!(await scheduler.step())) break;
    }
    scheduler.advance(dice.below(400));
  }

  #start(client: SimClient): void {
    if (client.isRunning) return;
    const { dice, scheduler } = this.#world;
    const fate: Fate = {
      killAt: dice.chance(0.12) ? 1 + dice.below(600) : 0,
      failAt: dice.chance(0.12) ? 1 + dice.below(500) : 0,
      code: dice.pick(diskCodes),
      raceAt: dice.chance(0.5) ? 1 + dice.below(racesMax) : 0,
    };
    scheduler.note(`${client.name} syncs`);
    client.start(fate);
  }

  #disturb(client: SimClient): void {
    const { dice, scheduler, epoch } = this.#world;
    if (client.isRunning) {
      const isCut = dice.chance(0.5);
      scheduler.note(`${client.name} ${isCut ? "loses its power" : "is killed"}`);
      if (isCut) client.cutPower();
      else client.kill();
    } else if (dice.chance(0.3)) {
      scheduler.note(`${client.name} loses its index`);
      client.loseIndex();
      epoch.forgets();
    }
  }

  /** The way to the server, the room there, or the clocks. */
  #change(): void {
    const { dice, weather, cloud, scheduler } = this.#world;
    const roll = dice.below(10);
    if (roll < 4) weather.storm = 0.08;
    else if (roll < 8) weather.storm = 0;
    else if (roll < 9) cloud.roomBytes = dice.pick([0, 60]);
    else if (this.#jumps < jumpsMax) {
      this.#jumps += 1;
      scheduler.advance(dice.chance(0.5) ? dayMs : -dayMs);
      scheduler.note("the clocks jump by a day");
    }
  }
}
