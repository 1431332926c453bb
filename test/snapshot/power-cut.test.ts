import { mkdirSync, rmSync } from "node:fs";
import { join } from "node:path";
import { expect, test, vi } from "vitest";
import { seededRng } from "../../src/std/random.ts";
import { MemorySource } from "../support/memory-source.ts";
import { VolatileDisk, type Moment } from "../support/volatile-disk.ts";
import { treeOf } from "./keep-scenes.ts";
import { leaveDeadLock, losses, PowerCuts, strict } from "./power-cuts.ts";
import { ScratchStore, damageOf, noise } from "./scratch-store.ts";

vi.setConfig({ testTimeout: 300_000 });

const manual = { reason: "manual" } as const;

function tree(version: string): MemorySource {
  const source = new MemorySource()
    .write("same", noise(300_000, 8))
    .write("changed", version)
    .link("l", "same");
  for (let at = 0; at < 20; at += 1) source.write(`d/${version}-${at}`, `${version} ${at}`);
  return source;
}

/** What a snapshot of `tree` gives back. */
function contentOfTree(version: string): Record<string, string> {
  const small = Array.from({ length: 20 }, (_, at) => [`d/${version}-${at}`, `${version} ${at}`]);
  const same = noise(300_000, 8).toString("latin1");
  return Object.fromEntries([["same", same], ["changed", version], ...small]) as Record<
    string,
    string
  >;
}

/** Whatever was told is there to the last block, and no later capture relies on a block that is not there (N1, N2). */
async function expectKept(scratch: ScratchStore, moment: Moment): Promise<void> {
  // Other random names than those of the process before the cut.
  const store = await scratch.open({ rng: seededRng(977) });
  const roots = await store.list();
  expect(await damageOf(store, 2), moment.after).toEqual([]);
  for (const version of moment.told) {
    const root = roots.find(({ label }) => label === version);
    if (root === undefined) throw new Error(`"${version}" is gone after ${moment.after}`);
    expect(await treeOf(store, root), moment.after).toEqual(contentOfTree(version));
  }
  for (const version of ["one", "two"]) {
    const { root } = await store.capture(tree(version), { ...manual, force: true });
    expect(await treeOf(store, root), moment.after).toEqual(contentOfTree(version));
  }
  expect(await damageOf(store, 2), moment.after).toEqual([]);
}

test("N1, N2, N26: a power cut at any moment of captures takes nothing that was told", async () => {
  using place = new PowerCuts();
  const home = join(place.top, "disk");
  mkdirSync(home);
  let moments: readonly Moment[] = [];
  {
    using disk = new VolatileDisk(home, losses);
    const scratch = new ScratchStore(join(home, "deep", "store"));
    for (const label of ["one", "two"]) {
      const store = await scratch.open();
      await store.capture(tree(label), { ...manual, label });
      disk.tell(label);
    }
    ({ moments } = disk);
  }
  expect(moments.length).toBeGreaterThan(40);
  expect(moments.filter(({ told }) => told.length === 2).length).toBeGreaterThan(0);
  for (const moment of moments) await expectKept(place.after(moment, "deep/store"), moment);
});

test("N1, N27: what a killed capture left unflushed is flushed before another one relies on it", async () => {
  using place = new PowerCuts();
  let isReached = true;
  let calls = 0;
  for (; isReached; calls += 1) {
    const home = join(place.top, `disk${calls}`);
    mkdirSync(home);
    let cut: readonly Moment[] = [];
    {
      using disk = new VolatileDisk(home, strict);
      const scratch = new ScratchStore(join(home, "store"));
      isReached = await disk.dying(calls, async () => {
        await (await scratch.open()).capture(tree("one"), { ...manual, label: "one" });
      });
      leaveDeadLock(scratch);
      const next = await scratch.open({ rng: seededRng(978) });
      // Where the first one got as far as its root this one makes none, and names that.
      await next.capture(tree("one"), { ...manual, label: "one" });
      disk.tell("one");
      ({ cut } = disk);
    }
    for (const moment of cut)
      await expectKept(place.after(moment, "store"), { ...moment, after: `call ${calls}` });
    rmSync(home, { recursive: true });
  }
  expect(calls).toBeGreaterThan(20);
});
