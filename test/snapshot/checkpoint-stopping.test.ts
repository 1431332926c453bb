import { existsSync, rmSync } from "node:fs";
import { join } from "node:path";
import { expect, test } from "vitest";
import { openStoreOver } from "../../src/snapshot/store.ts";
import type { StoreFiles } from "../../src/snapshot/store-files.ts";
import { SnapError } from "../../src/std/error.ts";
import { seededRng } from "../../src/std/random.ts";
import { MemorySource } from "../support/memory-source.ts";
import { filesOf, heldPaths, longTree, slowTree, waitingClock } from "./checkpoint-scenes.ts";
import { hookedFiles } from "./keep-scenes.ts";
import { ScratchStore, contentOf, damageOf, entryAt, noise } from "./scratch-store.ts";
import { Killed, stoppingFiles } from "./stopping-files.ts";

const manual = { reason: "manual" } as const;

test("N27, N30: what was found damaged while another went first is stored again", async () => {
  using scratch = new ScratchStore();
  const shared = noise(40_000, 77);
  await (await scratch.open()).capture(new MemorySource().write("zz", shared), manual);
  const pack = scratch.only("data", ".tar.zst");
  const waiter = `wait/${"5".repeat(32)}`;
  const source = longTree().write("zz", shared);
  source.onOpen = async (path) => {
    if (path !== "f1100") return;
    await filesOf(scratch).put(waiter, scratch.read("lock"));
    scratch.clock.advance(11_000);
  };
  const clock = waitingClock(scratch, async () => {
    if (!existsSync(join(scratch.top, waiter))) return;
    scratch.flip(pack, 900);
    await damageOf(await scratch.open(), 2);
    rmSync(join(scratch.top, waiter));
  });
  const { root } = await (await scratch.open({ clock })).capture(source, manual);
  const store = await scratch.open();
  expect((await contentOf(store, await entryAt(store, root, "zz"))).equals(shared)).toBe(true);
  expect(await damageOf(store, 2)).toEqual([]);
});

test("N1, N30: a capture that lets another go first, killed at each file call, leaves no snapshot or a whole one", async () => {
  const waiter = `wait/${"5".repeat(32)}`;
  for (let calls = 0, isDone = false; !isDone; calls += 2) {
    using scratch = new ScratchStore();
    await (await scratch.open()).capture(new MemorySource().write("zz", "before"), manual);
    const { files, close } = stoppingFiles(filesOf(scratch), calls);
    const source = longTree();
    source.onOpen = async (path) => {
      if (path !== "f1300") return;
      await filesOf(scratch).put(waiter, scratch.read("lock"));
      scratch.clock.advance(11_000);
    };
    const clock = waitingClock(scratch, () => {
      rmSync(join(scratch.top, waiter), { force: true });
    });
    const options = { path: scratch.top, clock, tool: "0.1.0", reserve: 0, rng: seededRng(calls) };
    isDone = await openStoreOver(files, options)
      .then((store) => store.capture(source, manual))
      .then(
        () => true,
        (error: unknown) => {
          if (!(error instanceof Killed)) throw error;
          return false;
        },
      );
    // The locks name this process, which lives: those of a killed one would be broken.
    for (const name of ["lock", waiter]) rmSync(join(scratch.top, name), { force: true });
    await heldPaths(scratch);
    const store = await scratch.open();
    const found = await store.list();
    expect(found.length, `killed at call ${calls}`).toBe(isDone ? 2 : found.length);
    expect(found.length).toBeLessThanOrEqual(2);
    expect(await damageOf(store, 2)).toEqual([]);
    await close();
    expect(calls).toBeLessThan(400);
  }
});

/** Files on a disk that is full after so many calls that need room. */
function fullFiles(disk: StoreFiles, calls: number): StoreFiles {
  const growing: ReadonlySet<string> = new Set(["put", "create", "append", "move", "write"]);
  let left = calls;
  const before = async (method: string): Promise<void> => {
    if (!growing.has(method)) return;
    left -= 1;
    if (left < 0) throw new SnapError("disk-full", "full");
    await Promise.resolve();
  };
  return hookedFiles(disk, { kind: "changes", before });
}

test("N29, N32: a disk that is full while a checkpoint is written ends the capture, and costs no snapshot", async () => {
  const outcomes = new Set<string>();
  for (let left = 0; left < 60; left += 3) {
    using scratch = new ScratchStore();
    const { root: first } = await (
      await scratch.open()
    ).capture(new MemorySource().write("zz", "before"), manual);
    const files = fullFiles(filesOf(scratch), left);
    const options = { path: scratch.top, clock: scratch.clock, tool: "0.1.0", reserve: 0 };
    const store = await openStoreOver(files, { ...options, rng: seededRng(left) });
    const ended = await store.capture(slowTree(scratch), manual).then(
      () => "taken",
      (error: { code: string }) => error.code,
    );
    outcomes.add(ended);
    const roots = await (await scratch.open()).list();
    expect(roots[0], `full after ${left} writes`).toEqual(first);
    expect(roots).toHaveLength(ended === "taken" ? 2 : 1);
    expect(await damageOf(await scratch.open(), 2)).toEqual([]);
    await heldPaths(scratch);
    expect(scratch.names("tmp")).toEqual([]);
  }
  expect([...outcomes].toSorted()).toEqual(["disk-full", "taken"]);
});
