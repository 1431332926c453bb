import fs from "node:fs";
import { expect, test } from "vitest";
import { parseRelPath } from "../../src/core/path/rel-path.ts";
import { rootNode } from "../../src/core/tree/node.ts";
import { intentOf, type Ring } from "../../src/engine/execute/intents.ts";
import { recover } from "../../src/engine/recover/recover.ts";
import { SnapError } from "../../src/std/error.ts";
import { isoDate } from "../../src/std/time.ts";
import type { Disk } from "../../src/local/disk.ts";
import { quickDisk } from "../local/stopping-disk.ts";
import { Killed } from "../support/world-ports.ts";
import { World } from "../support/world.ts";

const dayOf = (timeMs: number): string => isoDate(timeMs).replaceAll("-", "");

test("S75: staging is emptied of what nobody owns, and of nothing that a restore owns", async () => {
  await using world = await World.open();
  for (const area of ["dead", "r1"]) {
    fs.mkdirSync(world.local.at(`.snap/staging/${area}`), { recursive: true });
    fs.writeFileSync(world.local.at(`.snap/staging/${area}/file`), "half");
  }
  const { index, journal } = world.deps;
  index.transaction(() =>
    journal.putRestore({
      id: "r1",
      kind: "restore",
      state: "staged",
      snapshot: undefined,
      options: "{}",
      digest: "",
      report: undefined,
      madeAt: 0,
    }),
  );
  await recover(world.deps);
  expect([...world.local.own("staging").keys()]).toEqual(["r1", "r1/file"]);
});

test("S71: the trash is emptied after 30 days, of what the sync put there", async () => {
  await using world = await World.open();
  const dayMs = 24 * 3_600_000;
  const now = world.clock.now();
  const areas = {
    old: `${dayOf(now - 31 * dayMs)}-00ff`,
    young: `${dayOf(now - 29 * dayMs)}-00ff`,
    foreign: "my-own-things",
  };
  for (const area of Object.values(areas)) {
    fs.mkdirSync(world.local.at(`.snap/trash/${area}`), { recursive: true });
    fs.writeFileSync(world.local.at(`.snap/trash/${area}/file`), "old");
  }
  await recover(world.deps);
  const kept = fs.readdirSync(world.local.at(".snap/trash"));
  expect(kept.toSorted()).toEqual([areas.young, areas.foreign].toSorted());
});

/** A file of the server that was taken out of a ring, and nothing else was done. */
async function staged(world: World, names: { from: string; to: string }): Promise<void> {
  await world.remote.move(names.from, ".snap-tmp-7");
  const node = [...world.index.remote.all()].find(({ name }) => name === names.from)?.node ?? 0;
  const ring: Ring = {
    step: "ring",
    side: "remote",
    staged: parseRelPath(".snap-tmp-7"),
    from: { parent: rootNode, name: names.from },
    to: { parent: rootNode, name: names.to },
    act: undefined,
  };
  world.index.transaction(() => world.index.putIntent(intentOf("7", node, ring)));
}

test("S74: what stands at a staging name goes to its place", async () => {
  await using world = await World.synced("a: 1");
  await staged(world, { from: "a", to: "b" });
  await recover(world.deps);
  expect(await world.remoteText()).toBe("b: 1");
  await world.sync();
  expect(await world.both()).toBe("b: 1");
});

test("S74: it goes back where its place is taken, and beside where both are", async () => {
  await using world = await World.synced("a: 1\nb: 2");
  await staged(world, { from: "a", to: "b" });
  await recover(world.deps);
  expect(await world.remoteText()).toBe("a: 1\nb: 2");
  await staged(world, { from: "a", to: "b" });
  await world.remote.write("a", "3");
  await recover(world.deps);
  const text = (await world.remoteText()).replace(/\(conflicted copy .*\)/, "CC");
  expect(text).toBe("a: 3\na CC: 1\nb: 2");
  await world.sync();
  await world.assertAlways();
});

test("S74: a skeleton that was moved away gives back what is in it, and goes", async () => {
  await using world = await World.synced("d/sub/f: 1");
  await world.remote.move("d", ".snap-tmp-8");
  const detail = {
    step: "skeleton",
    staged: parseRelPath(".snap-tmp-8"),
    from: parseRelPath("d"),
  } as const;
  world.index.transaction(() => world.index.putIntent(intentOf("8", 1, detail)));
  await recover(world.deps);
  expect(await world.remoteText()).toBe("d/sub/f: 1");
  await world.sync();
  expect(await world.both()).toBe("d/sub/f: 1");
  await world.assertAlways();
});

