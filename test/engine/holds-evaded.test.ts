/** S79, S82: what would take the removals of a mass out of sight of the guards, and must not. */
import { mkdirSync, rmSync, writeFileSync } from "node:fs";
import { expect, test } from "vitest";
import type { HoldRow } from "../../src/core/tree/index-rows.ts";
import { RoundGuard, type GuardedPlan } from "../../src/engine/guards/holds.ts";
import { Plans } from "../../src/engine/make-plan.ts";
import { observeBoth } from "../../src/engine/observe.ts";
import { present } from "../../src/std/assert.ts";
import { dryRunOf } from "../support/dry-run.ts";
import { World } from "../support/world.ts";

/** Sixty of 200 files are removed: a mass. With sixty more files, sixty are none. */
async function withMass(): Promise<World> {
  const world = await World.synced(`${many("d", 60)}\n${many("e", 136)}\nd/keep: k`);
  for (let file = 0; file < 60; file += 1) world.local.remove(`d/${file}`);
  return world;
}

function many(folder: string, count: number): string {
  return Array.from({ length: count }, (_, file) => `${folder}/${file}: ${folder} ${file}`).join(
    "\n",
  );
}

function addSixty(world: World): void {
  for (let file = 0; file < 60; file += 1) world.local.write(`f/${file}`, `f ${file}`);
}

const holdsOf = ({ deps }: World): readonly HoldRow[] => deps.holds.holds();

function confirmAll({ deps }: World): void {
  for (const row of deps.holds.holds()) deps.holds.putHold({ ...row, state: "confirmed" });
}

/** A repository that appears in a folder keeps all of the folder out of the plan. */
function appearIn(world: World, folder: string): void {
  for (const part of ["objects", "refs"]) {
    mkdirSync(world.local.at(`${folder}/.git/${part}`), { recursive: true });
  }
  writeFileSync(world.local.at(`${folder}/.git/HEAD`), "ref: refs/heads/main\n");
}

function disappear(world: World, folder: string): void {
  rmSync(world.local.at(`${folder}/.git`), { recursive: true });
}

const heldBack = { exit: 3, counts: { removedRemote: 0 } };

test("S79: a mass of removals is held in the sync that changes a rule, and stays held", async () => {
  await using world = await withMass();
  addSixty(world);
  world.local.write(".mignore", "*.tmp\n");
  expect(await world.syncOnce()).toMatchObject({
    exit: 3,
    counts: { removedRemote: 0, uploaded: 61 },
  });
  expect(await world.syncOnce()).toMatchObject(heldBack);
  expect(holdsOf(world)[0]?.items).toHaveLength(60);
  confirmAll(world);
  expect(await world.syncOnce()).toMatchObject({ exit: 0, counts: { removedRemote: 60 } });
  await world.assertAlways();
});

test("S77: a mass of removals that waits for a new index to be trusted is held before it is planned anew", async () => {
  await using world = await World.synced(`${many("d", 60)}\n${many("e", 136)}\nd/keep: k`);
  for (let file = 0; file < 60; file += 1) await world.remote.remove(`d/${file}`);
  addSixty(world);
  world.index.transaction(() => world.index.setMeta("removals_frozen", "1"));
  expect(await world.syncOnce()).toMatchObject({
    exit: 3,
    counts: { removedLocal: 0, uploaded: 60 },
  });
  expect(holdsOf(world)[0]?.items).toHaveLength(60);
});

test("S52: a dry run tells of a mass that waits for a rule", async () => {
  await using world = await withMass();
  world.local.write(".mignore", "*.tmp\n");
  const { ops, left } = await dryRunOf(world.engine);
  expect(ops.map(({ kind }) => kind)).toEqual(["R.put"]);
  expect(left).toMatchObject([{ kind: "hold", path: "d" }]);
});

test("S82: a hold stays while its folder cannot be planned, and holds on after that", async () => {
  await using world = await withMass();
  await world.syncOnce();
  const [hold] = holdsOf(world);
  appearIn(world, "d");
  await world.syncOnce();
  expect(holdsOf(world)).toEqual([present(hold, "a hold")]);
  addSixty(world);
  await world.syncOnce();
  disappear(world, "d");
  expect(await world.syncOnce()).toMatchObject(heldBack);
  expect(holdsOf(world)).toEqual([hold]);
});

test("S82: a confirmation outlives a sync that could not plan its set, and ends with one that did not", async () => {
  await using world = await withMass();
  await world.syncOnce();
  confirmAll(world);
  appearIn(world, "d");
  await world.syncOnce();
  expect(holdsOf(world)).toMatchObject([{ state: "confirmed" }]);
  disappear(world, "d");
  expect(await world.syncOnce()).toMatchObject({ exit: 0, counts: { removedRemote: 60 } });
  appearIn(world, "e");
  await world.syncOnce();
  expect(holdsOf(world)).toEqual([]);
});

