import { expect, test } from "vitest";
import { parseRelPath, topPath } from "../../src/core/path/rel-path.ts";
import type { UnitFileEntry } from "../../src/core/repo/unit.ts";
import type { SnapshotEntry } from "../../src/core/snapshot/entry.ts";
import { UnitCollector } from "../../src/snapshot/unit-collector.ts";
import { MemorySpool } from "../support/memory-spool.ts";

const unit = parseRelPath("r/.git");

/** Takes a unit that is told entry by entry. */
class Told implements Disposable {
  readonly collector: UnitCollector;
  readonly spools: MemorySpool[] = [];

  constructor() {
    const makeSpool = (): MemorySpool => {
      const spool = new MemorySpool();
      this.spools.push(spool);
      return spool;
    };
    const options = { keepsOwners: false, makeSpool };
    this.collector = new UnitCollector(() => Promise.resolve(), options);
  }

  async file(name: string | Buffer, text = "x", end: "done" | "drop" = "done"): Promise<void> {
    const path = Buffer.from(name);
    const entry: UnitFileEntry = {
      path,
      kind: "file",
      mode: 0o644,
      mtimeNs: 5n,
      size: text.length,
    };
    const writer = await this.collector.file(entry);
    await writer.write(Buffer.from(text));
    await writer[end]();
  }

  async folder(name: string): Promise<void> {
    await this.collector.plain({
      path: Buffer.from(name),
      kind: "folder",
      mode: 0o755,
      mtimeNs: 5n,
    });
  }

  /** Path, type and size or mode of every entry. */
  async entries(of = unit): Promise<readonly string[]> {
    using collected = await this.collector.finish(of);
    const told = [...collected.entries()].map(inShort);
    expect(collected.count).toBe(told.length);
    expect([...collected.entries()].map(inShort), "gone through again").toEqual(told);
    return [...told, ...collected.troubles.map((trouble) => `trouble: ${trouble}`)];
  }

  [Symbol.dispose](): void {
    this.collector[Symbol.dispose]();
    expect(this.spools.every(({ isClosed }) => isClosed)).toBe(true);
  }
}

function inShort({ path, type, size, mode }: SnapshotEntry): string {
  return `${path} ${type} ${type === "file" ? size : mode}`;
}

test("N46: entries come in path order, and folders that went are there for what is in them", async () => {
  using told = new Told();
  await told.file("objects/b/2");
  await told.file("objects/a/1");
  await told.file("HEAD");
  await told.folder("refs");
  await told.folder("objects");
  expect(await told.entries()).toEqual([
    "r/.git/HEAD file 1",
    "r/.git/objects folder 755",
    "r/.git/objects/a folder 700",
    "r/.git/objects/a/1 file 1",
    "r/.git/objects/b folder 700",
    "r/.git/objects/b/2 file 1",
    "r/.git/refs folder 755",
  ]);
  expect((await told.entries(topPath))[0]).toBe("HEAD file 1");
});

test("N44: the last of a name counts, and what was dropped or removed does not", async () => {
  using told = new Told();
  await told.file("a", "1");
  await told.file("a", "12");
  await told.file("b", "1");
  await told.file("b", "12", "drop");
  await told.file("c", "1");
  await told.collector.remove(Buffer.from("c"));
  await told.file("d", "1");
  await told.collector.remove(Buffer.from("d"));
  await told.file("d", "123");
  expect(await told.entries()).toEqual(["r/.git/a file 2", "r/.git/d file 3"]);
});

test("N44: what is removed takes along what is in it, and what comes later stays", async () => {
  using told = new Told();
  await told.file("modules/lib/objects/old");
  await told.file("modules/lib/objects.txt");
  await told.collector.remove(Buffer.from("modules/lib/objects"));
  await told.file("modules/lib/objects/new");
  expect(await told.entries()).toEqual([
    "r/.git/modules folder 700",
    "r/.git/modules/lib folder 700",
    "r/.git/modules/lib/objects folder 700",
    "r/.git/modules/lib/objects/new file 1",
    "r/.git/modules/lib/objects.txt file 1",
  ]);
});

test("N45: what lies in no folder is told, and is no entry", async () => {
  using told = new Told();
  await told.file("a");
  await told.file("a/b");
  expect(await told.entries()).toEqual(["r/.git/a file 1", 'trouble: "a/b" is in no folder']);
});

test("N23: names that are no text are told apart from those that look like them", async () => {
  using told = new Told();
  await told.file(Buffer.from([0xe4]));
  await told.file("\ufffde4");
  using collected = await told.collector.finish(unit);
  const entries = [...collected.entries()];
  expect(new Set(entries.map(({ path }) => path)).size).toBe(2);
  expect(
    entries.map(({ pathBytes }) => pathBytes?.length ?? 0).filter((length) => length > 0),
  ).toHaveLength(1);
});

test("N32: what is stored so far are files, those that are being read up to the last whole block", async () => {
  using told = new Told();
  await told.file("a", "12");
  await told.folder("refs");
  const block = 4 * 1024 * 1024;
  const size = block + 1;
  const entry = {
    path: Buffer.from("pack"),
    kind: "file",
    mode: 0o444,
    mtimeNs: 5n,
    size,
  } as const;
  const writer = await told.collector.file(entry);
  await writer.write(Buffer.alloc(size));
  using stored = await told.collector.stored(unit);
  expect([...stored.entries()].map(inShort)).toEqual([
    "r/.git/a file 2",
    `r/.git/pack file ${block}`,
  ]);
  expect(stored.count).toBe(2);
  await writer.done();
  expect(await told.entries()).toContain(`r/.git/pack file ${size}`);
});
