import { present } from "../../../src/std/assert.ts";
import { randomFraction, seededRng } from "../../../src/std/random.ts";
import type { DiskCode } from "./disk-error.ts";
import { LiveRun } from "./live-run.ts";
import { MemoryWatcher, type Watchfulness } from "./memory-watcher.ts";
import { differences, settleWorld } from "./settling.ts";
import type { Fate, SimClient } from "./sim-client.ts";
import type { Outcome } from "./simulation.ts";
import { SimWorld } from "./sim-world.ts";

const stepsMin = 20;
const stepsSpan = 81;
const stepsPrime = 7_919;
/** At most so many calls settle before the next step. */
const settledMax = 60;
/** Nobody sleeps through a step for longer than this, ms. */
const stepMs = 3_000;
/** Within this time a calm world whose watchers tell of everything is equal, without a look at everything (P4), ms. */
const restMs = 1_500_000;
const callsMax = 40_000;
const racesMax = 40;
/** Acts of the users once all is calm. */
const calmActs = 12;
const calmFate: Fate = { killAt: 0, failAt: 0, code: "EIO", raceAt: 0 };
const diskCodes: readonly DiskCode[] = ["ENOSPC", "EIO", "EACCES", "EMFILE", "EXDEV"];

/** A world from a seed whose clients are always on, with watchers that are as good or as bad as the seed says (S2, S111). */
export class LiveSimulation {
  readonly seed: number;
  /** How often the engines were found with nothing left to do, and the sides compared. */
  judged = 0;
  readonly #world: SimWorld;
  readonly #watchers: readonly MemoryWatcher[];
  readonly #watchfulness: Watchfulness;
  readonly #skipped: ReadonlySet<number>;
  #runs: LiveRun[] = [];
  #steps = 0;
  #looks = 0;

