import { expect } from "vitest";
import { liveCheckpoints } from "../../src/snapshot/checkpoint.ts";
import { DiskStoreFiles } from "../../src/snapshot/disk-files.ts";
import { readEntries } from "../../src/snapshot/manifest-store.ts";
import { loadPacks } from "../../src/snapshot/packs.ts";
import { silentLogger } from "../../src/std/log.ts";
import { seededRng } from "../../src/std/random.ts";
import type { Clock } from "../../src/std/time.ts";
import { turn } from "../../src/std/turn.ts";
import { MemorySource } from "../support/memory-source.ts";
import { ScratchStore, all, noise } from "./scratch-store.ts";

/** The files of a store, beside whoever works with it. */
export function filesOf(scratch: ScratchStore): DiskStoreFiles {
  return new DiskStoreFiles(scratch.top, seededRng(99));
}

/** Files enough for several runs of entries. */
export function longTree(): MemorySource {
  const source = new MemorySource();
  for (let at = 1000; at < 1900; at += 1) source.write(`f${at}`, noise(3_000, at));
  return source;
}

/** The paths of all entries that live checkpoints name; whatever they name is whole. */
export async function heldPaths(scratch: ScratchStore): Promise<readonly string[]> {
  const files = filesOf(scratch);
  const { meta, data } = await loadPacks(files, silentLogger);
  const held: string[] = [];
  for (const { lists, entries } of await liveCheckpoints(files, scratch.clock.now())) {
    const found = await all(readEntries(meta.reader, { lists }));
    expect(found).toHaveLength(entries);
    for (const entry of found) {
      held.push(entry.path);
      for (const block of entry.blocks ?? []) await data.reader.read(block);
    }
  }
  return held;
}

/** The same, of which the capture takes so long that it leaves checkpoints. */
export function slowTree(scratch: ScratchStore): MemorySource {
  const source = longTree();
  source.onOpen = (path) => {
    if (path.endsWith("50")) scratch.clock.advance(6 * 60_000);
  };
  return source;
}

/** The clock of the test for a writer that waits: each sleep is `during`, and then a turn for all others. */
export function waitingClock(scratch: ScratchStore, during: () => Promise<void> | void): Clock {
  return {
    now: () => scratch.clock.now(),
    sleep: async () => {
      await during();
      await turn();
    },
  };
}
