import { expect, test } from "vitest";
import { dryRunOf } from "../support/dry-run.ts";
import { World } from "../support/world.ts";

test("S96: behind a fence no cycle runs, and only its restore lifts it", async () => {
  await using world = await World.synced("f: 0");
  world.local.write("f", "1");
  const { journal, index } = world.deps;
  index.transaction(() =>
    journal.putRestore({
      id: "r1",
      kind: "restore",
      state: "planned",
      snapshot: undefined,
      options: "{}",
      digest: "",
      report: undefined,
      madeAt: 0,
    }),
  );
  const seen = await world.engine.raiseFence("r1");
  expect(seen.pending).toBeGreaterThan(0);
  await expect(world.syncOnce()).rejects.toMatchObject({ code: "refused", exit: 3 });
  await expect(world.engine.observe()).rejects.toMatchObject({ code: "refused" });
  expect(() => world.engine.lowerFence("r2")).toThrow("not finished");
  expect(await world.remoteText()).toBe("f: 0");
  world.engine.lowerFence("r1");
  await world.sync();
  expect(await world.both()).toBe("f: 1");
  await world.assertAlways();
});

test("S52: a dry run says what would be done, and does nothing", async () => {
  await using world = await World.synced("f: 0\ng: 1");
  world.local.write("f", "1");
  await world.remote.remove("g");
  const picture = world.local.picture();
  const { ops } = await dryRunOf(world.engine);
  expect(ops.map(({ kind, path }) => `${kind} ${path}`)).toEqual(["R.put f", "L.trash g"]);
  expect(world.wire.writes()).toEqual([]);
  expect(world.local.picture()).toBe(picture);
  await world.sync();
  expect(await world.both()).toBe("f: 1");
});
