import { describe, expect, test } from "vitest";
import type { LocalAct } from "../../src/core/plan/local-act.ts";
import { contentHashOf } from "../../src/core/tree/content-hash.ts";
import { openLocalSide } from "../../src/local/local-side.ts";
import type { LocalSide } from "../../src/ports.ts";
import { SnapError } from "../../src/std/error.ts";
import { seededRng } from "../../src/std/random.ts";
import type { Clock } from "../../src/std/time.ts";
import { watchedDisk } from "../support/watched-disk.ts";
import { memoryWorld } from "../support/world-memory.ts";
import { copy, quickClock, rel, staging, trash } from "./scratch.ts";

const top = "/ws";
const marker = { workspace: "w", link: "l", generation: 1 };

/** A disk that answers with an error at the calls that `fails` names by their number, from 1. */
async function workspace(
  code: string,
  fails: (call: number, name: string) => boolean,
  clock = quickClock,
) {
  const world = memoryWorld();
  world.files.mkdir(`${top}/d`);
  for (const name of ["a", "b", "d/x"]) world.files.write(`${top}/${name}`, Buffer.from(name));
  const sound = openLocalSide({ top, clock, rng: seededRng(1), disk: world.disk });
  await sound.writeMarker(marker);
  const bytes = Buffer.from("new");
  const expected = { hash: contentHashOf(bytes), size: bytes.length };
  const to = { area: staging, path: rel("s") };
  await sound.stage({ to, content: { bytes: [bytes], expect: expected } });
  let calls = 0;
  const disk = watchedDisk(world.disk, {
    before: ({ name }) => {
      calls += 1;
      if (fails(calls, name))
        throw Object.assign(new Error(`${code}: ${name}`), { code, syscall: name });
    },
  });
  const side = openLocalSide({ top, clock, rng: seededRng(1), disk });
  return { side, sound, world, calls: () => calls };
}

async function fileAct(side: LocalSide, act: "place" | "move" | "displace"): Promise<LocalAct> {
  const { hash, stat } = await side.hash(rel("a"));
  const { fileId, size, modifiedNs } = stat;
  const before = { kind: "file", fileId, size, modifiedNs, hash } as const;
  const shared = { before, displaceTo: trash, copy };
  if (act === "place")
    return { act, source: { area: staging, path: rel("s") }, path: rel("a"), ...shared };
  if (act === "move") return { act, from: rel("a"), to: rel("d/a"), ...shared };
  return { act, path: rel("a"), known: [], ...shared };
}

const bytes = Buffer.from("staged");
const content = {
  bytes: [bytes],
  expect: { hash: contentHashOf(bytes), size: bytes.length },
};

/** Every method of the port, on what is there. */
const methods: Readonly<Record<string, (side: LocalSide, sound: LocalSide) => Promise<unknown>>> = {
  readMarker: (side) => side.readMarker(),
  writeMarker: (side) => side.writeMarker(marker),
  removeMarker: (side) => side.removeMarker(),
  granularityNs: (side) => side.granularityNs(),
  list: async (side) => {
    const { trouble } = await side.list(rel("d"));
    if (trouble !== undefined) throw trouble;
  },
  stat: (side) => side.stat(rel("d/x")),
  read: async (side) => {
    await using file = await side.open(rel("a"));
    await file.read(0, 10);
    await file.unchanged();
  },
  hash: (side) => side.hash(rel("d/x")),
  readEach: (side) => side.readEach({ paths: [rel("a"), rel("d/x")], into: Buffer.alloc(100) }),
  hashEach: (side) => side.hashEach([rel("a"), rel("d/x")]),
  stage: (side) => side.stage({ to: { area: staging, path: rel("f/g") }, content }),
  makeFolder: (side) => side.makeFolder(rel("d/new")),
  place: async (side, sound) => side.perform(await fileAct(sound, "place")),
  move: async (side, sound) => side.perform(await fileAct(sound, "move")),
  displace: async (side, sound) => side.perform(await fileAct(sound, "displace")),
  settle: async (side, sound) => side.settle(await fileAct(sound, "place")),
  setMetadata: (side) => side.setMetadata(rel("a"), { mode: 0o600, modifiedNs: "1" }),
  openInArea: async (side) => {
    await using file = await side.openInArea({ area: staging, path: rel("s") });
    await file.read(0, 10);
  },
  areas: (side) => side.areas("staging"),
  removeArea: (side) => side.removeArea(staging),
  freeBytes: (side) => side.freeBytes(),
};

