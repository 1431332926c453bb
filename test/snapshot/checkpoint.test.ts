import { existsSync, rmSync } from "node:fs";
import { join } from "node:path";
import { expect, test } from "vitest";
import { checkpointLists } from "../../src/snapshot/checkpoint.ts";
import { openStoreOver } from "../../src/snapshot/store.ts";
import type { CaptureResult } from "../../src/core/snapshot/store-request.ts";
import { seededRng } from "../../src/std/random.ts";
import { turn } from "../../src/std/turn.ts";
import { MemorySource } from "../support/memory-source.ts";
import { filesOf, heldPaths, longTree, slowTree, waitingClock } from "./checkpoint-scenes.ts";
import { ScratchStore, contentOf, damageOf, entryAt, noise } from "./scratch-store.ts";
import { Killed, stoppingFiles } from "./stopping-files.ts";

const manual = { reason: "manual" } as const;
const dayMs = 24 * 3_600_000;

async function interruptAt(scratch: ScratchStore, path: string): Promise<void> {
  const controller = new AbortController();
  const source = longTree();
  source.onOpen = (opened) => {
    if (opened === path) controller.abort();
  };
  const store = await scratch.open();
  await expect(
    store.capture(source, { ...manual, signal: controller.signal }),
  ).rejects.toMatchObject({ code: "interrupted" });
}

test("N32: an interrupted capture leaves a checkpoint that is no snapshot, and the next one goes on from it", async () => {
  using scratch = new ScratchStore();
  await interruptAt(scratch, "f1700");
  const store = await scratch.open();
  expect(await store.list()).toEqual([]);
  const held = await heldPaths(scratch);
  expect(held.length).toBeGreaterThan(500);
  expect(await checkpointLists(filesOf(scratch), scratch.clock.now())).not.toEqual([]);

  const source = longTree();
  source.isTrusted = true;
  const { root } = await store.capture(source, manual);
  expect(source.opened.filter((path) => held.includes(path))).toEqual([]);
  expect(source.opened).toHaveLength(900 - held.length);
  expect(root.counts.files).toBe(900);
  expect(await damageOf(store, 2)).toEqual([]);
  expect(scratch.names("partial")).toEqual([]);
});

test("N32: content that has changed since is read, checkpoint or not", async () => {
  using scratch = new ScratchStore();
  await interruptAt(scratch, "f1700");
  const source = longTree().write("f1001", "changed");
  source.isTrusted = true;
  const store = await scratch.open();
  const { root } = await store.capture(source, manual);
  expect(source.opened).toContain("f1001");
  expect((await contentOf(store, await entryAt(store, root, "f1001"))).toString()).toBe("changed");
});

test("N32: the checkpoint that got furthest is used, of the same workspace and side only", async () => {
  using scratch = new ScratchStore();
  await interruptAt(scratch, "f1800");
  const furthest = (await heldPaths(scratch)).length;
  await interruptAt(scratch, "f1300");
  const elsewhere = longTree();
  elsewhere.isTrusted = true;
  const { captureFacts } = elsewhere;
  const store = await scratch.open();
  elsewhere.captureFacts = { ...captureFacts, workspace: { ...captureFacts.workspace, id: "w2" } };
  await store.capture(elsewhere, manual);
  expect(elsewhere.opened).toHaveLength(900);
  expect(scratch.names("partial")).toHaveLength(2);
  const source = longTree();
  source.isTrusted = true;
  await store.capture(source, manual);
  expect(source.opened).toHaveLength(900 - furthest);
});

test("N32: after a week a checkpoint holds nothing, and the next capture removes it", async () => {
  using scratch = new ScratchStore();
  await interruptAt(scratch, "f1700");
  const now = scratch.clock.now();
  expect(await checkpointLists(filesOf(scratch), now + 7 * dayMs)).not.toEqual([]);
  expect(await checkpointLists(filesOf(scratch), now + 7 * dayMs + 1)).toEqual([]);
});

test("N32, N33: a capture of some paths leaves the checkpoint of a whole one alone", async () => {
  using scratch = new ScratchStore();
  await interruptAt(scratch, "f1700");
  const held = await heldPaths(scratch);
  const store = await scratch.open();
  const part = new MemorySource().write("f1001", "one");
  part.captureFacts = { ...part.captureFacts, paths: ["f1001"] };
  await store.capture(part, manual);
  expect(await heldPaths(scratch)).toEqual(held);
});

test("N32: a damaged checkpoint counts as none", async () => {
  using scratch = new ScratchStore();
  await interruptAt(scratch, "f1700");
  scratch.flip(scratch.only("partial", ".json"), 40);
  expect(await checkpointLists(filesOf(scratch), scratch.clock.now())).toEqual([]);
  expect((await (await scratch.open()).capture(longTree(), manual)).created).toBe(true);
  expect(scratch.names("partial")).toEqual([]);
});

