import { existsSync } from "node:fs";
import { join } from "node:path";
import { expect, test } from "vitest";
import type { PruneReport } from "../../src/core/snapshot/keep-request.ts";
import type { Clock } from "../../src/std/time.ts";
import { turn } from "../../src/std/turn.ts";
import { MemorySource } from "../support/memory-source.ts";
import { dayMs, forgetForGood, treeOf } from "./keep-scenes.ts";
import { ScratchStore, damageOf, noise } from "./scratch-store.ts";

const manual = { reason: "manual" } as const;

/** Files enough for several runs of entries. */
function longTree(): MemorySource {
  const source = new MemorySource();
  for (let at = 1000; at < 1900; at += 1) source.write(`f${at}`, noise(3_000, at));
  return source;
}

test("N32, N56: what a checkpoint names is not pruned for a week", async () => {
  using scratch = new ScratchStore();
  const controller = new AbortController();
  const source = longTree();
  source.onOpen = (path) => {
    if (path === "f1700") controller.abort();
  };
  const store = await scratch.open();
  const { signal } = controller;
  await expect(store.capture(source, { ...manual, signal })).rejects.toMatchObject({
    code: "interrupted",
  });
  const packs = [...scratch.names("data"), ...scratch.names("meta")];
  expect(packs.length).toBeGreaterThan(2);
  scratch.clock.advance(6 * dayMs);
  expect((await store.keeping.prune({})).dropped.packs).toBe(0);
  expect([...scratch.names("data"), ...scratch.names("meta")]).toEqual(packs);
  // The next capture uses them.
  const next = longTree();
  next.isTrusted = true;
  const { root } = await (await scratch.open()).capture(next, manual);
  expect(next.opened.length).toBeLessThan(500);
  expect(root.counts.files).toBe(900);
  expect(await damageOf(await scratch.open(), 2)).toEqual([]);
});

test("N32, N56: after a week nothing holds it any more", async () => {
  using scratch = new ScratchStore();
  const controller = new AbortController();
  const source = longTree();
  source.onOpen = (path) => {
    if (path === "f1700") controller.abort();
  };
  const store = await scratch.open();
  const { signal } = controller;
  await expect(store.capture(source, { ...manual, signal })).rejects.toMatchObject({
    code: "interrupted",
  });
  scratch.clock.advance(7 * dayMs + 1);
  expect((await store.keeping.prune({})).dropped.packs).toBeGreaterThan(1);
  expect([...scratch.names("data"), ...scratch.names("meta")]).toEqual([]);
});

/** The clock of a writer that waits: each sleep is `during`, and then a turn for all others. */
function waitingClock(scratch: ScratchStore, during: () => Promise<void>): Clock {
  return {
    now: () => scratch.clock.now(),
    sleep: async () => {
      await during();
      await turn();
    },
  };
}

test("N30, N56: a capture lets a prune go first that takes away what it would have used, and stores that itself", async () => {
  using scratch = new ScratchStore();
  const shared = noise(40_000, 77);
  const { root: old } = await (
    await scratch.open()
  ).capture(new MemorySource().write("zz", shared), manual);
  await (await scratch.open()).capture(new MemorySource().write("other", "o"), manual);
  await forgetForGood(scratch, [old]);
  const source = longTree().write("zz", shared);
  let pruned: Promise<PruneReport> | undefined;
  source.onOpen = async (path) => {
    if (path !== "f1100") return;
    const second = await scratch.open({
      clock: waitingClock(scratch, () => Promise.resolve()),
      wait: 1_000_000_000,
    });
    pruned = second.keeping.prune({});
    while (!existsSync(join(scratch.top, "wait")) || scratch.names("wait").length === 0)
      await turn();
    scratch.clock.advance(11_000);
  };
  const clock = waitingClock(scratch, async () => {
    while (!existsSync(join(scratch.top, "lock")) && scratch.names("wait").length > 0) await turn();
  });
  const { root } = await (await scratch.open({ clock })).capture(source, manual);
  expect((await pruned)?.dropped.packs).toBe(2);
  const fresh = await scratch.open();
  expect(await damageOf(fresh, 2)).toEqual([]);
  scratch.clock.advance(30 * dayMs);
  await fresh.keeping.prune({});
  expect((await treeOf(await scratch.open(), root))["zz"]).toBe(shared.toString("latin1"));
});
