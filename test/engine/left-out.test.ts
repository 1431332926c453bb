import { expect, test } from "vitest";
import { Exclusions } from "../../src/core/exclusions.ts";
import { nothingLeftOut, type LeftOut } from "../../src/core/live/waiting.ts";
import { parseRelPath } from "../../src/core/path/rel-path.ts";
import { setExclusionsInForce } from "../../src/engine/scope/exclusions-in-force.ts";
import { leftOutNow } from "../../src/engine/scope/left-out.ts";
import { World } from "../support/world.ts";
import { LiveWorld } from "./live-world.ts";

/** Of these folders those that are left out. */
function among(leftOut: LeftOut | undefined, ...folders: readonly string[]): readonly string[] {
  return folders.filter((folder) => leftOut?.has(parseRelPath(folder)) === true);
}

test("S95: which folders are left out is told before they are looked at, and the look at other ones is one at everything", async () => {
  const told: LeftOut[] = [];
  const calls: (readonly string[])[] = [];
  let live: LiveWorld | undefined;
  const world = await World.synced(".mignore: build/\nd/a: 0\nbuild/b: 1");
  await using running = new LiveWorld(world, {
    onScope: (leftOut) => {
      told.push(leftOut);
      calls.push(live?.calls.filter((call) => call.startsWith("local.list")) ?? []);
    },
  });
  live = running;
  running.start();
  await running.rest();
  expect(among(told.at(-1), "build", "build/x", "d", "")).toEqual(["build", "build/x"]);
  expect(new Set(told.map(({ digest }) => digest)).size).toBe(1);
  running.calls.length = 0;
  calls.length = 0;
  world.local.write(".mignore", "d/");
  await running.changed(".mignore");
  expect(calls[0]).toEqual([]);
  expect(running.calls).toContain("local.list build");
  expect(among(told.at(-1), "build", "build/x", "d", "")).toEqual(["d"]);
  expect(new Set(told.map(({ digest }) => digest)).size).toBe(2);
  expect(running.activity).toContain("R.put build/b");
});

test("S95: what the first look will leave out is known before it", async () => {
  const told: LeftOut[] = [];
  await using live = await LiveWorld.resting(".mignore: build/\nd/a: 0", {
    onScope: (leftOut) => void told.push(leftOut),
  });
  const now = await leftOutNow(live.world.deps);
  expect(now.digest).toBe(told[0]?.digest);
  expect(among(now, "build", "d", "d/.snap", "d/~$x")).toEqual(["build", "d/.snap", "d/~$x"]);
});

test("S93: what is excluded is left out when it is so in force", async () => {
  await using world = await World.synced("d/a: 0\ne/b: 1");
  const { deps } = world;
  const before = await leftOutNow(deps);
  deps.index.transaction(() =>
    setExclusionsInForce(deps.index, new Exclusions(["d"].map(parseRelPath))),
  );
  const now = await leftOutNow(deps);
  expect(among(now, "d", "d/e", "D", "e")).toEqual(["d", "d/e", "D"]);
  expect(among(before, "d", "e")).toEqual([]);
  expect(now.digest).not.toBe(before.digest);
});

test.each([
  ["beyond a bound", `build/\n${"*a".repeat(50)}`],
  ["that are no file", undefined],
])("S90: rules %s leave nothing out", async (_, text) => {
  await using world = await World.synced("d/a: 0");
  if (text === undefined) world.local.mkdir(".mignore");
  else world.local.write(".mignore", text);
  expect(await leftOutNow(world.deps)).toBe(nothingLeftOut);
});
