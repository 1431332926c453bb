import { describe, expect, test } from "vitest";
import { RestoreWorld } from "./restore-world.ts";

/** Dropbox got a folder where the snapshot has a file, and nobody has looked since. */
async function folderInDropbox(): Promise<RestoreWorld> {
  const world = await RestoreWorld.synced("x: 1");
  await world.capture("S");
  const { remote } = world.world;
  await remote.remove("x");
  await remote.write("x/in", "2");
  await remote.write("x/deep/in", "3");
  return world;
}

describe("what became a folder in Dropbox and was not seen here yet (T16, T23, S98)", () => {
  test.each([
    { name: "untouched", edit: "" },
    { name: "edited", edit: "x: 9" },
    { name: "removed", edit: "-x" },
    { name: "a folder, too", edit: "-x\nx/mine: 5" },
  ])("a file that is $name here is a file again on both sides", async ({ edit }) => {
    await using world = await folderInDropbox();
    world.write(edit);
    const report = await world.restore();
    expect(report).toMatchObject({ exit: 0, late: [], left: [] });
    expect(await world.world.both()).toBe("x: 1");
    await world.assertQuiet();
  });

  test("a file that the snapshot does not have goes, as the folder in its place does", async () => {
    await using world = await RestoreWorld.synced("a: 1");
    await world.capture("S");
    world.write("x: 1");
    await world.world.sync();
    await world.world.remote.remove("x");
    await world.world.remote.write("x/deep/in", "3");
    expect(await world.restore()).toMatchObject({ exit: 0, late: [], left: [] });
    expect(await world.world.both()).toBe("a: 1");
    await world.assertQuiet();
  });

  test("an undo brings the folder, and an undo of it the file", async () => {
    await using world = await folderInDropbox();
    await world.restore();
    expect(await world.undo()).toMatchObject({ exit: 0, late: [], left: [] });
    expect(await world.world.both()).toBe("x/deep/in: 3\nx/in: 2");
    await world.assertQuiet();
    expect(await world.undo()).toMatchObject({ exit: 0, late: [], left: [] });
    expect(await world.world.both()).toBe("x: 1");
    await world.assertQuiet();
  });

  test("what is new in a folder on both sides goes with it when a file is wanted", async () => {
    await using world = await RestoreWorld.synced("x: 1");
    await world.capture("S");
    world.write("-x\nx/in: 2");
    await world.world.sync();
    await world.world.remote.write("x/in", "3");
    await world.world.remote.write("x/new/in", "4");
    world.write("x/mine: 5");
    const report = await world.restore();
    expect(report).toMatchObject({ exit: 0, late: [], left: [] });
    expect(await world.world.both()).toBe("x: 1");
    await world.assertQuiet();
  });
});
