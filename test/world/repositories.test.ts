/** A14, A15 in random worlds: repositories come, move and go on either side, and are nobody's but their user's (G1, G20, G47). */
import { expect, test } from "vitest";
import { isSnapError } from "../../src/std/error.ts";
import { runsOf } from "../property/random-cases.ts";
import { memoryWorld } from "../support/world-memory.ts";
import { Killed } from "../support/world-ports.ts";
import { Repositories } from "../support/world-repositories.ts";
import { Chance, disturbedCalls, sidesOf, step } from "../support/world-users.ts";
import { World } from "../support/world.ts";

/** `SNAP_SEED=<first>:<count>` runs others, `SNAP_RUNS_PART=0.01` a hundred times as many. */
const [firstSeed = 1, seedCount = runsOf(5)] = (process.env["SNAP_SEED"] ?? "")
  .split(":")
  .flatMap((text) => (text === "" ? [] : [Number(text)]));

const dayMs = 86_400_000;
const roundsEach = 5;
const stepsEach = 4;

/** A world, and who has which repositories. */
class Stage {
  readonly world: World;
  readonly chance: Chance;
  readonly here: Repositories;
  readonly there: Repositories;

  readonly repos: "refuse" | "exclude";

  constructor(world: World, repos: "refuse" | "exclude", chance: Chance) {
    const { local, remote } = sidesOf(world);
    this.world = world;
    this.repos = repos;
    this.chance = chance;
    this.here = new Repositories(local, chance, ["git init", "git clone", "bare", "slow"]);
    this.there = new Repositories(remote, chance, ["git init", "git clone", "bare"]);
  }

  /** Somebody does something, with a repository or beside them. */
  async act(): Promise<void> {
    const { chance, here, there } = this;
    const side = chance.below(3) === 0 ? there : here;
    if (chance.below(2) === 0) await side.step();
    else await step((chance.below(2) === 0 ? here : there).beside, chance);
  }

  /** Somebody acts while the engine is at work, or its process dies. */
  disturb(): void {
    const { chance, world } = this;
    const method = chance.pick([...disturbedCalls, "local.list", "local.open"]) ?? "remote.upload";
    const when = chance.below(2) === 0 ? "before" : "after";
    const isKill = chance.below(4) === 0;
    world.hooks[when](method, () => (isKill ? world.hooks.kill() : this.act()));
  }

  async syncThrough(): Promise<void> {
    try {
      await this.world.syncOnce();
    } catch (error) {
      if (!(error instanceof Killed) && !isSnapError(error)) throw error;
      this.world.restart();
    }
  }

  /** No file of a repository is on the side that it did not come from, and none is gone or torn. */
  async assertApart(): Promise<void> {
    const { world, here, there } = this;
    expect(here.among(await world.remote.all()), "of a repository here, on the server").toEqual([]);
    expect(there.among(world.local.tree()), "of a repository there, on the disk").toEqual([]);
    for (const area of ["trash", "staging"] as const) {
      const taken = [...here.among(world.local.own(area)), ...there.among(world.local.own(area))];
      expect(taken, `of a repository, in ${area}`).toEqual([]);
    }
    expect(await here.harmed(), "repositories here").toEqual([]);
    expect(await there.harmed(), "repositories there").toEqual([]);
  }

  /** What is beside them goes on. */
  async assertSiblings(round: number): Promise<void> {
    const { world, chance } = this;
    const [ours, theirs] = [chance.token(), chance.token()];
    world.local.write(`sibling ${round}`, ours);
    await world.remote.write(`sibling there ${round}`, theirs);
    const places = await this.here.toHold(this.repos);
    await world.sync();
    expect(await this.here.toHold(this.repos), "places of what is held here").toEqual(places);
    expect(world.local.read(`sibling there ${round}`)).toBe(theirs);
    expect((await world.remote.bytes(`sibling ${round}`)).toString()).toBe(ours);
    await this.#assertTold();
  }

  /** Each repository that is not left out is held, and told. */
  async #assertTold(): Promise<void> {
    const { world, here, there, repos } = this;
    const { left } = await world.syncOnce();
    const holds = left.filter(({ kind }) => kind === "hold").map(({ path }) => path);
    const toHold = [...(await here.toHold(repos)), ...(await there.toHold(repos))];
    const untold = toHold.filter(
      (folder) =>
        !holds.some((path) => `${folder}/`.toLowerCase().startsWith(`${path}/`.toLowerCase())),
    );
    expect(untold, `not among the holds ${holds.join(", ")}`).toEqual([]);
  }
}

function filesOnly(text: string): string {
  const lines = text.split("\n");
  return lines.filter((line) => !line.endsWith("/")).join("\n");
}

const seeds = Array.from({ length: seedCount }, (_, at) => firstSeed + at);

test.each(
  seeds.flatMap((seed) => [
    { repos: "refuse", seed } as const,
    { repos: "exclude", seed } as const,
  ]),
)(
  "A14, A15: under $repos nothing of a repository moves, and all else does, seed $seed",
  async ({ repos, seed }) => {
    const chance = new Chance(seed);
    const options = { ...memoryWorld(), config: { repos } };
    await using world = await World.synced("a/b: 0\na/c/d: 00\nb: 000\nc/", options);
    // As late as on the disk: what is new there is (G23).
    world.clock.advance(dayMs);
    const stage = new Stage(world, repos, chance);
    for (let round = 0; round < roundsEach; round += 1) {
      for (let count = 0; count < stepsEach; count += 1) await stage.act();
      if (chance.below(2) === 0) stage.disturb();
      await stage.syncThrough();
      await stage.assertApart();
      world.restart();
      await stage.assertSiblings(round);
      await stage.assertApart();
    }
    world.restart();
    await stage.here.endAll();
    await stage.there.endAll();
    await world.sync();
    const { left } = await world.syncOnce();
    expect(left.filter(({ kind }) => kind !== "unsynced")).toEqual([]);
    expect(filesOnly(world.localText())).toBe(filesOnly(await world.remoteText()));
    await world.assertAlways();
  },
);
