import { spawn } from "node:child_process";
import { createHash } from "node:crypto";
import { once } from "node:events";
import {
  existsSync,
  mkdirSync,
  mkdtempSync,
  readFileSync,
  readdirSync,
  rmSync,
  writeFileSync,
} from "node:fs";
import { hostname, tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, expect, test } from "vitest";
import { canonicalJson } from "../../src/core/snapshot/checked-json.ts";
import { silentLogger } from "../../src/std/log.ts";
import { seededRng } from "../../src/std/random.ts";
import { DiskStoreFiles } from "../../src/snapshot/disk-files.ts";
import { ownIdentity } from "../../src/snapshot/process-identity.ts";
import { WriterLock, type LockOptions } from "../../src/snapshot/writer-lock.ts";
import type { StoreFiles } from "../../src/snapshot/store-files.ts";
import { TestClock } from "../support/test-clock.ts";
import { MemorySource } from "../support/memory-source.ts";
import { ScratchStore } from "./scratch-store.ts";

let top: string;
let clock: TestClock;
let seed = 0;

beforeEach(() => {
  top = mkdtempSync(join(tmpdir(), "snap-lock-"));
  clock = new TestClock();
});

afterEach(() => rmSync(top, { recursive: true }));

function options(facts: Partial<LockOptions> = {}): LockOptions {
  seed += 1;
  const rng = seededRng(seed);
  const files = new DiskStoreFiles(top, rng);
  return {
    files,
    clock,
    rng,
    logger: silentLogger,
    waitMs: 60_000,
    doing: "capture, manual",
    ...facts,
  };
}

const lockPath = (): string => join(top, "lock");

async function plant(facts: Readonly<Record<string, unknown>>): Promise<void> {
  const own = {
    ...(await ownIdentity()),
    token: "t",
    doing: "prune",
    since: "2026-11-21T12:00:00Z",
    renewedMs: clock.now(),
  };
  writeFileSync(lockPath(), canonicalJson({ ...own, ...facts }));
}

const busy = { code: "busy", exit: 6 };

test("N30: a lock is there while it is held, and gone afterwards", async () => {
  {
    await using _lock = await WriterLock.acquire(options());
    expect(JSON.parse(readFileSync(lockPath(), "utf8"))).toMatchObject({
      pid: process.pid,
      host: hostname(),
      doing: "capture, manual",
    });
  }
  expect(existsSync(lockPath())).toBe(false);
});

test("N30: a second writer waits, then is told who holds it", async () => {
  await using _lock = await WriterLock.acquire(options());
  await expect(WriterLock.acquire(options())).rejects.toMatchObject({
    ...busy,
    message: expect.stringContaining(`process ${process.pid} on ${hostname()} (capture, manual`),
  });
  expect(clock.slept.reduce((sum, delay) => sum + delay, 0)).toBe(60_000);
});

test("N30: a second writer gets its turn when the first is done", async () => {
  const first = await WriterLock.acquire(options());
  const second = WriterLock.acquire(options({ waitMs: 1_000_000 }));
  await first[Symbol.asyncDispose]();
  await using _lock = await second;
  expect(existsSync(lockPath())).toBe(true);
});

test("N30: waiting can be interrupted", async () => {
  await using _lock = await WriterLock.acquire(options());
  await expect(WriterLock.acquire(options({ signal: AbortSignal.abort() }))).rejects.toMatchObject({
    code: "interrupted",
  });
});

test("N30: the lock of a process that is gone is broken unasked", async () => {
  const child = spawn("true");
  await once(child, "exit");
  await plant({ pid: child.pid, started: "1" });
  await using _lock = await WriterLock.acquire(options({ waitMs: 0 }));
  expect(clock.slept).toEqual([]);
});

test("N30: a pid that was given out again is not taken for the holder", async () => {
  await plant({ pid: process.pid, started: "12345" });
  await using _lock = await WriterLock.acquire(options({ waitMs: 0 }));
});

test("N30: a lock from before the restart of this machine is broken", async () => {
  await plant({ boot: "another" });
  await using _lock = await WriterLock.acquire(options({ waitMs: 0 }));
});

