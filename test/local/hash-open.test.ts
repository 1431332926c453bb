import { closeSync, openSync, truncateSync, writeFileSync } from "node:fs";
import { setImmediate } from "node:timers/promises";
import { Worker } from "node:worker_threads";
import { afterAll, describe, expect, test } from "vitest";
import { contentHashOf } from "../../src/core/tree/content-hash.ts";
import { nodeDisk } from "../../src/local/disk.ts";
import { readingHasher, threadedHasher, type OpenHasher } from "../../src/local/hash-open.ts";
import { HashThreads } from "../../src/local/hash-threads.ts";
import { openLocalSide } from "../../src/local/local-side.ts";
import { silentLogger } from "../../src/std/log.ts";
import { seededRng } from "../../src/std/random.ts";
import { quickClock, rel, Scratch } from "./scratch.ts";

const kib = 1024;
const mib = 1024 * kib;
const threads = new HashThreads(undefined, 0);
const threaded = threadedHasher(nodeDisk, silentLogger, threads);
const never = undefined;

afterAll(async () => {
  while (threads.count > 0) await setImmediate();
});

class OpenScratch extends Scratch {
  readonly fd: number;

  constructor(size: number) {
    super();
    writeFileSync(this.at("a"), Buffer.alloc(Math.min(size, 9 * mib), "snap and "));
    truncateSync(this.at("a"), size);
    this.fd = openSync(this.at("a"), "r");
  }

  override [Symbol.dispose](): void {
    closeSync(this.fd);
    super[Symbol.dispose]();
  }
}

describe("S25: a file has one hash, however it is read", () => {
  test.each([
    ["empty", 0],
    ["a byte", 1],
    ["read at once", 64 * kib],
    ["read in pieces", 64 * kib + 1],
    ["by a thread", mib],
    ["a block", 4 * mib],
    ["a block and a byte", 4 * mib + 1],
    ["in parts", 64 * mib + 5],
  ])("%s", async (_, size) => {
    using scratch = new OpenScratch(size);
    const file = { fd: scratch.fd, size };
    const slowly = await readingHasher(nodeDisk)(file, never);
    expect(await threaded(file, never)).toEqual(slowly);
    expect(slowly?.size).toBe(size);
    if (size <= mib) {
      const bytes = Buffer.alloc(size, "snap and ");
      expect(slowly?.hash).toBe(contentHashOf(bytes));
    }
  });

  test("by the side of a real disk, with the stat that proves it", async () => {
    using scratch = new OpenScratch(2 * mib);
    const options = { top: scratch.top, clock: quickClock, rng: seededRng(1) };
    const fast = await openLocalSide(options).hash(rel("a"));
    expect(fast).toEqual({ ...(await scratch.side().hash(rel("a"))), trusted: fast.trusted });
  });
});

test.each([10, 100 * kib, 2 * mib, 70 * mib])(
  "S25: a file that ends before its %i bytes has no hash",
  async (size) => {
    using scratch = new OpenScratch(size - 1);
    for (const hasher of [threaded, readingHasher(nodeDisk)]) {
      expect(await hasher({ fd: scratch.fd, size }, never)).toBeUndefined();
    }
  },
);

test("a signal stops every part, and no read is under way afterwards", async () => {
  using scratch = new OpenScratch(1024 * mib);
  const stop = new AbortController();
  const hashing = threaded({ fd: scratch.fd, size: 1024 * mib }, stop.signal);
  await setImmediate();
  stop.abort();
  await expect(hashing).rejects.toThrow(expect.objectContaining({ code: "interrupted" }));
  await expect(threaded({ fd: scratch.fd, size: 5 }, stop.signal)).rejects.toThrow("Interrupted");
});

test("what the system says against a read comes through with its code", async () => {
  const file = { fd: 1_000_000, size: 2 * mib };
  await expect(threaded(file, never)).rejects.toThrow(expect.objectContaining({ code: "EBADF" }));
});

describe("where threads fail, this one hashes, and the log says so once", () => {
  const broken: readonly (readonly [string, () => Worker])[] = [
    ["cannot be begun", () => thrown("ERR_WORKER_INIT_FAILED")],
    ["end at once", () => new Worker("process.exit(1)", { eval: true })],
    ["end at the first job", () => new Worker(atFirst("process.exit(1)"), { eval: true })],
    ["throw", () => new Worker(atFirst("throw new Error('no')"), { eval: true })],
    ["answer nonsense", () => new Worker(atFirst("port.postMessage({ id: 0 })"), { eval: true })],
  ];
  test.each(broken)("threads that %s", async (_, makeWorker) => {
    using scratch = new OpenScratch(2 * mib);
    const said: string[] = [];
    const logger = { ...silentLogger, error: (message: string) => void said.push(message) };
    const pool = new HashThreads(makeWorker, 0);
    const hasher: OpenHasher = threadedHasher(nodeDisk, logger, pool);
    const file = { fd: scratch.fd, size: 2 * mib };
    const expected = await readingHasher(nodeDisk)(file, never);
    expect(await Promise.all([hasher(file, never), hasher(file, never)])).toEqual([
      expected,
      expected,
    ]);
    expect(await hasher(file, never)).toEqual(expected);
    expect(said).toEqual(["files are hashed in one thread"]);
    while (pool.count > 0) await setImmediate();
  });
});

test("threads end when there is nothing to do, and begin again", async () => {
  using scratch = new OpenScratch(2 * mib);
  const pool = new HashThreads(undefined, 0);
  const hasher = threadedHasher(nodeDisk, silentLogger, pool);
  for (let round = 0; round < 2; round += 1) {
    expect((await hasher({ fd: scratch.fd, size: 2 * mib }, never))?.size).toBe(2 * mib);
    while (pool.count > 0) await setImmediate();
  }
});

function thrown(code: string): never {
  throw Object.assign(new Error("no thread"), { code });
}

/** A thread that does something when it gets its first job. */
function atFirst(act: string): string {
  return `const { parentPort: port } = require("node:worker_threads"); port.once("message", () => { ${act}; });`;
}
