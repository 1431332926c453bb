import { expect, test } from "vitest";
import { MemorySource } from "../support/memory-source.ts";
import { ScratchStore, damageOf } from "./scratch-store.ts";

const manual = { reason: "manual" } as const;
const yearMs = 365 * 24 * 3_600_000;

async function capture(scratch: ScratchStore, content: string): Promise<string> {
  const store = await scratch.open();
  return (await store.capture(new MemorySource().write("a", content), manual)).root.id;
}

async function latest(scratch: ScratchStore, back = 0): Promise<string> {
  return (await (await scratch.open()).find(`latest~${back}`)).id;
}

test.each([
  ["years ahead", 4 * yearMs],
  ["years behind", -20 * yearMs],
])(
  "N25: a clock that was %s once does not decide what is the latest, nor what the next one goes on from",
  async (_what, off) => {
    using scratch = new ScratchStore();
    const before = await capture(scratch, "before");
    scratch.clock.advance(off);
    const wrong = await capture(scratch, "by a wrong clock");
    expect(await latest(scratch)).toBe(wrong);
    scratch.clock.advance(1000 - off);
    const after = await capture(scratch, "after");
    const last = await capture(scratch, "last");
    const roots = await (await scratch.open()).list();
    expect(roots.map(({ id }) => id)).toEqual([before, wrong, after, last]);
    expect(roots.map(({ parent }) => parent)).toEqual([undefined, before, wrong, after]);
    expect(await latest(scratch)).toBe(last);
    expect(await latest(scratch, 1)).toBe(after);
  },
);

test("N55, N56: a clock that is years ahead once does not empty the trash; one that stays there does", async () => {
  using scratch = new ScratchStore();
  const first = await capture(scratch, "first");
  await capture(scratch, "second");
  const { keeping } = await scratch.open();
  const { id } = await keeping.forget({ ids: [first], reason: "manual", evenLastCopy: true });
  scratch.clock.advance(4 * yearMs);
  expect((await keeping.prune({ dryRun: true })).emptied.files).toBe(0);
  expect((await keeping.prune({})).emptied.files).toBe(0);
  scratch.clock.advance(-4 * yearMs);
  expect((await keeping.prune({})).emptied.files).toBe(0);
  expect(await keeping.forgets()).toHaveLength(1);
  await keeping.unforget(id);
  expect(await damageOf(await scratch.open(), 2)).toEqual([]);
  await keeping.forget({ ids: [first], reason: "manual", evenLastCopy: true });
  scratch.clock.advance(4 * yearMs);
  expect((await keeping.prune({})).emptied.files).toBe(0);
  scratch.clock.advance(1000);
  expect((await keeping.prune({})).emptied.files).toBeGreaterThan(0);
});

test("N55, N56: a snapshot that a clock years ahead took proves no time to the prune that follows it", async () => {
  using scratch = new ScratchStore();
  const first = await capture(scratch, "first");
  const second = await capture(scratch, "second");
  const { keeping } = await scratch.open();
  await keeping.prune({});
  const { id } = await keeping.forget({ ids: [first], reason: "manual", evenLastCopy: true });
  scratch.clock.advance(4 * yearMs);
  await capture(scratch, "by a wrong clock");
  await keeping.forget({ ids: [second], reason: "schedule", evenLastCopy: true });
  expect((await keeping.prune({ dryRun: true })).emptied.files).toBe(0);
  expect((await keeping.prune({})).emptied.files).toBe(0);
  scratch.clock.advance(1000 - 4 * yearMs);
  await keeping.unforget(id);
  expect(await damageOf(await scratch.open(), 2)).toEqual([]);
});