test.each(["here", "on the server"])(
  "S82: a folder renamed %s does not take what is held below it along",
  async (side) => {
    await using world = await withMass();
    await world.syncOnce();
    const [before] = holdsOf(world);
    addSixty(world);
    expect(await world.syncOnce()).toMatchObject(heldBack);
    if (side === "here") world.local.move("d", "dd");
    else await world.remote.move("d", "dd");
    expect(await world.syncOnce()).toMatchObject(heldBack);
    expect(await world.syncOnce()).toMatchObject(heldBack);
    const [after, ...others] = holdsOf(world);
    expect(others).toEqual([]);
    expect(after?.items.map(({ node }) => node).toSorted()).toEqual(
      before?.items.map(({ node }) => node).toSorted(),
    );
    expect(after?.items[0]?.path).toMatch(/^dd\//);
    // A set of other places is another set.
    expect(after).toMatchObject({ madeAt: before?.madeAt });
    expect(after?.digest).not.toBe(before?.digest);
  },
);

test("S80: a confirmation is of the places that were shown", async () => {
  await using world = await withMass();
  await world.syncOnce();
  confirmAll(world);
  addSixty(world);
  await world.remote.move("d", "dd");
  expect(await world.syncOnce()).toMatchObject(heldBack);
  expect(holdsOf(world)).toMatchObject([{ state: "open" }]);
});

test("S82: a hold stays while the content of one of its files has still to be read", async () => {
  await using world = await World.synced(many("d", 25));
  for (let file = 0; file < 25; file += 1) world.local.write(`d/${file}`, `newer ${file}`);
  await world.sync();
  for (let file = 0; file < 25; file += 1) world.local.write(`d/${file}`, `d ${file}`);
  await world.syncOnce();
  const [hold] = holdsOf(world);
  const { index } = world;
  const row = present(index.local.get(hold?.items[0]?.node ?? 0), "a row");
  index.transaction(() => index.local.put({ ...row, hash: undefined }));
  new RoundGuard(world.deps).end(new Set());
  expect(holdsOf(world)).toEqual([present(hold, "a hold")]);
  index.transaction(() => index.local.put(row));
  new RoundGuard(world.deps).end(new Set());
  expect(holdsOf(world)).toEqual([]);
});

/** The removals of a mass, in slices of these sizes. */
async function inSlices(world: World, sizes: readonly number[]): Promise<readonly GuardedPlan[]> {
  const observed = await observeBoth(world.deps, {});
  const whole = present(new Plans(world.deps, observed).next(), "a plan");
  let from = 0;
  return sizes.map((size) => {
    from += size;
    return { ...whole, ops: whole.ops.slice(from - size, from) };
  });
}

/** So much comes up that sixty are no mass any more. */
function trackHundredMore({ index }: World): void {
  const row = present([...index.synced.all()].at(-1), "a row");
  index.transaction(() => {
    for (let more = 0; more < 100; more += 1) {
      index.synced.put({ ...row, node: index.newNode(), fileId: "" });
    }
  });
}

test("S79: what comes up in the first slices does not make a mass of the rest less", async () => {
  await using world = await withMass();
  const [first, second] = await inSlices(world, [45, 15]);
  const guard = new RoundGuard(world.deps);
  guard.census(new Set());
  expect(guard.pass(present(first, "a slice")).ops).toHaveLength(45);
  trackHundredMore(world);
  expect(guard.pass(present(second, "a slice")).ops).toEqual([]);
});

test("S79: what a later slice removes counts with what the ones before it do, as one set", async () => {
  await using world = await withMass();
  const slices = await inSlices(world, [40, 15, 5]);
  const guard = new RoundGuard(world.deps);
  guard.census(new Set());
  expect(slices.map((slice) => guard.pass(slice).ops.length)).toEqual([40, 0, 0]);
  guard.end(new Set());
  const [hold, ...others] = holdsOf(world);
  expect(others).toEqual([]);
  expect(hold?.items).toHaveLength(60);
});

test("S79, S82: what a round has held it holds to its end, in however many slices, as one set", async () => {
  await using world = await withMass();
  const [first, second] = await inSlices(world, [55, 5]);
  const guard = new RoundGuard(world.deps);
  guard.pass(present(first, "a slice"));
  trackHundredMore(world);
  const again = guard.pass(present(first, "a slice"));
  expect(again.ops).toEqual([]);
  expect(guard.pass(present(second, "a slice")).ops).toHaveLength(5);
  expect(holdsOf(world)).toHaveLength(1);
  expect(again.left).toMatchObject([{ digest: holdsOf(world)[0]?.digest }]);
});
