import { expect, test } from "vitest";
import { isSnapError } from "../../src/std/error.ts";
import { Killed } from "../support/world-ports.ts";
import { Chance, disturbedCalls, sidesOf, step } from "../support/world-users.ts";
import { World } from "../support/world.ts";

/** One more than this number of seeds is run by `SNAP_SEED=<first>:<count>`. */
const [firstSeed = 1, seedCount = 12] = (process.env["SNAP_SEED"] ?? "")
  .split(":")
  .flatMap((text) => (text === "" ? [] : [Number(text)]));

const roundsEach = 5;
const stepsEach = 5;

/** Users that act, and processes that die, while the engine is at work. */
function disturb(world: World, chance: Chance): void {
  const sides = sidesOf(world);
  const method = chance.pick(disturbedCalls) ?? "local.perform";
  const when = chance.below(2) === 0 ? "before" : "after";
  const what = chance.below(3);
  if (what === 0) world.hooks[when](method, () => world.hooks.kill());
  if (what === 1) world.hooks[when](method, () => step(sides.local, chance));
  if (what === 2) world.hooks[when](method, () => step(sides.remote, chance));
}

async function syncThrough(world: World): Promise<void> {
  try {
    await world.syncOnce();
  } catch (error) {
    if (!(error instanceof Killed) && !isSnapError(error)) throw error;
    world.restart();
  }
}

const seeds = Array.from({ length: seedCount }, (_, at) => firstSeed + at);

test.each(seeds)(
  "P1, P4: whatever users do and wherever the process dies, seed %i",
  async (seed) => {
    const chance = new Chance(seed);
    await using world = await World.synced("a/b: 0\na/c/d: 00\nb: 000\nc/");
    const sides = sidesOf(world);
    for (let round = 0; round < roundsEach; round += 1) {
      for (let count = 0; count < stepsEach; count += 1) {
        await step(chance.below(2) === 0 ? sides.local : sides.remote, chance);
      }
      disturb(world, chance);
      await syncThrough(world);
    }
    world.restart();
    await world.sync();
    expect(await world.both()).toBeDefined();
    await world.assertAlways();
  },
);