const codes = ["EIO", "EMFILE", "EACCES", "ENOSPC", "EROFS", "EOVERFLOW"];

describe.each(Object.entries(methods))("S83: %s, with a disk that fails", (_, method) => {
  test.each(codes)(
    "at each call in turn with %s, throws nothing but errors of ours",
    async (code) => {
      let isOver = false;
      for (let at = 1; !isOver; at += 1) {
        const { side, sound, calls } = await workspace(code, (call) => call >= at);
        const error = await method(side, sound).then(
          () => undefined,
          (thrown: unknown) => thrown,
        );
        if (error !== undefined) expect(error, `${code} at call ${at}`).toBeInstanceOf(SnapError);
        isOver = calls() < at;
      }
    },
  );

  test.each([
    ["EMFILE", "open"],
    ["EBUSY", "open"],
    ["EBUSY", "rename"],
    ["EBUSY", "unlink"],
    ["EBUSY", "rmdir"],
  ])("§11: with %s at one call of %s, does it again", async (code, failing) => {
    let isOver = false;
    for (let at = 1; !isOver; at += 1) {
      let opened = 0;
      const fails = (_call: number, name: string): boolean =>
        name === failing && (opened += 1) === at;
      const { side, sound } = await workspace(code, fails);
      const run = method(side, sound);
      // The bytes of what is staged come only once: it is parked, and staged anew by the next sync.
      if (method !== methods["stage"]) await expect(run, `at ${at}`).resolves.not.toThrow();
      else await run.catch(() => {});
      isOver = opened < at;
    }
  });
});

test("§11: a crowded system is waited for, 1 s doubling with jitter, and then not again for every file", async () => {
  const waits: number[] = [];
  let now = 0;
  const clock: Clock = {
    now: () => now,
    sleep: (delayMs) => {
      waits.push(delayMs);
      now += delayMs;
      return Promise.resolve();
    },
  };
  const { side } = await workspace("EMFILE", () => true, clock);
  await expect(side.stat(rel("a"))).rejects.toMatchObject({ code: "volatile", class: "item" });
  expect(waits).toHaveLength(5);
  for (const [at, delayMs] of waits.entries()) expect(delayMs).toBeLessThanOrEqual(1_000 * 2 ** at);
  await expect(side.stat(rel("b"))).rejects.toMatchObject({ code: "volatile" });
  expect(waits).toHaveLength(5);
  now += 30_000;
  await expect(side.stat(rel("b"))).rejects.toMatchObject({ code: "volatile" });
  expect(waits).toHaveLength(10);
});

test("§11: a file that is busy for long uses up no patience with a crowded system", async () => {
  let code = "EBUSY";
  let waits = 0;
  const clock: Clock = {
    now: () => 0,
    sleep: () => {
      waits += 1;
      return Promise.resolve();
    },
  };
  const world = memoryWorld();
  world.files.mkdir(top);
  world.files.write(`${top}/a`, Buffer.from("a"));
  const fail = ({ name }: { readonly name: string }): void => {
    if (name === "open") throw Object.assign(new Error(code), { code, syscall: name });
  };
  const disk = watchedDisk(world.disk, { before: fail });
  const side = openLocalSide({ top, clock, rng: seededRng(1), disk });
  await expect(side.open(rel("a"))).rejects.toMatchObject({ code: "volatile", class: "item" });
  expect(waits).toBe(5);
  await expect(side.open(rel("a"))).rejects.toMatchObject({ code: "volatile" });
  expect(waits, "others do not wait one after the other").toBe(5);
  code = "EMFILE";
  await expect(side.open(rel("a"))).rejects.toMatchObject({ code: "volatile" });
  expect(waits).toBe(10);
});

test.each(["EACCES", "EMFILE", "EPERM"])(
  "S83: where the root marker cannot be written for %s, nothing can be synced: exit 7",
  async (code) => {
    const { side } = await workspace(code, (call) => call > 3);
    await expect(side.writeMarker(marker)).rejects.toMatchObject({ class: "systemic", exit: 7 });
  },
);
