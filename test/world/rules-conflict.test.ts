import { expect, test } from "vitest";
import type { SyncReport } from "../../src/core/plan/sync-report.ts";
import { present } from "../../src/std/assert.ts";
import { SnapError } from "../../src/std/error.ts";
import { dryRunOf } from "../support/dry-run.ts";
import { World } from "../support/world.ts";

/** Rules of two devices meet: those of the server hold, those of this device stay beside them (S38, S90). */
async function meet(world: World, mine: string, theirs: string): Promise<void> {
  world.local.write(".mignore", mine);
  world.local.write("here", "h");
  await world.remote.write(".mignore", theirs);
  await world.remote.write("there", "t");
  await world.sync(0);
  const copy = [...world.local.tree().keys()].find((name) => name.includes("conflicted copy"));
  expect(copy).toMatch(/^\.mignore \(conflicted copy/);
  expect(world.local.read(".mignore")).toBe(theirs);
  expect(world.local.read(copy ?? "")).toBe(mine);
  expect(world.local.read("there")).toBe("t");
  expect((await world.remote.tree()).has("here")).toBe(true);
  expect(await world.both()).toContain("here: h");
  await world.assertAlways();
}

test("S38, S90: rules that are new on both sides: those of the server come down, ours step aside, and all else is synced", async () => {
  await using world = await World.synced("x: 0");
  await meet(world, "skip*\n", "sub/\n");
});

test("S38, S90: rules that were changed on both sides: those of the server come down, ours step aside", async () => {
  await using world = await World.synced("x: 0");
  world.local.write(".mignore", "old*\n");
  await world.sync(0);
  await meet(world, "skip*\n", "sub/\n");
});

test("S38, S90: rules that were removed and made anew on the server, and edited here, are those of the server", async () => {
  await using world = await World.synced("x: 0");
  world.local.write(".mignore", "skip*\n");
  await world.sync(0);
  await world.remote.remove(".mignore");
  await world.remote.write(".mignore", "sub/\n");
  world.local.write(".mignore", "own*\n");
  await world.sync(0);
  expect(world.local.read(".mignore")).toBe("sub/\n");
  await world.assertAlways();
});

/** New rules are on the server, and there is something here that they keep private; both users work on. */
async function newRulesThere(): Promise<World> {
  const world = await World.synced("a: 1\n.mignore: *.z");
  await world.remote.write(".mignore", "*.secret\n");
  world.local.write("my.secret", "s");
  await world.remote.write("theirs", "t");
  return world;
}

/** Nothing went up or down, and the report says what it waits for. */
async function expectWaiting(
  world: World,
  { exit, left }: SyncReport,
  code: number,
): Promise<void> {
  expect(exit).toBe(code);
  expect(left).toContainEqual(
    expect.objectContaining({ path: ".mignore", reason: expect.stringContaining("nothing else") }),
  );
  expect((await world.remote.tree()).has("my.secret")).toBe(false);
  expect(world.local.tree().has("theirs")).toBe(false);
}

/** They come down, and hold from then on. */
async function expectInForce(world: World): Promise<void> {
  await world.sync(0);
  expect(world.local.read(".mignore")).toBe("*.secret\n");
  expect(world.local.read("theirs")).toBe("t");
  expect((await world.remote.tree()).has("my.secret")).toBe(false);
}

test("S90: while the rules here cannot be read for an upload, nothing is planned by them in place of the new ones", async () => {
  await using world = await newRulesThere();
  world.local.write(".mignore", "*.mine\n");
  const inUse = (path: unknown): void => {
    world.hooks.before("local.hash", inUse);
    if (path === ".mignore") throw new SnapError("volatile", "It is in use");
  };
  world.hooks.before("local.hash", inUse);
  const noneAtOnce = (): ReadonlyMap<string, unknown> => {
    world.hooks.instead("local.hashEach", noneAtOnce);
    return new Map();
  };
  world.hooks.instead("local.hashEach", noneAtOnce);
  await expectWaiting(world, await world.syncOnce(), 4);
  const { left, pending } = await world.engine.observe();
  expect(left.filter(({ reason }) => reason.includes("nothing else"))).toHaveLength(1);
  expect(pending).toBe(0);
  const dry = await dryRunOf(world.engine);
  expect(dry.ops).toEqual([]);
  expect(dry.left.filter(({ reason }) => reason.includes("nothing else"))).toHaveLength(1);
});

test("S28, S90: while the rules here are damaged, nothing is planned by them in place of the new ones", async () => {
  await using world = await newRulesThere();
  const row = present(
    [...world.index.local.all()].find(({ name }) => name === ".mignore"),
    "rules",
  );
  const { node, stamp, hash = "" } = row;
  world.index.transaction(() => world.index.care.putDamaged({ node, stamp, hash }));
  await expectWaiting(world, await world.syncOnce(), 5);
});

test("S77, S90: a sync in which all waits for new rules is no whole cycle on an older index", async () => {
  await using world = await newRulesThere();
  world.index.transaction(() => world.index.setMeta("removals_frozen", "1"));
  const room = (): bigint => {
    world.hooks.instead("local.freeBytes", room);
    return 1_000n;
  };
  world.hooks.instead("local.freeBytes", room);
  await expectWaiting(world, await world.syncOnce(), 4);
  expect(world.index.meta("removals_frozen")).toBe("1");
});

test("S90: where there is no room for the new rules, nothing else is synced, and the report says so", async () => {
  await using world = await newRulesThere();
  let isFull = true;
  const room = (): bigint => {
    if (isFull) world.hooks.instead("local.freeBytes", room);
    return isFull ? 1_000n : 1n << 40n;
  };
  world.hooks.instead("local.freeBytes", room);
  const report = await world.syncOnce();
  await expectWaiting(world, report, 4);
  expect(report.left.map(({ reason }) => reason).join()).toContain("no room");
  isFull = false;
  await expectInForce(world);
});
