import fs from "node:fs";
import { expect, test } from "vitest";
import { Countdown, Killed } from "./countdown.ts";
import { callsOf, crashTable } from "./crash-table.ts";
import { RestoreWorld } from "./restore-world.ts";

/** `p` is to be moved as a whole, `s` alone; what `c` holds stands as `d/b`, and `c` never was in Dropbox. */
const synced = "a: 1\nd/b: 2\ne/f/g: 3\nk: 4\nm/n: 6\np/q/r: 70\ns: 71";
const snapshot = "a: 1\nc: 2\nd/b: 2\ne/f/g: 3\nk: 4\nm/n: 6\np/q/r: 70\ns: 71";
const edits = "a: 9\n-c\n-e\n-k\nk/l: 5\n-m\nm: 7\nnew/x: 8\nnew/y: 8\n-p\nt/q/r: 70\n-s\nu: 71";
const start = "a: 9\nd/b: 2\nk/l: 5\nm: 7\nnew/x: 8\nnew/y: 8\nt/q/r: 70\nu: 71";

async function prepared(): Promise<RestoreWorld> {
  const world = await RestoreWorld.synced(synced);
  world.write("c: 2");
  await world.capture("S");
  world.write(edits);
  await world.world.sync();
  expect(await world.world.both()).toBe(start);
  return world;
}

test("§14, 6: killed before and after every port call, a restore is done or not done (T1, T2)", async () => {
  const run = (world: RestoreWorld): Promise<unknown> => world.restore();
  await crashTable({ prepare: prepared, run, ends: [start, snapshot], step: 1 });
}, 600_000);

test("T36: so is one that empties Dropbox and begins anew", async () => {
  const run = (world: RestoreWorld): Promise<unknown> => world.restore({ procedure: "documented" });
  await crashTable({ prepare: prepared, run, ends: [start, snapshot], step: 2 });
}, 600_000);

test("T27: so is one that leaves Dropbox to the next start", async () => {
  const run = async (world: RestoreWorld): Promise<void> => {
    await world.restore({ isOffline: true });
    await world.recover();
  };
  await crashTable({ prepare: prepared, run, ends: [start, snapshot], step: 3 });
}, 600_000);

test("N38: so is one that makes files with several names again", async () => {
  const prepare = async (): Promise<RestoreWorld> => {
    const world = await RestoreWorld.synced("a: 1\nd/x: 2");
    const { local } = world.world;
    for (const name of ["b", "d/c"]) fs.linkSync(local.at("a"), local.at(name));
    await world.world.sync();
    await world.capture("S");
    world.write("-a\n-b\n-d/c\ne: 9");
    await world.world.sync();
    return world;
  };
  const linked = "a: 1\nb: 1\nd/c: 1\nd/x: 2";
  const run = async (world: RestoreWorld): Promise<void> => {
    await world.restore();
    const { local } = world.world;
    const [a, b, c] = ["a", "b", "d/c"].map((name) => fs.statSync(local.at(name)).ino);
    expect([b, c]).toEqual([a, a]);
  };
  await crashTable({ prepare, run, ends: ["d/x: 2\ne: 9", linked], step: 3 });
}, 600_000);

test("T44: so is an undo", async () => {
  const prepare = async (): Promise<RestoreWorld> => {
    const world = await prepared();
    await world.restore();
    return world;
  };
  const run = (world: RestoreWorld): Promise<unknown> => world.undo();
  await crashTable({ prepare, run, ends: [snapshot, start], step: 4 });
}, 600_000);

test("T2: and so is a recovery that is killed itself", async () => {
  const calls = await callsOf({ prepare: prepared, run: (world) => world.restore() });
  const inTheMiddle = calls.lastIndexOf("local.perform") + 1;
  const prepare = async (): Promise<RestoreWorld> => {
    const world = await prepared();
    world.countdown = new Countdown(inTheMiddle, "after");
    await expect(world.restore()).rejects.toThrow(Killed);
    world.countdown = new Countdown();
    world.world.restart();
    return world;
  };
  const run = (world: RestoreWorld): Promise<unknown> => world.recover();
  await crashTable({ prepare, run, ends: [snapshot], step: 4 });
}, 600_000);
