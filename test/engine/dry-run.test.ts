/** S52: a plan that is only looked at. */
import { DatabaseSync } from "node:sqlite";
import { readdirSync } from "node:fs";
import path from "node:path";
import { expect, test } from "vitest";
import type { Op } from "../../src/core/plan/op.ts";
import { isWriteOp } from "../../src/core/plan/op.ts";
import { countDry, planDry } from "../../src/engine/dry-run.ts";
import { observeBoth } from "../../src/engine/observe.ts";
import { Parking } from "../../src/engine/parking.ts";
import { recover } from "../../src/engine/recover/recover.ts";
import { Tally } from "../../src/engine/report.ts";
import { runRound } from "../../src/engine/round.ts";
import { randomFraction, seededRng } from "../../src/std/random.ts";
import { World } from "../support/world.ts";

const small = { nodesMax: 2 };

/** Every row of every table, the counter of node ids too. */
function rowsOf({ indexFile }: World): unknown {
  using database = new DatabaseSync(indexFile, { readOnly: true });
  const tables = database.prepare("SELECT name FROM sqlite_schema WHERE type = 'table'").all();
  return tables.map(({ name }) => [
    name,
    database.prepare(`SELECT * FROM "${String(name)}"`).all(),
  ]);
}

/** Both sides hold a tree, and each has changed it; no two changes are in conflict. */
async function changed(): Promise<World> {
  const world = await World.synced(
    "a/1: 1\na/2: 2\nb/3: 3\nb/c/4: 4\nb/c/5: 5\nd/6: 6\n7: 7\n8: 8",
  );
  world.local.move("a", "b/moved");
  world.local.write("7", "edited here");
  world.local.write("new/e/9", "9");
  world.local.remove("d");
  await world.remote.write("8", "edited there");
  await world.remote.write("f/g/10", "10");
  await world.remote.move("b/c", "h");
  await world.remote.remove("b/3");
  return world;
}

/** Both sides have made other things of one: what steps aside gets an id that no tree had. */
async function inConflict(): Promise<World> {
  const world = await changed();
  world.local.write("both", "here");
  await world.remote.write("both", "there");
  world.local.write("x/both", "here");
  await world.remote.write("x/both", "there");
  world.local.write("8", "edited here, too");
  return world;
}

const textOf = ({ kind, path: shown }: Op): string => `${kind} ${shown}`;

test("S52: a plan that is looked at in slices changes no row of any table, nor a count of them", async () => {
  await using world = await inConflict();
  const observed = await observeBoth(world.deps, {});
  const rows = rowsOf(world);
  const told: string[] = [];
  await planDry(world.deps, observed, {
    ...small,
    onOps: (ops) => void told.push(...ops.map(textOf)),
  });
  expect(told.filter((line) => line.startsWith("L.aside"))).toHaveLength(3);
  expect(rowsOf(world)).toEqual(rows);
  expect(await countDry(world.deps, observed, small)).toBe(told.length);
  expect(rowsOf(world)).toEqual(rows);
  expect(readdirSync(path.dirname(world.indexFile)).filter((name) => /cover/u.test(name))).toEqual(
    [],
  );
});

test("S52: a sync after looks in the same process makes of both sides what it makes of them without", async () => {
  const ends: string[] = [];
  for (const looks of [0, 2]) {
    await using world = await inConflict();
    for (let look = 0; look < looks; look += 1) {
      const observed = await observeBoth(world.deps, {});
      await planDry(world.deps, observed, small);
      await countDry(world.deps, observed, small);
    }
    const { counts } = await world.sync(0);
    ends.push(`${JSON.stringify(counts)}\n${await world.both()}`);
    await world.assertAlways();
  }
  expect(ends[1]).toBe(ends[0]);
});

test("S52: an error in the middle of it, or its end by a signal, leaves the index as it was", async () => {
  await using world = await changed();
  const observed = await observeBoth(world.deps, {});
  const rows = rowsOf(world);
  let slices = 0;
  const failing = (): void => {
    slices += 1;
    if (slices === 3) throw new Error("the listener fails");
  };
  await expect(planDry(world.deps, observed, { ...small, onOps: failing })).rejects.toThrow(
    "the listener fails",
  );
  expect(rowsOf(world)).toEqual(rows);
  const stop = new AbortController();
  const { signal } = stop;
  let told = 0;
  const stopping = (): void => {
    told += 1;
    if (told === 2) stop.abort();
  };
  const stopped = { ...small, signal, onOps: stopping };
  await expect(planDry(world.deps, observed, stopped)).rejects.toMatchObject({
    code: "interrupted",
  });
  expect(told).toBe(2);
  await expect(countDry(world.deps, observed, { ...small, signal })).rejects.toMatchObject({
    code: "interrupted",
  });
  expect(rowsOf(world)).toEqual(rows);
  await world.sync(0);
  await world.assertAlways();
});

test("S107: other work has a turn between two slices", async () => {
  await using world = await changed();
  const observed = await observeBoth(world.deps, {});
  let slices = 0;
  let turns = 0;
  await planDry(world.deps, observed, {
    ...small,
    onOps: () => {
      expect(turns).toBe(slices);
      slices += 1;
      setImmediate(() => (turns += 1));
    },
  });
  expect(slices).toBeGreaterThan(2);
});

const names = ["a", "b", "c", "d/a", "d/b", "e/a", "e/f/a", "e/f/b", "g"] as const;

/** A few changes to either side, never to the same of both. */
async function change(world: World, seed: number): Promise<void> {
  const rng = seededRng(seed);
  for (const [place, name] of names.entries()) {
    const choice = Math.floor(randomFraction(rng) * 9);
    const to = `${choice % 2 === 0 ? "e/" : ""}to ${place}`;
    if (choice === 1) world.local.write(name, `here ${seed}`);
    else if (choice === 2) await world.remote.write(name, `there ${seed}`);
    else if (choice === 3) world.local.move(name, to);
    else if (choice === 4) await world.remote.move(name, to);
    else if (choice === 5) world.local.remove(name);
    else if (choice === 6) await world.remote.remove(name);
    else if (choice === 7) world.local.write(`new/${place}`, name);
  }
}

test.each(Array.from({ length: 12 }, (_, place) => place + 1))(
  "S52: what a dry run tells is what the sync does (seed %i)",
  async (seed) => {
    await using world = await World.synced(names.map((name) => `${name}: ${name}`).join("\n"));
    await change(world, seed);
    await recover(world.deps);
    const observed = await observeBoth(world.deps, {});
    const told: string[] = [];
    const onOps = (ops: readonly Op[]): void =>
      void told.push(...ops.filter(isWriteOp).map(textOf));
    await planDry(world.deps, observed, { ...small, onOps });
    const done: string[] = [];
    await runRound(world.deps, observed, {
      tally: new Tally({}),
      parking: new Parking(world.deps),
      work: {},
      plans: small,
      run: { onResult: (op) => void (isWriteOp(op) && done.push(textOf(op))) },
    });
    expect(told.toSorted()).toEqual(done.toSorted());
    await world.sync(0);
    await world.assertAlways();
  },
);