test("N30: a living process keeps its lock, however long it has been silent", async () => {
  await plant({ renewedMs: 0 });
  await expect(WriterLock.acquire(options({ waitMs: 0 }))).rejects.toMatchObject(busy);
});

test.each([{ host: "elsewhere" }, { pids: "pid:[1]" }])(
  "N30: where %j, a lock is broken only after 30 minutes of silence",
  async (facts) => {
    await plant(facts);
    clock.advance(29 * 60_000);
    await expect(WriterLock.acquire(options({ waitMs: 0 }))).rejects.toMatchObject(busy);
    clock.advance(2 * 60_000);
    await expect(WriterLock.acquire(options({ waitMs: 19_000 }))).rejects.toMatchObject(busy);
    await using _lock = await WriterLock.acquire(options({ waitMs: 21_000 }));
  },
);

test("N30: another host's lock is not broken while it is renewed, whatever its clock says", async () => {
  const elsewhere = { host: "elsewhere", renewedMs: clock.now() - 3_600_000 };
  await plant(elsewhere);
  const sleep = async (delayMs: number): Promise<void> => {
    clock.advance(delayMs);
    await plant({ ...elsewhere, renewedMs: Math.floor(clock.now() / 10_000) * 10_000 - 3_600_000 });
  };
  const renewing = { now: () => clock.now(), sleep };
  await expect(WriterLock.acquire(options({ clock: renewing }))).rejects.toMatchObject(busy);
});

test.each(["", "{", "null", "\u0000\u0000", '{"host":1}'])(
  "a lock that says %j was not made by a writer, and is broken",
  async (text) => {
    writeFileSync(lockPath(), text);
    await using _lock = await WriterLock.acquire(options({ waitMs: 0 }));
  },
);

test("N30: a lock is renewed every ten seconds of work", async () => {
  await using lock = await WriterLock.acquire(options());
  const renewed = (): number => JSON.parse(readFileSync(lockPath(), "utf8")).renewedMs;
  const start = renewed();
  clock.advance(9_000);
  await lock.renew();
  expect(renewed()).toBe(start);
  clock.advance(2_000);
  await lock.renew();
  expect(renewed()).toBe(start + 11_000);
});

test("N30: a clock that is set back does not make a writer silent", async () => {
  await using lock = await WriterLock.acquire(options());
  clock.advance(-7_200_000);
  await lock.renew();
  expect(JSON.parse(readFileSync(lockPath(), "utf8")).renewedMs).toBe(clock.now());
});

test("a writer that lost its lock stops, and leaves the lock of the other", async () => {
  const lock = await WriterLock.acquire(options());
  await plant({ token: "other" });
  clock.advance(11_000);
  await expect(lock.renew()).rejects.toMatchObject(busy);
  await lock[Symbol.asyncDispose]();
  expect(JSON.parse(readFileSync(lockPath(), "utf8")).token).toBe("other");
});

test("of many that break one dead lock, one at a time gets it", async () => {
  await plant({ boot: "another" });
  let holders = 0;
  let most = 0;
  const turn = async (): Promise<void> => {
    await using _lock = await WriterLock.acquire(options({ waitMs: 100_000_000 }));
    holders += 1;
    most = Math.max(most, holders);
    await new Promise((resolve) => setImmediate(resolve));
    holders -= 1;
  };
  await Promise.all(Array.from({ length: 8 }, turn));
  expect(most).toBe(1);
});

/** Files of a store that let something happen before each call but their own. */
function between(files: StoreFiles, happens: (call: number) => Promise<void>): StoreFiles {
  let calls = 0;
  return new Proxy(files, {
    get: (target, name): unknown => {
      const method: unknown = Reflect.get(target, name);
      if (typeof method !== "function") return method;
      return async (...input: readonly unknown[]) => {
        await happens(calls++);
        return Reflect.apply(method, target, input);
      };
    },
  });
}