/** A source during whose reading the time flies, so that a checkpoint is due again and again. */
test("N32: a checkpoint is written every five minutes, one file a capture, and gone with the snapshot", async () => {
  using scratch = new ScratchStore();
  const source = slowTree(scratch);
  const seen = new Set<string>();
  const { onOpen } = source;
  source.onOpen = (path) => {
    void onOpen?.(path);
    if (path > "f1600") seen.add(scratch.names("partial").join());
  };
  const { root } = await (await scratch.open()).capture(source, manual);
  expect([...seen]).toEqual([expect.stringMatching(/^partial\/[0-9a-f]{32}\.json$/)]);
  expect(scratch.names("partial")).toEqual([]);
  using plain = new ScratchStore();
  const { root: same } = await (await plain.open()).capture(longTree(), manual);
  expect(root.lists).toEqual(same.lists);
});

test("N1, N2, N32: a capture with checkpoints killed at each file call leaves whole ones, and the next one works", async () => {
  for (let calls = 0, isDone = false; !isDone; calls += 3) {
    using scratch = new ScratchStore();
    const inner = filesOf(scratch);
    const { files, close } = stoppingFiles(inner, calls);
    const options = { path: scratch.top, clock: scratch.clock, tool: "0.1.0", reserve: 0 };
    const source = slowTree(scratch);
    isDone = await openStoreOver(files, { ...options, rng: seededRng(calls) })
      .then((store) => store.capture(source, manual))
      .then(
        () => true,
        (error: unknown) => {
          if (!(error instanceof Killed)) throw error;
          return false;
        },
      );
    rmSync(join(scratch.top, "lock"), { force: true });
    await heldPaths(scratch);
    const store = await scratch.open();
    expect((await store.list()).length, `killed at call ${calls}`).toBeLessThanOrEqual(1);
    await store.capture(longTree(), manual);
    expect(await filesOf(scratch).list("partial")).toEqual([]);
    expect(scratch.names("tmp")).toEqual([]);
    await close();
    expect(calls).toBeLessThan(400);
  }
});

test("N30: a long capture lets a writer that waits go first, and goes on with what it left", async () => {
  using scratch = new ScratchStore();
  const lock = join(scratch.top, "lock");
  const source = longTree();
  const safety = new MemorySource().write("precious", noise(500));
  let other: Promise<CaptureResult> | undefined;
  source.onOpen = async (path) => {
    if (path !== "f1100") return;
    const clock = waitingClock(scratch, () => {});
    const second = await scratch.open({ clock, wait: 1_000_000_000 });
    other = second.capture(safety, { reason: "before-restore", force: true });
    while (!existsSync(join(scratch.top, "wait")) || scratch.names("wait").length === 0) {
      await turn();
    }
    scratch.clock.advance(11_000);
  };
  const clock = waitingClock(scratch, async () => {
    while (!existsSync(lock) && scratch.names("wait").length > 0) await turn();
  });
  let roots = 0;
  const { root } = await (
    await scratch.open({ clock })
  ).capture(source, {
    ...manual,
    onProgress: ({ current }) => {
      if (current === "f1800") roots = scratch.names("roots").length;
    },
  });
  expect(roots).toBe(1);
  expect((await other)?.root.counts.files).toBe(1);
  expect(root.counts.files).toBe(900);
  expect(await damageOf(await scratch.open(), 2)).toEqual([]);
  expect([scratch.names("wait"), scratch.names("partial")]).toEqual([[], []]);
  expect(existsSync(lock)).toBe(false);
});

test("N30, N27: what the other writer took away is stored again, and what the capture has stored is held", async () => {
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
  let held: readonly string[] = [];
  const clock = waitingClock(scratch, async () => {
    held = await heldPaths(scratch);
    for (const name of [pack, pack.replace(".tar.zst", ".idx"), waiter]) {
      rmSync(join(scratch.top, name), { force: true });
    }
  });
  const { root } = await (await scratch.open({ clock })).capture(source, manual);
  expect(held).toContain("f1100");
  const store = await scratch.open();
  expect((await contentOf(store, await entryAt(store, root, "zz"))).equals(shared)).toBe(true);
});

test("N30: a writer that is gone is not waited for", async () => {
  using scratch = new ScratchStore();
  const waiter = `wait/${"5".repeat(32)}`;
  const source = longTree();
  source.onOpen = async (path) => {
    if (path !== "f1100") return;
    const dead = scratch
      .read("lock")
      .toString()
      .replace(/"pid":\d+/, '"pid":4194305');
    await filesOf(scratch).put(waiter, Buffer.from(dead));
    scratch.clock.advance(11_000);
  };
  await (await scratch.open()).capture(source, manual);
  expect(scratch.clock.slept).toEqual([]);
  expect(scratch.names("wait")).toEqual([]);
});
