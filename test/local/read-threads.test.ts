import { execFileSync } from "node:child_process";
import { mkdirSync, symlinkSync, writeFileSync } from "node:fs";
import { setImmediate } from "node:timers/promises";
import { Worker } from "node:worker_threads";
import { afterAll, describe, expect, test } from "vitest";
import { blockHashOf } from "../../src/core/tree/content-hash.ts";
import { smallBytesMax } from "../../src/core/tree/local-stat.ts";
import type { Site } from "../../src/local/parents.ts";
import { readEach } from "../../src/local/read-each.ts";
import { threadedReader, type ReadThreads } from "../../src/local/read-threads.ts";
import { silentLogger } from "../../src/std/log.ts";
import { Threads, workerBeside } from "../../src/threads/threads.ts";
import { quickDisk } from "./stopping-disk.ts";
import { quickClock, rel, Scratch } from "./scratch.ts";

const workerUrl = new URL("../../src/local/read-threads.ts", import.meta.url).href;

function readThreads(makeWorker: () => Worker = () => workerBeside(workerUrl, "read-worker")) {
  const threads: ReadThreads = new Threads({ makeWorker, most: 2, idleMs: 0 });
  return threads;
}

const threads = readThreads();
const reader = threadedReader(silentLogger, threads);

afterAll(async () => {
  while (threads.count > 0) await setImmediate();
});

function siteOf(scratch: Scratch): Site {
  const parts: Partial<Site> = { top: scratch.top, disk: quickDisk, clock: quickClock };
  return parts as Site;
}

function shared(bytes: number): Uint8Array {
  return new Uint8Array(new SharedArrayBuffer(bytes));
}

/** What no thread may read: links, pipes, folders, what is gone, large or behind a link. */
function oddTree(): Scratch {
  const scratch = new Scratch({
    ...Object.fromEntries(
      Array.from({ length: 40 }, (_name, at) => [`d/e/f${at}`, `${at}`.repeat(at * 300)]),
    ),
    top: "top",
    "d/empty": "",
    "d/\u00e9": "é",
    "d/folder/": "",
    large: "x".repeat(smallBytesMax + 1),
  });
  execFileSync("mkfifo", [scratch.at("d/pipe")]);
  symlinkSync("empty", scratch.at("d/link"));
  symlinkSync("d", scratch.at("other"));
  mkdirSync(`${scratch.root}/elsewhere`);
  writeFileSync(`${scratch.root}/elsewhere/b`, "theirs");
  symlinkSync(`${scratch.root}/elsewhere`, scratch.at("away"));
  return scratch;
}

const good = [...Array.from({ length: 40 }, (_name, at) => `d/e/f${at}`), "top", "d/empty", "d/é"];
const odd = ["d/pipe", "d/link", "d/folder", "d/gone", "large", "other/empty", "away/b", "no/no"];

test("N36, X2, X8: a thread reads what this one reads, and nothing else", async () => {
  using scratch = oddTree();
  const paths = [...odd, ...good].map(rel);
  const here = await readEach(siteOf(scratch), { paths, into: shared(1_000_000) });
  const there = await reader(siteOf(scratch), { paths, into: shared(1_000_000) });
  expect([...there.keys()].toSorted()).toEqual(good.toSorted());
  for (const [path, { bytes, stat, hash, startedAt }] of there) {
    const same = here.get(path);
    expect(Buffer.from(bytes).equals(Buffer.from(same?.bytes ?? []))).toBe(true);
    expect(stat).toEqual(same?.stat);
    expect(hash).toBe(blockHashOf(bytes));
    expect(startedAt).toBeGreaterThan(0);
  }
});

test("N36: what does not fit any more is missing, and what fits comes whole", async () => {
  using scratch = new Scratch({ a: "x".repeat(90), b: "y".repeat(20), c: "z".repeat(10) });
  const into = shared(100);
  const found = await reader(siteOf(scratch), { paths: ["a", "b", "c"].map(rel), into });
  expect([...found.keys()]).toEqual(["a", "c"]);
  expect(Buffer.from(into).toString()).toBe(`${"x".repeat(90)}${"z".repeat(10)}`);
});

test("a signal stops a thread, and nothing is read into the memory afterwards", async () => {
  const names = Array.from({ length: 400 }, (_name, at) => `f${at}`);
  using scratch = new Scratch(Object.fromEntries(names.map((name) => [name, "x".repeat(5_000)])));
  const into = shared(4_000_000);
  const stop = new AbortController();
  const work = { signal: stop.signal };
  const reading = reader(siteOf(scratch), { paths: names.map(rel), into }, work);
  await setImmediate();
  stop.abort();
  await expect(reading).rejects.toMatchObject({ code: "interrupted" });
  into.fill(0);
  for (let turns = 0; turns < 50; turns += 1) await setImmediate();
  expect(into.every((byte) => byte === 0)).toBe(true);
  await expect(reader(siteOf(scratch), { paths: [], into }, work)).rejects.toThrow("Interrupted");
});

describe("where threads fail, this one reads, and the log says so once", () => {
  const atFirst = (act: string): string =>
    `const { parentPort: port } = require("node:worker_threads"); port.once("message", (job) => { ${act}; });`;
  const broken: readonly (readonly [string, () => Worker])[] = [
    ["cannot be begun", () => expect.fail("no thread")],
    ["end at once", () => new Worker("process.exit(1)", { eval: true })],
    [
      "end in the middle",
      () => new Worker(atFirst("job.into.fill(7); process.exit(1)"), { eval: true }),
    ],
    ["throw", () => new Worker(atFirst("throw new Error('no')"), { eval: true })],
    ["answer nonsense", () => new Worker(atFirst("port.postMessage({ id: 0 })"), { eval: true })],
  ];
  test.each(broken)("threads that %s", async (_, makeWorker) => {
    using scratch = oddTree();
    const said: string[] = [];
    const logger = { ...silentLogger, error: (message: string) => void said.push(message) };
    const pool = readThreads(makeWorker);
    const alone = threadedReader(logger, pool);
    const paths = good.map(rel);
    const readAll = () => alone(siteOf(scratch), { paths, into: shared(1_000_000) });
    for (const found of [...(await Promise.all([readAll(), readAll()])), await readAll()]) {
      expect([...found.keys()].toSorted()).toEqual(good.toSorted());
      for (const { bytes, hash } of found.values()) expect(hash).toBe(blockHashOf(bytes));
    }
    expect(said).toEqual(["files are read in one thread"]);
    while (pool.count > 0) await setImmediate();
  });
});