/** One writer gets past a dead lock before the `begin`th call of another one, and is done before its `end`th. */
async function breakBetween(begin: number, end: number): Promise<void> {
  await plant({ boot: "another" });
  let held: WriterLock | undefined;
  const files = between(new DiskStoreFiles(top, seededRng(7)), async (call) => {
    if (call === begin) held = await WriterLock.acquire(options({ waitMs: 0 })).catch(onlyBusy);
    if (call !== end) return;
    await held?.[Symbol.asyncDispose]();
    held = undefined;
  });
  const lock = await WriterLock.acquire(options({ files, waitMs: 0 })).catch(onlyBusy);
  const holders = [held, lock].filter((one) => one !== undefined);
  expect(holders.length, `writers at once, from ${begin} to ${end}`).toBeLessThan(2);
  for (const holder of holders) await holder[Symbol.asyncDispose]();
  await using _next = await WriterLock.acquire(options({ waitMs: 0 }));
}

function onlyBusy(error: unknown): undefined {
  expect(error).toMatchObject(busy);
}

test("N30: a dead lock is broken once, whoever comes in between, and none is left that nobody holds", async () => {
  const callsMax = 14;
  for (let begin = 0; begin < callsMax; begin += 1) {
    for (let end = begin + 1; end <= callsMax; end += 1) await breakBetween(begin, end);
  }
});

test("N30: a dead lock is broken where the machine stopped while another writer was breaking it", async () => {
  for (let stop = 0; stop < 14; stop += 1) {
    await plant({ boot: "another" });
    mkdirSync(join(top, "tmp"), { recursive: true });
    const files = between(new DiskStoreFiles(top, seededRng(8)), (call) =>
      call < stop ? Promise.resolve() : Promise.reject(new Error("stopped")),
    );
    await WriterLock.acquire(options({ files, waitMs: 0 })).catch(() => {});
    const left = readdirSync(join(top, "tmp"));
    for (const name of ["../lock", ...left.filter((one) => one.startsWith("lock-"))]) {
      const path = join(top, "tmp", name);
      if (existsSync(path)) ofAnotherBoot(path);
    }
    await using _lock = await WriterLock.acquire(options({ waitMs: 0 }));
  }
});

test("N30: who has just begun to break a lock elsewhere is watched before that is broken, too", async () => {
  await plant({ host: "elsewhere", renewedMs: clock.now() - 3_600_000 });
  const text = readFileSync(lockPath());
  const name = `lock-${createHash("sha256").update(text).digest("hex").slice(0, 24)}`;
  const begunAt = clock.now() + 15_000;
  const sleep = async (delayMs: number): Promise<void> => {
    clock.advance(delayMs);
    if (clock.now() !== begunAt) return;
    mkdirSync(join(top, "tmp"), { recursive: true });
    writeFileSync(join(top, "tmp", name), text.toString().replace("elsewhere", "third host"));
  };
  const breaking = options({ clock: { now: () => clock.now(), sleep }, waitMs: 30_000 });
  await expect(WriterLock.acquire(breaking)).rejects.toMatchObject(busy);
  await using _lock = await WriterLock.acquire(options({ waitMs: 60_000 }));
});

/** Bytes of a lock stay as they are where it names another start of the machine already. */
function ofAnotherBoot(path: string): void {
  const holder = JSON.parse(readFileSync(path, "utf8"));
  if (holder.boot !== "another") writeFileSync(path, canonicalJson({ ...holder, boot: "another" }));
}

test("N30: a second capture is refused as busy while the first is writing, and reading goes on", async () => {
  using scratch = new ScratchStore();
  await (await scratch.open()).capture(new MemorySource().write("a", "1"), { reason: "manual" });
  const second = await scratch.open({ wait: 500 });
  const source = new MemorySource().write("a", "2");
  const outcomes: unknown[] = [];
  source.onOpen = async () => {
    outcomes.push(
      await second
        .capture(new MemorySource(), { reason: "manual" })
        .catch((error: unknown) => error),
    );
    outcomes.push((await second.list()).length);
  };
  await (await scratch.open()).capture(source, { reason: "manual" });
  expect(outcomes).toEqual([expect.objectContaining(busy), 1]);
  expect(await second.list()).toHaveLength(2);
});
