import { expect, test } from "vitest";
import { parseRelPath, type RelPath } from "../../src/core/path/rel-path.ts";
import { realWorlds } from "../support/scenario.ts";
import { findingsOf } from "../support/world-always.ts";
import { World } from "../support/world.ts";

test.each(realWorlds)(
  "D9: an excluded folder leaves the disk, stays there, and what is not equal stays here (S93) [$name]",
  async ({ options }) => {
    const excluded: RelPath[] = [];
    const config = { excluded: () => excluded };
    await using world = await World.synced("d/1: a\nx: 0", { ...options(), config });
    world.local.write("d/new", "n");
    excluded.push(parseRelPath("d"));
    const report = await world.sync(0);
    expect(await world.remoteText()).toBe("d/1: a\nx: 0");
    expect(world.localText()).toBe("d/new: n\nx: 0");
    expect([...world.local.own("trash").keys()].some((name) => name.endsWith("d/1"))).toBe(true);
    expect(report.left.map(({ path }) => path)).toContain("d/new");
    await world.assertAlways();
    excluded.pop();
    await world.sync(0);
    expect(await world.both()).toBe("d/1: a\nd/new: n\nx: 0");
    await world.assertAlways();
  },
);

test.each(realWorlds)(
  "B20: a change of case there is seen by the checker, and never makes two folders (S15, S35) [$name]",
  async ({ options }) => {
    await using world = await World.synced("Dir/1: a", options());
    const inode = world.local.inode("Dir");
    await world.remote.move("Dir", "dir");
    await world.remote.write("dir/2", "b");
    await world.sync(0);
    const folders = [...world.local.tree()].filter(([, hash]) => hash === "");
    expect(folders).toHaveLength(1);
    const [[folder] = [""]] = folders;
    expect(world.local.read(`${folder}/2`)).toBe("b");
    await findingsOf(world.deps);
    await world.sync(0);
    expect(await world.both()).toBe("dir/1: a\ndir/2: b");
    expect(world.local.inode("dir")).toBe(inode);
    await world.assertAlways();
  },
);

test("S36, S91: two folders change places there, one of them left out here: both are whole when the rule goes", async () => {
  await using world = await World.synced("deep/1: a");
  world.local.write(".mignore", "sub\n");
  await world.remote.write("Sub/2", "b");
  await world.sync();
  await world.remote.move("deep", "t");
  await world.remote.move("Sub", "deep");
  await world.remote.move("t", "Sub");
  await world.sync();
  expect(world.localText()).toBe(".mignore: sub\n\ndeep/2: b");
  world.local.write(".mignore", "");
  await world.sync();
  world.local.write("Sub/3", "c");
  await world.sync();
  expect(await world.both()).toBe(".mignore: \nSub/1: a\nSub/3: c\ndeep/2: b");
  await world.assertAlways();
});
