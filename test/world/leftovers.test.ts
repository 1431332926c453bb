import { expect, test } from "vitest";
import { Killed } from "../support/world-ports.ts";
import { World } from "../support/world.ts";

/** A folder that was removed there stays here for what is private in it. */
async function leftOver(): Promise<World> {
  const world = await World.synced(".mignore: *.mine\nd/s/1: a");
  world.local.write("d/s/x.mine", "private");
  await world.remote.remove("d");
  await world.sync();
  return world;
}

/** Where what is private stands now. */
function privatePlace({ local }: { readonly local: World["local"] }, text: string): string {
  const [, place = ""] = /^(.*)\/s\/x\.mine: private$/mu.exec(text) ?? [];
  expect(local.read(`${place}/s/x.mine`)).toBe("private");
  return place;
}

test("S42, S70: what makes way for a file of the server goes nowhere and is no conflicted copy", async () => {
  await using world = await leftOver();
  await world.remote.write("d", "a file");
  world.isExplained = true;
  const report = await world.sync(0);
  await world.sync(0);
  expect(await world.remoteText()).toBe(".mignore: *.mine\nd: a file");
  expect(world.localText()).toContain("d: a file");
  const aside = privatePlace(world, world.localText());
  expect(aside).toMatch(/^d \(left over [\d-]+\)$/);
  expect(report.conflicts).toEqual([{ path: "d", copy: aside }]);
  world.local.write(`${aside}/s/2`, "synced");
  await world.sync(0);
  expect(await world.remoteText()).toContain(`${aside}/s/2: synced`);
  await world.assertAlways();
});

test("S42, S70: so does a folder that becomes one in the same sync", async () => {
  await using world = await World.synced(".mignore: *.mine\nd/s/1: a");
  world.local.write("d/s/x.mine", "private");
  await world.remote.remove("d");
  await world.remote.write("d", "a file");
  await world.sync();
  await world.sync(0);
  expect(await world.remoteText()).toBe(".mignore: *.mine\nd: a file");
  expect(privatePlace(world, world.localText())).toMatch(/^d \(left over [\d-]+\)$/);
  await world.assertAlways();
});

test("S42, S70: what made way once makes way again, under the name that it had first", async () => {
  await using world = await leftOver();
  await world.remote.write("d", "a file");
  await world.sync(0);
  const aside = privatePlace(world, world.localText());
  await world.remote.write(aside, "another");
  await world.sync(0);
  expect(await world.remoteText()).toBe(`.mignore: *.mine\nd: a file\n${aside}: another`);
  expect(world.localText()).toContain(`${aside}: another`);
  expect(privatePlace(world, world.localText())).toBe(`${aside.slice(0, -1)} 2)`);
  await world.assertAlways();
});

test.each([true, false])(
  "S70, S74: what could not make way yet is a leftover still (the file stays: %o)",
  async (stays) => {
    await using world = await leftOver();
    await world.remote.write("d", "a file");
    world.hooks.before("local.perform", () => world.hooks.kill());
    await expect(world.syncOnce()).rejects.toBeInstanceOf(Killed);
    world.restart();
    await world.engine.dryRun();
    if (!stays) await world.remote.remove("d");
    await world.sync(0);
    expect(await world.remoteText()).toBe(`.mignore: *.mine${stays ? "\nd: a file" : ""}`);
    const place = privatePlace(world, world.localText());
    expect(place).toMatch(stays ? /^d \(left over [\d-]+\)$/ : /^d$/);
    await world.assertAlways();
  },
);
