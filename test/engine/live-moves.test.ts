import { expect, test } from "vitest";
import { parseRelPath } from "../../src/core/path/rel-path.ts";
import { LiveWorld } from "./live-world.ts";

test("what is made in a folder while we move it is found where the folder is then", async () => {
  await using live = await LiveWorld.resting("d/e/x: 1\nz: 0");
  await live.world.remote.move("d", "g");
  live.world.hooks.before("local.perform", () => {
    live.world.local.write("d/e/new", "2");
    live.marks.changed([parseRelPath("d/e/new")]);
  });
  await live.news();
  await live.pass(10_000);
  expect(await live.world.both()).toBe("g/e/new: 2\ng/e/x: 1\nz: 0");
});
