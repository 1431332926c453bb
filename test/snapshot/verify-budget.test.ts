import { expect, test } from "vitest";
import { DiskStoreFiles } from "../../src/snapshot/disk-files.ts";
import type { LeftPacks } from "../../src/core/snapshot/store-request.ts";
import { compactChecks } from "../../src/snapshot/compact-checks.ts";
import { readDamagedPacks, recordChecks } from "../../src/snapshot/checks.ts";
import { silentLogger } from "../../src/std/log.ts";
import { seededRng } from "../../src/std/random.ts";
import { MemorySource } from "../support/memory-source.ts";
import { hookedFiles, killedAt } from "./keep-scenes.ts";
import { ScratchStore, all, noise } from "./scratch-store.ts";

const manual = { reason: "manual" } as const;

/** Three snapshots with a data pack and a metadata pack each. */
async function sixPacks(scratch: ScratchStore): Promise<readonly string[]> {
  const source = new MemorySource();
  for (let at = 0; at < 3; at += 1) {
    source.write(`f${at}`, noise(50_000, at + 1));
    await (await scratch.open()).capture(source, manual);
    scratch.clock.advance(60_000);
  }
  return scratch.names().filter((name) => name.endsWith(".tar.zst"));
}

type Line = { readonly pack?: string; readonly level: number; readonly result: string };

function lines(scratch: ScratchStore): readonly Line[] {
  const text = scratch.read("checks.jsonl").toString().split("\n").slice(0, -1);
  return text.map((line): Line => JSON.parse(line));
}

async function turn(scratch: ScratchStore, budgetMs: number): Promise<LeftPacks | undefined> {
  let left: LeftPacks | undefined;
  const onLeft = (each: LeftPacks): void => {
    left = each;
  };
  await all((await scratch.open()).verify({ level: 2, budgetMs, onLeft }));
  scratch.clock.advance(60_000);
  return left;
}

test("N51: a budget looks at one pack at least, the one looked at longest ago, and covers the store in turn", async () => {
  using scratch = new ScratchStore();
  const packs = await sixPacks(scratch);
  expect(packs).toHaveLength(6);
  for (let at = 0; at < 6; at += 1) expect(await turn(scratch, 0)).toMatchObject({ packs: 5 });
  const first = lines(scratch).map(({ pack }) => pack ?? "");
  expect(first.toSorted()).toEqual(packs);
  expect(lines(scratch).every(({ level, result }) => level === 2 && result === "sound")).toBe(true);
  for (let at = 0; at < 6; at += 1) await turn(scratch, 0);
  const second = lines(scratch).slice(6);
  expect(
    second.map(({ pack }) => pack),
    "in the same order again",
  ).toEqual(first);
  expect(await turn(scratch, 3_600_000), "time for everything").toBeUndefined();
});

test("N51: damage is recorded in its turn, told from then on, and does not keep the others waiting", async () => {
  using scratch = new ScratchStore();
  const packs = await sixPacks(scratch);
  const broken = packs.find((name) => name.startsWith("data")) ?? "";
  scratch.flip(broken, 600);
  const isTold = async (): Promise<boolean> => {
    const store = await scratch.open();
    const events = await all(store.verify({ level: 2, budgetMs: 0 }));
    scratch.clock.advance(60_000);
    return events.some(({ type }) => type === "damaged");
  };
  const turns: boolean[] = [];
  for (let at = 0; at < 12; at += 1) turns.push(await isTold());
  const first = turns.indexOf(true);
  expect(first).toBeLessThan(6);
  expect(turns.slice(first)).not.toContain(false);
  const of = (name: string): number => lines(scratch).filter(({ pack }) => pack === name).length;
  for (const name of packs) expect(of(name), name).toBe(2);
  scratch.flip(broken, 600);
  for (let at = 0; at < 6; at += 1) await isTold();
  expect(await isTold(), "found sound in its turn").toBe(false);
});

test("N51: a verification with a budget that is killed at any call goes on where it was", async () => {
  using scratch = new ScratchStore();
  const packs = await sixPacks(scratch);
  for (let calls = 0, isDone = false; !isDone; calls += 1) {
    isDone = await killedAt(scratch, calls, (store) =>
      all(store.verify({ level: 2, budgetMs: 3_600_000 })),
    );
    expect(calls).toBeLessThan(50);
  }
  expect(new Set(lines(scratch).map(({ pack }) => pack))).toEqual(new Set(packs));
});

test("N51: the record is made shorter when half of it says nothing, and loses no line that comes meanwhile", async () => {
  using scratch = new ScratchStore();
  const [pack = "", other = ""] = await sixPacks(scratch);
  const line = (name: string, result: string): string =>
    `{"level":2,"pack":"${name}","result":"${result}","time":"2026-11-22T00:00:00Z"}\n`;
  const gone = `data/00/${"0".repeat(64)}.tar.zst`;
  const text = `${line(other, "damaged")}${line(gone, "damaged").repeat(9000)}${line(pack, "sound")}torn`;
  scratch.write("checks.jsonl", text);
  const disk = new DiskStoreFiles(scratch.top, seededRng(1));
  const parts = { files: disk, logger: silentLogger, clock: scratch.clock, rng: seededRng(2) };
  // The first comes before the work begins, and no such pack is there: it goes.
  const late = packsNamed(8);
  let calls = 0;
  const files = hookedFiles(disk, {
    kind: "changes",
    before: async () => {
      const name = late[calls] ?? "";
      calls += 1;
      if (name !== "") await recordChecks(parts, [{ pack: name, level: 1, result: "damaged" }]);
    },
  });
  await compactChecks({ ...parts, files });
  expect(calls).toBeGreaterThan(2);
  expect(scratch.read("checks.jsonl").length).toBeLessThan(5000);
  const damaged = await readDamagedPacks(parts);
  expect([...damaged.keys()]).toEqual(expect.arrayContaining([other, ...late.slice(1, calls)]));
  expect(damaged.has(pack)).toBe(false);
  expect(scratch.names("tmp")).toEqual([]);
});

function packsNamed(count: number): readonly string[] {
  return Array.from({ length: count }, (_, at) => `data/11/${`${at}`.repeat(64)}.tar.zst`);
}

test("N51: a long record is made shorter by a verification, and by none while another writer is at work", async () => {
  using scratch = new ScratchStore();
  const packs = await sixPacks(scratch);
  const lineOf = (name: string): string =>
    `{"level":2,"pack":"${name}","result":"sound","time":"2026-11-22T00:00:00Z"}\n`;
  const text = packs.map(lineOf).join("").repeat(1500);
  scratch.write("checks.jsonl", text);
  scratch.write("lock", "{}");
  await turn(scratch, 0);
  expect(scratch.read("checks.jsonl").length, "a dead lock is broken").toBeLessThan(10_000);
  expect(scratch.names().includes("lock")).toBe(false);
  const before = lines(scratch).map(({ pack }) => pack);
  expect(new Set(before)).toEqual(new Set(packs));
});
