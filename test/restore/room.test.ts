/** What a restore needs room for (T33), and what makes room (T32). */
import fs from "node:fs";
import path from "node:path";
import { expect, test } from "vitest";
import type { Readiness } from "../../src/core/snapshot/readiness.ts";
import type { DiskRoom, RestoreDeps } from "../../src/restore/restore-deps.ts";
import { readinessOf } from "../../src/restore/readiness.ts";
import { restoreSnapshot } from "../../src/restore/restore-snapshot.ts";
import { rootFileName } from "../../src/snapshot/root-files.ts";
import { present } from "../../src/std/assert.ts";
import { RestoreWorld } from "./restore-world.ts";

const plenty = 1n << 40n;

/** Where both disks have room, but for what is said otherwise. */
const room = ({
  freeFiles,
  ...store
}: { freeFiles?: number } & Partial<ReturnType<DiskRoom["store"]>> = {}): DiskRoom => ({
  freeFiles: () => freeFiles,
  store: () => ({ freeBytes: plenty, isSameDisk: false, ...store }),
});

/** How the check `space` ended. */
async function spaceOf(
  world: RestoreWorld,
  more: Partial<RestoreDeps>,
): Promise<Readiness["checks"][number] | undefined> {
  const deps = { ...(await world.deps()), ...more };
  const { checks } = await readinessOf(deps, {
    snapshot: "S",
    paths: [],
    daemon: () => Promise.resolve(),
    onCheck: () => {},
    onItem: () => {},
  });
  return checks.find(({ id }) => id === "space");
}

test("T33: a disk that takes no more files is found, as far as it counts them", async () => {
  await using world = await RestoreWorld.afterSnapshot("a: 9\n-d/b");
  expect(await spaceOf(world, { room: room() })).toMatchObject({ ok: true, checked: 2 });
  expect(await spaceOf(world, { room: room({ freeFiles: 2 }) })).toMatchObject({ ok: true });
  const short = await spaceOf(world, { room: room({ freeFiles: 1 }) });
  expect(short).toMatchObject({ ok: false, exit: 3 });
  expect(short?.reason).toContain("no room for 1 more files");
});

test("T33: the disk of the store has to take what is nowhere else", async () => {
  await using world = await RestoreWorld.afterSnapshot("a: 9");
  const full = room({ freeBytes: 1024n });
  expect(await spaceOf(world, { room: full }), "all is saved already").toMatchObject({ ok: true });
  world.write("a: 777");
  const short = await spaceOf(world, { room: full });
  expect(short).toMatchObject({ ok: false, exit: 3 });
  expect(short?.reason).toContain("on the disk of the snapshot store");
});

test("T33: where store and workspace share a disk, both are counted", async () => {
  await using world = await RestoreWorld.afterSnapshot("a: 9");
  world.write("a: 777");
  const reserve = 32n * 1024n * 1024n;
  const shared = room({ freeBytes: 0n, isSameDisk: true });
  world.world.hooks.instead("local.freeBytes", () => reserve + 5n);
  expect(await spaceOf(world, { room: shared })).toMatchObject({ ok: true });
  world.world.hooks.instead("local.freeBytes", () => reserve + 4n);
  expect(await spaceOf(world, { room: shared })).toMatchObject({ ok: false, exit: 3 });
});

test("T33: Dropbox has to take by how much it grows, and is not asked where it does not", async () => {
  await using world = await RestoreWorld.synced("a: 12345");
  await world.capture("S");
  world.write("a: 1");
  await world.world.sync();
  const deps = await world.deps();
  const asked: string[] = [];
  const { kept } = deps;
  const withRoom = (bytes: number | undefined): Partial<RestoreDeps> => ({
    kept: new Proxy(present(kept, "the linked folder"), {
      get: (target, name) => {
        if (name !== "room") return Reflect.get(target, name, target);
        return () => (asked.push("room"), Promise.resolve(bytes));
      },
    }),
  });
  expect(await spaceOf(world, withRoom(undefined))).toMatchObject({ ok: true });
  expect(await spaceOf(world, withRoom(4))).toMatchObject({ ok: true });
  const short = await spaceOf(world, withRoom(3));
  expect(short).toMatchObject({ ok: false, exit: 3 });
  expect(short?.reason).toContain("1 more bytes in Dropbox");
  asked.length = 0;
  world.write("a: 1234567");
  await world.world.sync();
  expect(await spaceOf(world, withRoom(0))).toMatchObject({ ok: true });
  expect(asked).toEqual([]);
});

/** A restore has displaced something; the deps of a next one find the disk full until that is given up. */
async function full(): Promise<{
  readonly world: RestoreWorld;
  readonly first: string;
  readonly deps: RestoreDeps;
}> {
  const world = await RestoreWorld.afterSnapshot("a: 9\nd/b: 2");
  const { restore: first } = await world.restore();
  world.write("d/b: 8");
  await world.world.sync();
  const deps = await world.deps();
  const freeBytes = (): Promise<bigint> => Promise.resolve(isDisplaced(world) ? 1024n : plenty);
  const local = new Proxy(deps.local, {
    get: (target, name) => (name === "freeBytes" ? freeBytes : Reflect.get(target, name, target)),
  });
  return { world, first, deps: { ...deps, local } };
}

function isDisplaced({ world }: RestoreWorld): boolean {
  return world.local.own("undo").size > 0;
}

const request = { snapshot: "S", paths: [], consent: { by: "yes" } } as const;

test("T32: what an earlier restore displaced makes room for another, and can be had back all the same", async () => {
  const { world, first, deps } = await full();
  await using _end = world;
  expect((await restoreSnapshot(deps, request)).exit).toBe(0);
  expect(await world.world.both()).toBe("a: 1\nd/b: 2");
  const warned = world.events.filter(({ type }) => type === "warning");
  expect(JSON.stringify(warned)).toContain(`What restore ${first} had displaced was given up`);
  expect((await world.undo({ restore: first })).exit).toBe(0);
  expect(await world.world.both()).toBe("a: 9\nd/b: 2");
});

test("T32: it is not given up where its snapshot is missing", async () => {
  const { world, first, deps } = await full();
  await using _end = world;
  const roots = await (await world.openStore()).list();
  const root = roots.find(({ label }) => label === `before restore ${first}`);
  fs.rmSync(path.join(world.storePath, "roots", rootFileName(present(root, "its snapshot"))));
  await expect(restoreSnapshot(deps, request)).rejects.toMatchObject({ code: "refused" });
  expect(isDisplaced(world)).toBe(true);
});

test("T33: a look at what would be done gives nothing up", async () => {
  const { world, deps } = await full();
  await using _end = world;
  expect(await spaceOf(world, deps)).toMatchObject({ ok: false, exit: 3 });
  expect(isDisplaced(world)).toBe(true);
});
