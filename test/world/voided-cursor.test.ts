import { expect, test } from "vitest";
import { removedItemsMax } from "../../src/core/plan/holds.ts";
import { manyFiles, worldKinds } from "../support/scenario.ts";
import { World } from "../support/world.ts";
import type { WorldOptions } from "../support/world-options.ts";

const filesCount = 80;

/** The server forgets the cursor; in the gap another device removed files, and one was edited here. */
async function gapOf(removed: number, options: WorldOptions): Promise<World> {
  const world = await World.synced(`a: 1\n${manyFiles("d", filesCount)}`, options);
  world.local.write("a", "edited");
  for (let file = 0; file < removed; file += 1) await world.remote.remove(`d/${file}`);
  world.faults = [
    {
      match: { route: "files/list_folder/continue" },
      times: 1,
      fault: { kind: "cursorReset", of: "cursor" },
    },
  ];
  world.wire.forget();
  return world;
}

const left = (removed: number): string =>
  `a: edited\n${manyFiles("d", filesCount).split("\n").slice(removed).toSorted().join("\n")}`;

test.each(worldKinds)(
  "S34, S79: what went while the cursor was void is counted by the guard: one more than the bound is held [$name]",
  async ({ options }) => {
    const removed = removedItemsMax + 1;
    await using world = await gapOf(removed, options());
    const report = await world.sync(3);
    expect(world.admin.fired()).toHaveLength(1);
    expect(world.localText().split("\n")).toHaveLength(filesCount + 1);
    expect(world.local.read("a")).toBe("edited");
    const holds = world.deps.holds.holds();
    expect(holds.map(({ kind, items }) => [kind, items.length])).toEqual([
      ["mass-delete", removed],
    ]);
    expect(report.left).toMatchObject([{ kind: "hold", path: "d", digest: holds[0]?.digest }]);
    for (const row of holds) world.deps.holds.putHold({ ...row, state: "confirmed" });
    expect((await world.sync(0)).counts.removedLocal).toBe(removed);
    expect(await world.both()).toBe(left(removed));
    expect(world.wire.transfers()).toEqual({ uploads: 1, downloads: 0 });
    await world.assertAlways();
  },
);

test.each(worldKinds)(
  "S34, S79: as many as the bound are removed at once, and all of them are in the trash [$name]",
  async ({ options }) => {
    await using world = await gapOf(removedItemsMax, options());
    expect((await world.sync(0)).counts.removedLocal).toBe(removedItemsMax);
    expect(await world.both()).toBe(left(removedItemsMax));
    expect(world.wire.transfers()).toEqual({ uploads: 1, downloads: 0 });
    await world.assertAlways();
  },
);
