import { utimesSync, writeFileSync } from "node:fs";
import path from "node:path";
import { expect, test } from "vitest";
import type { CaptureSource } from "../../src/ports.ts";
import type { Disk } from "../../src/local/disk.ts";
import { localSource } from "../../src/snapshot/local-source.ts";
import { SqliteContentMemory } from "../../src/state/content-memory.ts";
import { silentLogger } from "../../src/std/log.ts";
import { quickClock, Scratch } from "../local/scratch.ts";
import { quickDisk } from "../local/stopping-disk.ts";
import { memoryFacts } from "../support/memory-source.ts";
import { ScratchStore, contentOf, entryAt } from "./scratch-store.ts";

const manual = { reason: "manual" } as const;

/** Later than whatever the test writes. */
const lateClock = { ...quickClock, now: (): number => Date.now() + 60_000 };

/** A workspace without an index, and the bytes that were read of its files. */
class Unlinked implements Disposable {
  readonly scratch: Scratch;
  readonly memory: SqliteContentMemory;
  readCount = 0;

  constructor(scratch: Scratch) {
    this.scratch = scratch;
    this.memory = new SqliteContentMemory(path.join(scratch.root, "contents.db"), silentLogger);
  }

  source(): CaptureSource {
    const disk: Disk = {
      ...quickDisk,
      read: (fd, into, position) => {
        this.readCount += 1;
        return quickDisk.read(fd, into, position);
      },
      readNow: (fd, into, position) => {
        this.readCount += 1;
        return quickDisk.readNow(fd, into, position);
      },
    };
    return localSource({
      local: this.scratch.side(disk, lateClock),
      index: undefined,
      isOutside: () => false,
      isRepositorySynced: () => true,
      facts: memoryFacts,
      contents: { memory: this.memory, granularityNs: 1n },
    });
  }

  [Symbol.dispose](): void {
    this.memory[Symbol.dispose]();
  }
}

test("N35: files without an index are read once, and again only when they change", async () => {
  using scratch = new Scratch({ a: "one", "d/b": "two", "d/c": "x".repeat(300_000), "e/": "" });
  using store = new ScratchStore();
  const opened = await store.open({ clock: lateClock });
  using first = new Unlinked(scratch);
  const taken = await opened.capture(first.source(), manual);
  expect(first.readCount).toBeGreaterThan(2);
  first[Symbol.dispose]();

  using later = new Unlinked(scratch);
  expect(await opened.capture(later.source(), manual)).toEqual({ ...taken, created: false });
  expect(later.readCount).toBe(0);

  // The same size and time: only the ctime tells.
  const times = new Date(1_700_000_000_000);
  utimesSync(scratch.at("a"), times, times);
  const before = await opened.capture(later.source(), manual);
  later.readCount = 0;
  writeFileSync(scratch.at("a"), "eno");
  utimesSync(scratch.at("a"), times, times);
  const { root } = await opened.capture(later.source(), manual);
  expect(later.readCount).toBe(1);
  expect(root.id).not.toBe(before.root.id);
  expect((await contentOf(opened, await entryAt(opened, root, "a"))).toString()).toBe("eno");
});
