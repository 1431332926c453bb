import fs from "node:fs";
import path from "node:path";
import { expect, test } from "vitest";
import { planRestoreOf } from "../../src/restore/restore-snapshot.ts";
import { RestoreWorld } from "./restore-world.ts";

/** The list of files of what `act` captures is overwritten afterwards; its root stays, so that it is still listed. */
async function damageListOf(world: RestoreWorld, act: () => Promise<unknown>): Promise<void> {
  const packs = (): string[] =>
    fs
      .readdirSync(world.storePath, { recursive: true, encoding: "utf8" })
      .filter((file) => file.startsWith("meta") && file.endsWith(".tar.zst"));
  const before = new Set(packs());
  await act();
  for (const name of packs().filter((file) => !before.has(file))) {
    const file = path.join(world.storePath, name);
    const bytes = fs.readFileSync(file);
    fs.chmodSync(file, 0o600);
    fs.writeFileSync(file, bytes.fill(0, 16));
  }
}

test("T12: a damaged old snapshot stops no restore of a sound one; what only it held is announced as lost", async () => {
  await using world = await RestoreWorld.synced("a: 1");
  world.write("mine: 7");
  await damageListOf(world, () => world.capture("old"));
  world.world.local.remove("mine");
  await world.capture("S");
  world.write("a: 9\nmine: 7");
  const plan = await planRestoreOf(await world.deps(), { snapshot: "S", paths: [] });
  expect(plan.loses.localOnly.map((lost) => lost.path)).toEqual(["a", "mine"]);
  expect((await world.restore()).exit).toBe(0);
  expect(await world.world.both()).toBe("a: 1");
  await world.assertQuiet();
});

test("T12: what a sound old snapshot holds is not lost", async () => {
  await using world = await RestoreWorld.synced("a: 1");
  world.write("mine: 7");
  await world.capture("old");
  world.world.local.remove("mine");
  await world.capture("S");
  world.write("a: 9\nmine: 7");
  const plan = await planRestoreOf(await world.deps(), { snapshot: "S", paths: [] });
  expect(plan.loses.localOnly.map((lost) => lost.path)).toEqual(["a"]);
});

test("T32: a damaged safety snapshot stops no undo that the undo area suffices for", async () => {
  await using world = await RestoreWorld.afterSnapshot("a: 9\nnew: 5");
  await damageListOf(world, () => world.restore());
  expect((await world.undo()).exit).toBe(0);
  expect(await world.world.both()).toBe("a: 9\nd/b: 2\nnew: 5");
  await world.assertQuiet();
});
