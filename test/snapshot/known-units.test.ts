import fs, { chmodSync, readFileSync, rmSync, statSync, utimesSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { expect, test, vi } from "vitest";
import type { CaptureResult } from "../../src/core/snapshot/store-request.ts";
import type { OpenedStore } from "../../src/snapshot/store.ts";
import { SqliteContentMemory } from "../../src/state/content-memory.ts";
import { silentLogger } from "../../src/std/log.ts";
import { Scratch, git } from "../guard/repositories.ts";
import { isContent } from "../guard/units.ts";
import { OpenCounter } from "../support/open-counter.ts";
import { TestClock } from "../support/test-clock.ts";
import { ScratchStore, all, damageOf } from "./scratch-store.ts";
import { guardKnowledge, guardUnits, sourceOf, writeOut } from "./unit-worlds.ts";

vi.setConfig({ testTimeout: 120_000 });

/** A workspace with one repository, `r`, a store, and what captures remember. */
class World implements Disposable {
  readonly scratch: Scratch = new Scratch();
  readonly stored: ScratchStore = new ScratchStore();
  readonly folder: string = this.scratch.base("r");
  readonly #memory = new SqliteContentMemory(join(this.scratch.root, "contents.db"), silentLogger);
  /** Files of the repository that the last capture opened, below the scratch folder. */
  opened: readonly string[] = [];

  /** @param aheadMs of the store's clock: what lies that far in its past is not young any more */
  async open(aheadMs = 3_600_000): Promise<OpenedStore> {
    return await this.stored.open({ clock: new TestClock(Date.now() + aheadMs) });
  }

  async capture(
    store: OpenedStore,
    options: { readonly force?: boolean; readonly keepsOwners?: boolean } = {},
  ): Promise<CaptureResult> {
    const { keepsOwners = false, ...asked } = options;
    const known = guardUnits(this.scratch, guardKnowledge(this.scratch, this.#memory));
    const source = sourceOf(this.scratch, { units: { ...known, keepsOwners } });
    using counter = new OpenCounter(join(this.folder, ".git"));
    const result = await store.capture(source, { reason: "manual", ...asked });
    this.opened = counter.opened;
    return result;
  }

  at(path: string): string {
    return join(this.folder, ".git", path);
  }

  [Symbol.dispose](): void {
    this.#memory[Symbol.dispose]();
    this.stored[Symbol.dispose]();
    this.scratch[Symbol.dispose]();
  }
}

/** Write other bytes of the same length, and give the file the times that it had. */
function changeUnseen(place: string, change: (bytes: Buffer) => void): void {
  const { atimeMs, mtimeMs, mode } = statSync(place);
  const bytes = readFileSync(place);
  change(bytes);
  chmodSync(place, 0o644);
  writeFileSync(place, bytes);
  chmodSync(place, mode);
  utimesSync(place, atimeMs / 1000, mtimeMs / 1000);
  expect(statSync(place)).toMatchObject({ size: bytes.length, mode });
}

function flipLast(bytes: Buffer): void {
  bytes[bytes.length - 1] = (bytes.at(-1) ?? 0) ^ 1;
}

test("N5: of a repository that nobody wrote to nothing is opened, and it is in the next snapshot whole", async () => {
  using world = new World();
  git(world.folder, "gc", "-q");
  const store = await world.open();
  const first = await world.capture(store);
  expect(first.root.git).toMatchObject([{ id: "r/.git", consistency: "verified" }]);
  expect(world.opened.length).toBeGreaterThan(5);

  expect(await world.capture(store)).toEqual({ root: first.root, created: false });
  expect(world.opened).toEqual([]);

  world.scratch.write("r/new", "beside it");
  const second = await world.capture(store);
  expect(world.opened).toEqual([]);
  const { dirty, ...facts } = second.root.git?.[0] ?? {};
  expect(facts).toEqual(first.root.git?.[0]);
  expect(dirty, "of the work tree as it is now").toBe(true);
  const unitOf = async ({ root }: CaptureResult): Promise<unknown> =>
    (await all(store.entries(root.id))).filter(({ unit }) => unit !== undefined);
  expect(await unitOf(second)).toEqual(await unitOf(first));
  await writeOut(store, {
    root: second.root,
    unit: "r/.git",
    into: join(world.scratch.root, "out"),
  });
  expect(isContent(join(world.scratch.root, "out"))).toBe(true);
});

test("N5, N35: a ref, an object or a pack whose size and time are the same is read all the same when it changed", async () => {
  using world = new World();
  const store = await world.open();
  await world.capture(store);
  const older = git(world.folder, "rev-parse", "HEAD~1").trim();
  changeUnseen(world.at("refs/heads/main"), (bytes) => bytes.write(older));
  const { root } = await world.capture(store);
  await writeOut(store, { root, unit: "r/.git", into: join(world.scratch.root, "out") });
  expect(git(join(world.scratch.root, "out"), "rev-parse", "main").trim()).toBe(older);

  const oid = git(world.folder, "rev-parse", "HEAD:file1").trim();
  const object = world.at(`objects/${oid.slice(0, 2)}/${oid.slice(2)}`);
  changeUnseen(object, flipLast);
  expect((await world.capture(store)).root.git).toMatchObject([{ consistency: "torn" }]);
  changeUnseen(object, flipLast);
  expect((await world.capture(store)).root.git).toMatchObject([{ consistency: "verified" }]);

  git(world.folder, "gc", "-q");
  await world.capture(store);
  await world.capture(store);
  expect(world.opened).toEqual([]);
  const pack =
    fs.readdirSync(world.at("objects/pack")).find((name) => name.endsWith(".pack")) ?? "";
  changeUnseen(world.at(`objects/pack/${pack}`), flipLast);
  expect((await world.capture(store)).root.git).toMatchObject([{ consistency: "torn" }]);
});

test("N5, N46: a folder or a file that came or went, or another mode, is a change", async () => {
  using world = new World();
  const store = await world.open();
  const at = (path: string): string => world.at(path);
  const changes: (readonly [string, () => void])[] = [
    ["an empty folder came", () => fs.mkdirSync(at("refs/heads/topic"))],
    ["it went", () => fs.rmdirSync(at("refs/heads/topic"))],
    ["a file came", () => writeFileSync(at("description2"), "x")],
    ["it went", () => rmSync(at("description2"))],
    ["a folder has another mode", () => chmodSync(at("refs"), 0o700)],
    ["a file has another mode", () => chmodSync(at("config"), 0o600)],
  ];
  await world.capture(store);
  for (const [what, change] of changes) {
    change();
    expect(await world.capture(store), what).toMatchObject({ created: true });
    expect(await world.capture(store), what).toMatchObject({ created: false });
    expect(world.opened, what).toEqual([]);
  }
});

test("S24, N5: a repository that was written to right before a capture is read once more", async () => {
  using world = new World();
  const young = await world.open(-3_600_000);
  await world.capture(young);
  await world.capture(young);
  expect(world.opened, "by the clock it was written to an hour from now").not.toEqual([]);
  const old = await world.open();
  await world.capture(old);
  expect(world.opened).not.toEqual([]);
  await world.capture(old);
  expect(world.opened).toEqual([]);
});

test("N45: one that is torn is read each time", async () => {
  using world = new World();
  rmSync(world.at(`objects/pack`), { recursive: true });
  const oid = git(world.folder, "rev-parse", "HEAD:file1").trim();
  rmSync(world.at(`objects/${oid.slice(0, 2)}/${oid.slice(2)}`));
  const store = await world.open();
  const first = await world.capture(store);
  expect(first.root.git).toMatchObject([{ consistency: "torn" }]);
  expect(await world.capture(store)).toEqual({ root: first.root, created: false });
  expect(world.opened).not.toEqual([]);
});

test("N27: where a pack of the store went, the repository is read and stored again", async () => {
  using world = new World();
  const store = await world.open();
  const first = await world.capture(store);
  for (const name of world.stored.names("data"))
    world.stored.remove(join("data", name.replace(/^data\//u, "")));
  const again = await world.open();
  await world.capture(again, { force: true });
  expect(world.opened).not.toEqual([]);
  expect(await damageOf(again, 2)).toEqual([]);
  await writeOut(again, {
    root: first.root,
    unit: "r/.git",
    into: join(world.scratch.root, "out"),
  });
  expect(isContent(join(world.scratch.root, "out"))).toBe(true);
});

test("N33, N43: a repository that came to be ignored is in the next snapshot no more, and comes back whole", async () => {
  using world = new World();
  const store = await world.open();
  const first = await world.capture(store);
  const ignored = sourceOf(world.scratch, { ignored: "r" });
  const { root } = await store.capture(ignored, { reason: "manual" });
  expect(root.git).toEqual([]);
  expect(await all(store.entries(root.id))).toEqual([]);
  const again = await world.capture(store);
  expect(again.root.git).toEqual(first.root.git);
  expect(again.root.lists).toEqual(first.root.lists);
});

test.runIf(process.getuid?.() === 0)(
  "N38: what was captured without owners, or changed its owner, is captured again with them",
  async () => {
    using world = new World();
    const store = await world.open();
    await world.capture(store);
    const owners = { force: true, keepsOwners: true };
    const { root } = await world.capture(store, owners);
    expect(world.opened.length).toBeGreaterThan(0);
    const own = (await all(store.entries(root.id))).filter(({ path }) =>
      path.startsWith("r/.git/"),
    );
    expect(new Set(own.map(({ owner }) => owner))).toEqual(new Set(["0:0"]));
    await world.capture(store, owners);
    expect(world.opened).toEqual([]);
    fs.chownSync(world.at("refs/heads"), 1000, 33);
    const { root: given } = await world.capture(store, owners);
    const after = await all(store.entries(given.id));
    const heads = after.find(({ path }) => path === "r/.git/refs/heads");
    expect(heads?.owner).toBe("1000:33");
  },
);
