import { describe, expect, test } from "vitest";
import { RestoreWorld } from "./restore-world.ts";

const before = "Dir/in: 2\nNotes.txt: 1";
const renamed = "dir/in: 2\nnotes.txt: 1";

async function renamedAfterSnapshot(): Promise<RestoreWorld> {
  const world = await RestoreWorld.synced(before);
  await world.capture("S");
  world.world.local.move("Notes.txt", "notes.txt");
  world.world.local.move("Dir", "dir");
  await world.world.sync();
  return world;
}

describe("a rename that changes only the case (S15, T26)", () => {
  test("is restored and taken back, and is nobody's late edit", async () => {
    await using world = await renamedAfterSnapshot();
    expect(await world.world.both()).toBe(renamed);
    expect(await world.restore()).toMatchObject({ exit: 0, late: [], left: [] });
    expect(await world.world.both()).toBe(before);
    await world.assertQuiet();
    expect(await world.undo()).toMatchObject({ exit: 0, late: [], left: [] });
    expect(await world.world.both()).toBe(renamed);
    await world.assertQuiet();
  });

  test("of which Dropbox alone knows comes down with its spelling: content decides (T11)", async () => {
    await using world = await RestoreWorld.synced(before);
    await world.capture("S");
    await world.world.remote.move("Notes.txt", "notes.txt");
    await world.world.remote.move("Dir", "dir");
    expect(await world.restore()).toMatchObject({ exit: 0, late: [], left: [] });
    await world.world.sync();
    expect(await world.world.both()).toBe(renamed);
    await world.assertQuiet();
  });

  test("an edit besides is reverted with it", async () => {
    await using world = await renamedAfterSnapshot();
    world.write("notes.txt: 9\ndir/in: 8\ndir/new: 7");
    await world.world.sync();
    expect(await world.restore()).toMatchObject({ exit: 0, late: [], left: [] });
    expect(await world.world.both()).toBe(before);
    await world.assertQuiet();
    expect(await world.undo()).toMatchObject({ exit: 0, late: [], left: [] });
    expect(await world.world.both()).toBe("dir/in: 8\ndir/new: 7\nnotes.txt: 9");
  });

  test("an edit that came to the new name in Dropbox is reverted, and taken back under that name", async () => {
    await using world = await renamedAfterSnapshot();
    await world.world.remote.write("notes.txt", "8");
    expect(await world.restore()).toMatchObject({ exit: 0, late: [], left: [] });
    expect(await world.world.both()).toBe(before);
    expect(await world.undo()).toMatchObject({ exit: 0, late: [], left: [] });
    expect(await world.world.both()).toBe("dir/in: 2\nnotes.txt: 8");
    await world.assertQuiet();
  });
});