test("S74: while the server cannot be reached the intent stays, and nothing is observed", async () => {
  await using world = await World.synced("a: 1");
  await staged(world, { from: "a", to: "b" });
  world.hooks.before("remote.get", () => {
    throw new SnapError("offline", "There is no line");
  });
  await expect(world.syncOnce()).rejects.toMatchObject({ code: "offline" });
  expect(world.index.intents()).toHaveLength(1);
  await world.sync();
  expect(await world.both()).toBe("b: 1");
});

test("P9: an intent that can never be finished does not stop the others", async () => {
  await using world = await World.synced("a: 1\nb: 2");
  await world.remote.write("a", "new");
  world.hooks.after("local.perform", () => world.hooks.kill());
  await expect(world.syncOnce()).rejects.toBeInstanceOf(Killed);
  world.restart();
  world.hooks.before("local.settle", () => {
    throw new SnapError("permission-denied", "May not be accessed");
  });
  await world.sync();
  expect(await world.both()).toBe("a: new\nb: 2");
  await world.assertAlways();
});

test("S74, S92: what could not leave its staging name is tried again by the next sync", async () => {
  await using world = await World.synced("a: 1");
  await staged(world, { from: "a", to: "b" });
  let moves = 0;
  const refuse = (): void => {
    moves += 1;
    if (moves < 3) world.hooks.before("remote.move", refuse);
    throw new SnapError("content-restricted", "This may not be moved now");
  };
  world.hooks.before("remote.move", refuse);
  await recover(world.deps);
  expect(moves).toBe(3);
  expect(world.index.intents()).toHaveLength(1);
  await world.sync();
  expect(await world.both()).toBe("b: 1");
  expect(world.index.intents()).toEqual([]);
});

/** Two folders change names, and what only this disk has is in one; nothing can be put outside `.snap/` from then on. */
async function ringOnLockedDisk(): Promise<{
  world: World;
  unlock: () => void;
  refused: string[];
}> {
  const refused: string[] = [];
  const state = { isLocked: false };
  const real = /^\/proc\/self\/fd\/(\d+)\//;
  const refuse = (to: string): void => {
    const fd = real.exec(to)?.[1];
    const folder = fd === undefined ? to : fs.readlinkSync(`/proc/self/fd/${fd}`);
    if (!state.isLocked || folder.includes("/.snap")) return;
    refused.push(to);
    throw Object.assign(new Error("EMFILE: test"), { code: "EMFILE" });
  };
  const disk: Disk = {
    ...quickDisk,
    rename: (from, to) => {
      refuse(to);
      quickDisk.rename(from, to);
    },
    link: (from, to) => {
      refuse(to);
      quickDisk.link(from, to);
    },
  };
  const world = await World.synced("d/p/1: 1\nd/q/2: 2\n.mignore: *.mine", { disk });
  world.local.write("d/p/only.mine", "never uploaded");
  await world.sync();
  for (const [from, to] of [
    ["p", "t"],
    ["q", "p"],
    ["t", "q"],
  ]) {
    await world.remote.move(`d/${from}`, `d/${to}`);
  }
  world.hooks.after("local.perform", () => void (state.isLocked = true));
  return { world, refused, unlock: () => void (state.isLocked = false) };
}

test("S49, S74, P1: a ring of the disk that cannot go home waits with its intent, and with all that is in it", async () => {
  const { world, unlock, refused } = await ringOnLockedDisk();
  await using _world = world;
  await world.syncOnce();
  expect(refused.length).toBeGreaterThanOrEqual(3);
  expect(world.index.intents()).toHaveLength(1);
  world.restart();
  world.clock.advance(40 * 24 * 3_600_000);
  unlock();
  await world.sync();
  expect(world.index.intents()).toEqual([]);
  expect([...world.local.tree().keys()].filter((name) => name.endsWith(".mine"))).toHaveLength(1);
  expect(await world.remoteText()).toContain("d/q/1: 1");
  await world.assertAlways();
});

test("S71: what stands in the trash by its row is not emptied, though its intent is gone", async () => {
  const { world, unlock } = await ringOnLockedDisk();
  await using _world = world;
  await world.syncOnce();
  unlock();
  const { index } = world;
  index.transaction(() => {
    for (const { op } of index.intents()) index.removeIntent(op);
  });
  world.clock.advance(40 * 24 * 3_600_000);
  await recover(world.deps);
  expect([...world.local.own("trash").keys()].some((name) => name.endsWith("only.mine"))).toBe(
    true,
  );
});

test("S74: where a node may not go to its new place it goes back", async () => {
  await using world = await World.synced("a: 1");
  await staged(world, { from: "a", to: "b" });
  world.hooks.before("remote.move", () => {
    throw new SnapError("name-refused", "This name may not be");
  });
  await recover(world.deps);
  expect(await world.remoteText()).toBe("a: 1");
  expect(world.index.intents()).toEqual([]);
});
