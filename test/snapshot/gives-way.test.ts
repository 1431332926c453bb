import { expect, test } from "vitest";
import { stepOf } from "../../src/snapshot/keep-parts.ts";
import { WaitingFile } from "../../src/snapshot/waiting-file.ts";
import { WriterLock } from "../../src/snapshot/writer-lock.ts";
import { DiskStoreFiles } from "../../src/snapshot/disk-files.ts";
import { silentLogger } from "../../src/std/log.ts";
import { seededRng } from "../../src/std/random.ts";
import { TestClock } from "../support/test-clock.ts";
import { ScratchStore } from "./scratch-store.ts";

test("N57: work that nobody asked for ends when another writer waits; other work goes on", async () => {
  using scratch = new ScratchStore();
  const [clock, rng] = [new TestClock(), seededRng(1)];
  const files = new DiskStoreFiles(scratch.top, rng);
  await files.makeFolders(["tmp"]);
  const logger = silentLogger;
  const options = { files, clock, rng, logger, waitMs: 0, doing: "prune" };
  await using lock = await WriterLock.acquire(options);
  clock.advance(11_000);
  await stepOf(lock, { givesWay: true });
  await using waiting = new WaitingFile(files, "ab".repeat(16), logger);
  await waiting.write((await files.get("lock", 65_536)) ?? Buffer.of());
  clock.advance(11_000);
  await stepOf(lock, {});
  await expect(stepOf(lock, { givesWay: true })).rejects.toMatchObject({ code: "busy" });
});
