/** S23: a look at the folders that were touched is as good as a look at everything. */
import { expect, test } from "vitest";
import { Marks, type Where } from "../../src/core/live/marks.ts";
import { pathOf } from "../../src/core/tree/tree-view.ts";
import { comparePaths, parentPath, parseRelPath, topPath } from "../../src/core/path/rel-path.ts";
import { lookEverywhere, type Looking } from "../../src/engine/disk/looking.ts";
import { LookMemory } from "../../src/engine/disk/memory.ts";
import type { LocalObservation } from "../../src/engine/disk/observe-local.ts";
import { randomFraction, seededRng } from "../../src/std/random.ts";
import { MemoryLook, parse, syncedRows, type Line } from "./memory-look.ts";
import { RandomTree } from "./random-tree.ts";

type Folders = Where & { readonly kind: "folders" };

/** Looks that go where they are told. */
class Told {
  readonly memory: LookMemory = new LookMemory();
  #where: Where = { kind: "everything" };

  at(where: Where): { readonly looking: Looking } {
    this.#where = where;
    return {
      looking: { memory: this.memory, where: () => this.#where, meanwhile: () => undefined },
    };
  }
}

const folders = (...paths: readonly string[]): Folders => ({
  kind: "folders",
  folders: new Set(paths.map(parseRelPath)),
  whole: new Set(),
});

/** Folders in which something is another: what a watcher tells of, which says nothing of what a moved folder holds. */
function touched(before: readonly Line[], now: readonly Line[]): Folders {
  const [old, young] = [before, now].map((lines) => new Map(lines.map((one) => [one.path, one])));
  const isAnother = (path: string): boolean => {
    const [a, b] = [old?.get(path), young?.get(path)];
    return JSON.stringify(a) !== JSON.stringify(b);
  };
  const paths = [...new Set([...before, ...now].map(({ path }) => path))].filter(isAnother);
  const isOtherFolder = (path: string): boolean => {
    const [a, b] = [old?.get(path), young?.get(path)];
    return a?.kind !== b?.kind || a?.fileId !== b?.fileId;
  };
  const isBelowOther = (path: string): boolean => {
    let at = parentPath(parseRelPath(path));
    while (at !== undefined && at !== topPath) {
      if (isOtherFolder(at)) return true;
      at = parentPath(at);
    }
    return false;
  };
  const told = paths.filter((path) => !isBelowOther(path));
  const marks = new Marks();
  for (const path of told) marks.at(parseRelPath(path), 1);
  const where = marks.take() ?? folders();
  return where.kind === "folders" ? where : folders();
}

/** Links, folders that nobody may read, names that the rules leave out: here and there, another time elsewhere. */
function odd(lines: readonly Line[], seed: number, share: number): readonly Line[] {
  const random = seededRng(seed);
  return lines.map((line) => {
    if (randomFraction(random) >= share) return line;
    if (line.kind === "folder") return { ...line, isShut: true };
    return randomFraction(random) < 0.5
      ? { ...line, kind: "symlink" as const }
      : { ...line, path: `${line.path}.ignored` };
  });
}

function rowsOf({ open: { index } }: MemoryLook, nameOf: (node: number) => string): string[] {
  const rows = [...index.local.all()].map(({ node, ...row }) => {
    const { stamp, ...rest } = row;
    // The stamp of a folder is not kept up to date, and new nodes are numbered as they come.
    const facts = { ...rest, parent: 0, absentAt: row.absentAt !== undefined };
    const kept = row.kind === "folder" ? facts : { ...facts, stamp };
    return `${pathOf(index.local, node) ?? "?"} ${nameOf(node)} ${JSON.stringify(kept)}`;
  });
  return rows.toSorted();
}

function told(memory: MemoryLook, { left, frozen, blocked }: LocalObservation): unknown {
  const { local } = memory.open.index;
  const place = (node: number): string => pathOf(local, node) ?? `?${node}`;
  return {
    left: left.toSorted((a, b) => comparePaths(a.path, b.path)).map((one) => JSON.stringify(one)),
    frozen: [...frozen].map(place).toSorted(),
    blocked: [...new Set(blocked.map(({ parent, key }) => `${place(parent)} ${key}`))].toSorted(),
  };
}

type Run = { readonly seed: number; readonly withIds: boolean; readonly extra: boolean };

/** One life: looks at what was touched beside looks at everything, step after step. */
async function live({ seed, withIds, extra }: Run): Promise<void> {
  const tree = new RandomTree(seed, { withIds });
  const share = seed % 3 === 0 ? 0.08 : 0;
  let seen = odd(tree.lines(), seed, share);
  const synced = syncedRows(seen.filter(({ kind }) => kind === "file" || kind === "folder"));
  const known = synced.length + 1_000;
  using partial = new MemoryLook({ synced, seen });
  using whole = new MemoryLook({ synced, seen });
  const looks = new Told();
  await partial.look(looks.at({ kind: "everything" }));
  await whole.look();
  const nameOf = (node: number): string => (node < known ? String(node) : "+");
  for (let round = 1; round <= 3; round += 1) {
    const before = seen;
    for (let step = seed % 4; step >= 0; step -= 1) tree.step();
    seen = odd(tree.lines(), seed + round, share);
    const where = touched(before, seen);
    const random = seen.filter((_, at) => extra && at % 5 === seed % 5).map(({ path }) => path);
    partial.lines = seen;
    whole.lines = seen;
    const all = folders(...where.folders, ...random);
    const mine = await partial.look(looks.at(all));
    const theirs = await whole.look();
    const title = `seed ${seed}, round ${round}`;
    expect(rowsOf(partial, nameOf), title).toEqual(rowsOf(whole, nameOf));
    expect(told(partial, mine), title).toEqual(told(whole, theirs));
  }
  const before = rowsOf(partial, nameOf);
  partial.hashed.length = 0;
  await partial.look(lookWhole());
  expect(rowsOf(partial, nameOf), `seed ${seed}, a whole look at the end`).toEqual(before);
  expect(partial.hashed, `seed ${seed}`).toEqual([]);
}

function lookWhole(): { readonly looking: Looking } {
  return { looking: lookEverywhere() };
}

test.each([
  [true, 150, false],
  [true, 50, true],
  [false, 100, false],
])(
  "S23: a look at what was touched finds what a look at everything finds (file ids: %s)",
  { timeout: 120_000 },
  async (withIds, runs, extra) => {
    for (let seed = 1; seed <= runs; seed += 1) await live({ seed, withIds, extra });
  },
);

test("S5: of what was not marked nothing is read", async () => {
  const seen = parse("a/ #1, a/b/ #2, a/b/f #3, a/c/ #4, d/ #5, d/e #6");
  using memory = new MemoryLook({ synced: syncedRows(seen), seen });
  const looks = new Told();
  await memory.look(looks.at({ kind: "everything" }));
  memory.listed.length = 0;
  await memory.look(looks.at(folders("a")));
  expect(memory.listed).toEqual(["a"]);
  memory.listed.length = 0;
  await memory.look(looks.at(folders()));
  expect(memory.listed).toEqual([]);
  expect(memory.hashed).toEqual([]);
});

/** After a look at everything the disk shows something else, and is looked at where somebody was told to. */
async function then(before: string, now: string, ...marked: readonly string[]): Promise<string[]> {
  const seen = parse(before);
  using memory = new MemoryLook({ synced: syncedRows(seen), seen });
  const looks = new Told();
  await memory.look(looks.at({ kind: "everything" }));
  memory.lines = parse(now);
  await memory.look(looks.at(folders(...marked)));
  return [...memory.nodes()].map(([path, node]) => `${path}>${node}`).toSorted();
}

test("S23: a mark in what is new, gone or another is left to the nearest folder that is known", async () => {
  expect(await then("a/ #1", "a/ #1, a/n/ #2, a/n/m/ #3, a/n/m/f #4", "a/n/m")).toEqual([
    "a/n/m/f>+",
    "a/n/m>+",
    "a/n>+",
    "a>1",
  ]);
  expect(await then("a/ #1, a/b/ #2, a/b/f #3", "a/ #1", "a/b")).toEqual(["a>1"]);
  expect(await then("a/ #1, a/b/ #2, a/b/f #3", "a/ #1, a/b/ #9, a/b/g #10", "a/b")).toEqual([
    "a/b/g>+",
    "a/b>2",
    "a>1",
  ]);
});

test("S2: marks in what the rules leave out lead nowhere", async () => {
  const seen = parse("a/ #1, x.ignored/ #2, x.ignored/y/ #3");
  using memory = new MemoryLook({ synced: syncedRows(seen.slice(0, 1)), seen });
  const looks = new Told();
  await memory.look(looks.at({ kind: "everything" }));
  memory.listed.length = 0;
  await memory.look(looks.at(folders("x.ignored", "x.ignored/y", ".snap")));
  expect(memory.listed).toEqual([]);
});

test("S29: what was missing and is back is entered, though nobody told of what is in it", async () => {
  const seen = parse("a/ #1, a/d/ #2, a/d/f #3");
  using memory = new MemoryLook({ synced: syncedRows(seen), seen });
  const looks = new Told();
  await memory.look(looks.at({ kind: "everything" }));
  memory.lines = parse("a/ #1, a/d #9 ->");
  const away = await memory.look(looks.at(folders("a")));
  expect(away.left.map(({ path, kind }) => `${kind} ${path}`)).toEqual(["unknown a/d"]);
  memory.lines = parse("a/ #1, a/d/ #2, a/d/g #4");
  const back = await memory.look(looks.at(folders()));
  expect(back.left).toEqual([]);
  expect([...memory.nodes().keys()].toSorted()).toEqual(["a", "a/d", "a/d/g"]);
});

test("S23: a look that did not come to its end leaves nothing to build on", async () => {
  const seen = parse("a/ #1, b/ #2, b/f #3");
  using memory = new MemoryLook({ synced: syncedRows(seen), seen });
  const looks = new Told();
  await memory.look(looks.at({ kind: "everything" }));
  expect(looks.memory.wholeAt).toBeDefined();
  const cut = memory.look({ ...looks.at(folders("a")), signal: AbortSignal.abort() });
  await expect(cut).rejects.toMatchObject({ code: "interrupted" });
  expect(looks.memory.wholeAt).toBeUndefined();
  memory.listed.length = 0;
  await memory.look(looks.at(folders("a")));
  expect(memory.listed).toEqual(["", "a", "b"]);
});
