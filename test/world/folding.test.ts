import { expect, test } from "vitest";
import { contentHashOf } from "../../src/core/tree/content-hash.ts";
import { findingsOf } from "../support/world-always.ts";
import { memoryWorld } from "../support/world-memory.ts";
import { World } from "../support/world.ts";

test.each([{}, { hardLinks: false }, { decomposes: true }])(
  "S68: a change of case on the server is carried out on a disk that folds case %o",
  async (settings) => {
    const options = memoryWorld({ foldsCase: true, ...settings });
    await using world = await World.synced("a.txt: 1\nDir/x: 2\ny: 3", options);
    const inodes = ["a.txt", "Dir"].map((name) => world.local.inode(name));
    await world.remote.move("a.txt", "b");
    await world.remote.move("b", "A.TXT");
    await world.remote.move("Dir", "dir");
    await findingsOf(world.deps);
    await world.sync(0);
    expect(await world.both()).toBe("A.TXT: 1\ndir/x: 2\ny: 3");
    expect(["A.TXT", "dir"].map((name) => world.local.inode(name))).toEqual(inodes);
    await world.assertAlways();
  },
);

test("S68: a change of case with new content, and an edit here at the same time", async () => {
  await using world = await World.synced("a.txt: 1\nb.txt: 2", memoryWorld({ foldsCase: true }));
  await world.remote.move("a.txt", "m");
  await world.remote.move("m", "A.txt");
  await world.remote.write("A.txt", "new there");
  await world.remote.move("b.txt", "m");
  await world.remote.move("m", "B.txt");
  world.local.write("b.txt", "new here");
  await findingsOf(world.deps);
  await world.sync(0);
  expect(await world.both()).toBe("A.txt: new there\nB.txt: new here");
  await world.assertAlways();
});

test("S27: a file that was replaced under another case of its name is gone, not coming and going", async () => {
  const options = memoryWorld({ foldsCase: true });
  await using world = await World.synced("a.txt: 1\nb: 2", options);
  world.local.move("b", "A.txt");
  await world.sync(0);
  expect(await world.both()).toBe("A.txt: 2");
  world.contents.gaveUp(contentHashOf(Buffer.from("1")));
  await world.assertAlways();
});
