import fs from "node:fs";
import { describe, expect, test } from "vitest";
import { isAlwaysOutside } from "../../src/core/ignore.ts";
import { planRestoreOf } from "../../src/restore/restore-snapshot.ts";
import { RestoreWorld } from "./restore-world.ts";

/** A snapshot whose rule file was put there as if no rules were in force. */
async function withSnapshotOf(prepare: (world: RestoreWorld) => void): Promise<RestoreWorld> {
  const world = await RestoreWorld.synced("a: 1");
  prepare(world);
  await world.capture("S", isAlwaysOutside);
  fs.rmSync(world.world.local.at(".mignore"), { recursive: true });
  world.write("a: 9");
  await world.world.sync();
  return world;
}

describe("rules in the snapshot that could not be in force (T33, X24)", () => {
  test.each([
    {
      name: "beyond a bound",
      prepare: (world: RestoreWorld) => world.world.local.write(".mignore", "*.log\n**/**/**/**/x"),
      message: /\.mignore".*line 2/,
    },
    {
      name: "a folder",
      prepare: (world: RestoreWorld) => world.world.local.mkdir(".mignore"),
      message: /folder/,
    },
    {
      name: "a link",
      prepare: (world: RestoreWorld) => fs.symlinkSync("a", world.world.local.at(".mignore")),
      message: /symlink/,
    },
    {
      name: "not readable",
      prepare: (world: RestoreWorld) => {
        world.world.local.write(".mignore", "*.log");
        fs.chmodSync(world.world.local.at(".mignore"), 0o200);
      },
      message: /permissions/,
    },
  ])("$name: nothing is changed, and other paths come back", async ({ prepare, message }) => {
    await using world = await withSnapshotOf(prepare);
    const picture = world.world.local.picture();
    await expect(world.restore()).rejects.toMatchObject({
      code: "refused",
      exit: 3,
      path: ".mignore",
      message: expect.stringMatching(message),
    });
    expect(world.world.local.picture()).toBe(picture);
    expect(await world.world.both()).toBe("a: 9");
    await world.assertQuiet();
    expect((await world.restore({ paths: ["a"] })).exit).toBe(0);
    expect(await world.world.both()).toBe("a: 1");
    await world.assertQuiet();
  });
});

describe("what is ignored now and not any more afterwards (T13)", () => {
  async function unignoring(): Promise<RestoreWorld> {
    const world = await RestoreWorld.synced("a: 1\nx.log: 1");
    await world.capture("S");
    world.write(".mignore: *.log");
    await world.world.sync();
    world.write("a: 9\nx.log: 2\nlogs/y.log: 4");
    await world.world.sync();
    return world;
  }

  test("is announced in the plan, and its conflicted copy is no late edit", async () => {
    await using world = await unignoring();
    const plan = await planRestoreOf(await world.deps(), { snapshot: "S", paths: [] });
    const reason = "ignored until now: the sync takes it up";
    const announced = [
      { path: "logs/y.log", side: "both", reason },
      { path: "x.log", side: "both", reason },
    ];
    expect(plan.left).toEqual(announced);
    const report = await world.restore();
    expect(report).toMatchObject({ exit: 4, late: [] });
    const copied = {
      path: "x.log",
      side: "both",
      reason: expect.stringMatching(/is now "x.*log"/),
    };
    expect(report.left).toEqual([...announced, copied]);
    expect(world.world.localText()).toMatch(/: 2$/m);
  });

  test("a restore that leaves the rules alone announces nothing", async () => {
    await using world = await unignoring();
    const report = await world.restore({ paths: ["a"] });
    expect(report).toMatchObject({ exit: 0, late: [], left: [] });
  });
});
