/** S45 in the engine: everything is worked off slice by slice after one look at both sides. */
import { expect, test } from "vitest";
import type { Op } from "../../src/core/plan/op.ts";
import { countDry, planDry } from "../../src/engine/dry-run.ts";
import type { EngineDeps } from "../../src/engine/engine-deps.ts";
import { Plans } from "../../src/engine/make-plan.ts";
import { observeBoth } from "../../src/engine/observe.ts";
import { Parking } from "../../src/engine/parking.ts";
import { recover } from "../../src/engine/recover/recover.ts";
import { Tally } from "../../src/engine/report.ts";
import { runRound, type RoundEnd } from "../../src/engine/round.ts";
import { World } from "../support/world.ts";

const plans = { nodesMax: 1 };

/** One look, and all that follows from it, one node at a time. */
async function oneRound(deps: EngineDeps): Promise<RoundEnd> {
  const work = {};
  const observed = await observeBoth(deps, work);
  return await runRound(deps, observed, {
    tally: new Tally(work),
    parking: new Parking(deps),
    work,
    plans,
  });
}

const generationOf = (world: World): number => Number(world.index.meta("generation") ?? 0);

test("S45: slices of one node bring a new tree up after one look, in one generation", async () => {
  await using world = await World.synced("old/a: 0\nold/b: 1\nc: 2");
  const before = generationOf(world);
  world.local.write("d/e/f", "1");
  world.local.write("d/g", "2");
  world.local.write("c", "3");
  world.local.move("old", "new");
  await recover(world.deps);
  expect((await oneRound(world.deps)).isLast).toBe(false);
  expect(await world.both()).toBe("c: 3\nd/e/f: 1\nd/g: 2\nnew/a: 0\nnew/b: 1");
  expect(generationOf(world)).toBe(before + 1);
  expect((await oneRound(world.deps)).isLast).toBe(true);
});

test("S45: what is clean has lost its mark, and nothing else has", async () => {
  await using world = await World.synced("a: 0\nd/b: 1");
  await oneRound(world.deps);
  expect(world.index.dirtyCount()).toBe(0);
  world.local.write("a", "2");
  const observed = await observeBoth(world.deps, {});
  const planned = new Plans(world.deps, observed).next();
  expect(planned?.ops.map(({ kind }) => kind)).toEqual(["R.put"]);
  expect(world.index.dirtyCount()).toBe(1);
});

test("S52: a dry run in slices of one node says what one in a single slice says, and writes nothing", async () => {
  await using world = await World.synced("old/a: 0\nc: 2");
  world.local.write("d/e/f", "1");
  world.local.write("c", "3");
  world.local.move("old", "d/new");
  const observed = await observeBoth(world.deps, {});
  const marks = world.index.dirtyCount();
  const text = async (options = {}): Promise<readonly string[]> => {
    const told: string[] = [];
    const onOps = (ops: readonly Op[]): void =>
      void told.push(...ops.map(({ kind, path }) => `${kind} ${path}`));
    await planDry(world.deps, observed, { ...options, onOps });
    return told.toSorted();
  };
  const whole = await text();
  expect(await text(plans)).toEqual(whole);
  expect(whole).toHaveLength(5);
  expect(await countDry(world.deps, observed, plans)).toBe(5);
  expect(world.index.dirtyCount()).toBe(marks);
});

test("S77: while removals are frozen they wait, and are not lost", async () => {
  await using world = await World.synced("a: 0\nb: 1\nc: 2");
  world.local.remove("a");
  world.local.write("b", "9");
  world.index.transaction(() => world.index.setMeta("removals_frozen", "1"));
  const observed = await observeBoth(world.deps, {});
  const frozen = new Plans(world.deps, observed);
  const planned = frozen.next();
  expect(planned?.ops.map(({ kind }) => kind)).toEqual(["R.put", "R.delete"]);
  expect([...(planned?.waiting ?? [])].map(({ kind }) => kind)).toEqual(["R.delete"]);
  expect(frozen.waits).toBe(true);
  expect(frozen.isWhole).toBe(false);
  world.index.transaction(() => world.index.setMeta("removals_frozen", undefined));
  const thawed = new Plans(world.deps, observed);
  expect(thawed.next()?.ops.map(({ kind }) => kind)).toEqual(["R.put", "R.delete"]);
});
