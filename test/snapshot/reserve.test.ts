import { expect, test } from "vitest";
import { DiskStoreFiles } from "../../src/snapshot/disk-files.ts";
import type { StoreFileWriter } from "../../src/snapshot/store-files.ts";
import { openStoreOver } from "../../src/snapshot/store.ts";
import { SnapError } from "../../src/std/error.ts";
import { silentLogger } from "../../src/std/log.ts";
import { seededRng } from "../../src/std/random.ts";
import { MemorySource } from "../support/memory-source.ts";
import { ScratchStore, noise } from "./scratch-store.ts";

const reserve = 12_345;

/** A roomy disk on which the bytes of the reserve, and no others, wait for something. */
class SlowReserve extends DiskStoreFiles {
  /** What the bytes of the reserve wait for. */
  before: () => Promise<void> = () => Promise.resolve();
  onCommit: (name: string) => void = () => {};

  override async freeBytes(): Promise<number> {
    return await Promise.resolve(2 ** 40);
  }

  override async write(): Promise<StoreFileWriter> {
    const writer = await super.write();
    return {
      append: async (bytes) => {
        if (bytes.length === reserve) await this.before();
        await writer.append(bytes);
      },
      commit: async (name) => {
        await writer.commit(name);
        this.onCommit(name);
      },
      discard: () => writer.discard(),
    };
  }
}

const source = new MemorySource().write("a", noise(50_000));

test("N29: the reserve is written beside the capture, which does not wait for it before it stores something", async () => {
  using scratch = new ScratchStore();
  const files = new SlowReserve(scratch.top, seededRng(1));
  const stored = new Promise<void>((resolve) => {
    files.onCommit = (name) => {
      if (name.startsWith("roots/")) resolve();
    };
  });
  files.before = () => stored;
  const { clock } = scratch;
  const store = await openStoreOver(files, {
    path: scratch.top,
    clock,
    rng: seededRng(2),
    tool: "0.1.0",
    reserve,
  });
  expect((await store.capture(source, { reason: "manual" })).created).toBe(true);
  expect(scratch.names()).toContain("reserve");
});

test("N29: where the reserve cannot be set aside the snapshot is taken, the log says so, and the next capture tries again", async () => {
  using scratch = new ScratchStore();
  const files = new SlowReserve(scratch.top, seededRng(1));
  files.before = () => Promise.reject(new SnapError("disk-full", "The disk is full"));
  const said: string[] = [];
  const logger = { ...silentLogger, error: (message: string) => void said.push(message) };
  const store = await openStoreOver(files, {
    path: scratch.top,
    clock: scratch.clock,
    rng: seededRng(2),
    tool: "0.1.0",
    reserve,
    logger,
  });
  expect((await store.capture(source, { reason: "manual" })).created).toBe(true);
  expect(said).toEqual(["cannot set room aside for a full disk"]);
  expect(scratch.names()).not.toContain("reserve");
  expect(scratch.names("tmp")).toEqual([]);
  files.before = () => Promise.resolve();
  await store.capture(source, { reason: "manual" });
  expect(scratch.names()).toContain("reserve");
});