  constructor(seed: number, skipped: ReadonlySet<number> = new Set()) {
    this.seed = seed;
    this.#skipped = skipped;
    this.#world = new SimWorld(seed);
    const { dice, clients } = this.#world;
    this.#watchfulness = {
      late: dice.pick([0, 0, 0.3, 0.8]),
      dropped: dice.pick([0, 0, 0, 0.2]),
      lost: dice.pick([0, 0, 0.02]),
    };
    this.#watchers = clients.map(
      (client) =>
        new MemoryWatcher(client.volume, {
          top: () => client.user.find(client.top, "look").node,
          dice,
          watchfulness: this.#watchfulness,
        }),
    );
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
      layer: "always-on",
      seed: this.seed,
      problems: [...new Set(problems)],
      timeline: scheduler.timeline,
      digest: this.#world.digest(),
      steps: this.#steps,
      syncs: this.#looks,
    } as const;
    for (const client of clients) client.open.close();
    return outcome;
  }

  async #live(): Promise<void> {
    const { dice, cloud, cloudUser, ledger, clients, epoch } = this.#world;
    cloud.makeRoot();
    cloudUser.write("keep.txt", ledger.token(10));
    for (const client of clients) await client.link();
    epoch.forgets();
    if (dice.chance(0.7)) await settleWorld(this.#world);
    for (const client of clients) this.#start(client);
    const steps = stepsMin + Math.floor(stepsSpan * randomFraction(dice.rng) ** 2);
    for (; this.#steps < steps; this.#steps += 1) {
      dice.reseed(seededRng(this.seed * stepsPrime + this.#steps));
      if (!this.#skipped.has(this.#steps)) await this.#step();
    }
    dice.reseed(seededRng(this.seed * stepsPrime + this.#steps));
    await this.#comeToRest();
    await this.#liveCalmly();
    await this.#comeToRest();
    for (const run of this.#runs) await this.#end(run);
    await settleWorld(this.#world);
  }

  async #step(): Promise<void> {
    const { dice, scheduler, clients } = this.#world;
    const roll = dice.below(100);
    const client = dice.pick(clients);
    if (roll < 58) this.#world.act(client);
    else if (roll < 78) this.#world.actRemotely();
    else if (roll < 84) await this.#turn(client);
    else if (roll < 88) this.#disturb(client);
    else if (roll < 92) this.#world.weather.storm = dice.pick([0, 0.08]);
    else scheduler.advance(dice.below(5_000));
    for (const watcher of this.#watchers) watcher.deliver(0.3);
    const latest = scheduler.now() + stepMs;
    for (let count = dice.below(settledMax); count > 0; count -= 1) {
      if (!(await scheduler.step(latest))) break;
    }
    scheduler.advance(dice.below(400));
  }

  /** Stop what runs, in good order, or start what does not. */
  async #turn(client: SimClient): Promise<void> {
    const run = this.#runs.find((one) => one.client === client && one.isRunning);
    if (run === undefined) this.#start(client);
    else await this.#end(run);
  }

  #fate(): Fate {
    const { dice } = this.#world;
    return {
      killAt: dice.chance(0.1) ? 1 + dice.below(1_500) : 0,
      failAt: dice.chance(0.2) ? 1 + dice.below(1_500) : 0,
      code: dice.pick(diskCodes),
      raceAt: dice.chance(0.6) ? 1 + dice.below(racesMax) : 0,
    };
  }

  #start(client: SimClient, fate: Fate = this.#fate()): void {
    if (client.isRunning) return;
    const { scheduler, clients } = this.#world;
    scheduler.note(`${client.name} is on`);
    const watcher = present(this.#watchers[clients.indexOf(client)], "the watcher of a client");
    const run = new LiveRun(client, watcher);
    this.#runs = [...this.#runs.filter((one) => one.client !== client), run];
    run.start(fate);
  }

  async #end(run: LiveRun): Promise<void> {
    if (!run.isRunning) return;
    const { scheduler } = this.#world;
    scheduler.note(`${run.client.name} is off`);
    await scheduler.runUntilDone(run.end());
    this.#looks += run.reports;
  }

  #disturb(client: SimClient): void {
    if (!client.isRunning) return;
    const { dice, scheduler } = this.#world;
    const isCut = dice.chance(0.5);
    scheduler.note(`${client.name} ${isCut ? "loses its power" : "is killed"}`);
    if (isCut) client.cutPower();
    else client.kill();
  }

  /** Everybody is on and nothing fails: what happens now is found by looks at what was marked. */
  async #liveCalmly(): Promise<void> {
    const { dice, scheduler, clients } = this.#world;
    for (let act = 0; act < calmActs; act += 1) {
      if (dice.chance(0.7)) this.#world.act(dice.pick(clients));
      else this.#world.actRemotely();
      for (const watcher of this.#watchers) watcher.deliver(0.3);
      const latest = scheduler.now() + stepMs;
      for (let count = dice.below(settledMax); count > 0; count -= 1) {
        if (!(await scheduler.step(latest))) break;
      }
    }
  }

  /** All trouble ends, what is late arrives, and nobody does anything: the engines make everything equal by themselves. */
  async #comeToRest(): Promise<void> {
    const { scheduler } = this.#world;
    this.#calm();
    const latest = scheduler.now() + restMs;
    for (let calls = 0; calls < callsMax && (await scheduler.step(latest)); calls += 1) {
      for (const watcher of this.#watchers) watcher.deliver();
    }
    this.#judge();
  }

  #calm(): void {
    const { weather, cloud, users, clients } = this.#world;
    weather.storm = 0;
    cloud.roomBytes = Number.MAX_SAFE_INTEGER;
    for (const user of users) user.tidy();
    for (const watcher of this.#watchers) {
      watcher.deliver();
      // What was dropped is found by the next look at everything.
      if (this.#watchfulness.dropped > 0) watcher.marks?.lost("calm");
    }
    for (const run of this.#runs) run.nudge();
    for (const client of clients) this.#start(client, calmFate);
  }

  /** Where all engines run and have nothing left to do, the sides are equal. What waits for the user is for the user. */
  #judge(): void {
    const isHeld = ({ left }: LiveRun): boolean => left.some(({ kind }) => kind !== "unsynced");
    if (this.#runs.some((run) => !run.isRunning || isHeld(run))) return;
    this.judged += 1;
    for (const text of differences(this.#world)) {
      this.#world.problems.push(`P4: always on, not equal: ${text}`);
    }
  }
}
