import { expect, test } from "vitest";
import { recover } from "../../src/engine/recover/recover.ts";
import { shown } from "../support/scenario.ts";
import { World } from "../support/world.ts";

type Case = {
  readonly what: string;
  readonly act: (world: World) => unknown;
  readonly both: string;
};

const cases: readonly Case[] = [
  { what: "a removal", act: ({ remote }) => remote.remove("f"), both: "keep: k" },
  { what: "a move", act: ({ remote }) => remote.move("f", "g"), both: "g: 0\nkeep: k" },
  { what: "a replacement", act: ({ remote }) => remote.write("f", "2"), both: "f: 2\nkeep: k" },
  {
    what: "a step aside",
    act: async ({ local, remote }) => {
      local.write("f", "1");
      await remote.write("f", "2");
    },
    both: "f CC: 1\nf: 2\nkeep: k",
  },
];

test.each(cases)(
  "S74, P6: $what that was noted and never begun is not taken for done by the next run",
  async ({ act, both }) => {
    await using world = await World.synced("f: 0\nkeep: k");
    await act(world);
    const before = world.localText();
    world.hooks.before("local.perform", world.hooks.kill);
    await expect(world.syncOnce()).rejects.toThrow("killed");
    expect(world.localText()).toBe(before);
    world.restart();
    const logged = world.index.logged(100).length;
    await recover(world.deps);
    expect(world.index.intents()).toEqual([]);
    expect(world.index.logged(100)).toHaveLength(logged);
    await world.sync(0);
    expect(shown(await world.both())).toBe(both);
    await world.assertAlways();
  },
);
