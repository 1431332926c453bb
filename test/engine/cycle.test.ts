import { expect, test } from "vitest";
import type { Progress } from "../../src/std/events.ts";
import { World } from "../support/world.ts";

test("P4: a sync ends with the cycle that finds nothing to do", async () => {
  await using world = await World.open();
  world.local.write("f", "1");
  const first = await world.syncOnce();
  expect(first).toMatchObject({ cycles: 2, exit: 0, upToDate: true, counts: { uploaded: 1 } });
  const second = await world.syncOnce();
  expect(second).toMatchObject({ cycles: 1, exit: 0, counts: { uploaded: 0 } });
});

test("S116: the generation is raised before a cycle that changes a side, and by no other", async () => {
  await using world = await World.synced("f: 0");
  const generation = (): number => Number(world.index.meta("generation") ?? 0);
  const before = generation();
  await world.syncOnce();
  expect(generation()).toBe(before);
  world.local.write("f", "1");
  world.hooks.before("remote.upload", () => expect(generation()).toBe(before + 1));
  await world.syncOnce();
  expect(generation()).toBe(before + 1);
});

test("S3: the time of the last sync is noted when it is complete", async () => {
  await using world = await World.open();
  world.clock.advance(3_600_000);
  await world.syncOnce();
  const noted = Date.parse(world.index.meta("last_synced_at") ?? "");
  expect(Math.abs(noted - world.clock.now())).toBeLessThan(60_000);
});

test("progress ends with all done", async () => {
  await using world = await World.open();
  world.local.write("f", "12345");
  world.local.write("g", "1234567");
  const seen: Progress[] = [];
  await world.engine.sync({ onProgress: (progress) => seen.push(progress) });
  const last = seen.findLast(({ step }) => step === "sync");
  expect(last).toMatchObject({ done: 2, total: 2, bytes: 12, bytesTotal: 12 });
});

test("a signal that fired before ends the sync before anything is done", async () => {
  await using world = await World.open();
  world.local.write("f", "1");
  await expect(world.syncOnce(AbortSignal.abort())).rejects.toMatchObject({ exit: 130 });
  expect(await world.remoteText()).toBe("");
});
