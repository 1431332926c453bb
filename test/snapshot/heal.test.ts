import { chmodSync, mkdirSync, symlinkSync } from "node:fs";
import { join } from "node:path";
import { expect, test } from "vitest";
import type { SnapshotRoot } from "../../src/core/snapshot/root.ts";
import { DiskStoreFiles } from "../../src/snapshot/disk-files.ts";
import type { StoreFiles } from "../../src/snapshot/store-files.ts";
import { openStoreOver } from "../../src/snapshot/store.ts";
import { SnapError } from "../../src/std/error.ts";
import { seededRng } from "../../src/std/random.ts";
import { MemorySource } from "../support/memory-source.ts";
import { ScratchStore, all, contentOf, damageOf, entryAt, noise } from "./scratch-store.ts";

const manual = { reason: "manual" } as const;
const forced = { ...manual, force: true, label: "two" } as const;

function trustedSource(): MemorySource {
  const source = new MemorySource().write("a", noise(300_000, 1)).write("b", noise(300_000, 2));
  source.isTrusted = true;
  return source;
}

/** One snapshot whose data pack has a flipped byte in the content of `a`. */
async function damaged(scratch: ScratchStore, source: MemorySource): Promise<SnapshotRoot> {
  const { root } = await (await scratch.open()).capture(source, manual);
  scratch.flip(scratch.only("data", ".tar.zst"), 2000);
  return root;
}

async function lostIn(scratch: ScratchStore, level: 1 | 2, root: SnapshotRoot): Promise<string[]> {
  const events = await all((await scratch.open()).verify({ level, id: root.id }));
  return events.flatMap((event) => (event.type === "damaged" ? event.paths : [])).toSorted();
}

/** What is recorded of packs. */
function checks(scratch: ScratchStore): unknown[] {
  const lines = scratch.read("checks.jsonl").toString().split("\n").slice(0, -1);
  const packs = lines.filter((line) => line.includes('"pack"'));
  return packs.map((line): unknown => JSON.parse(line));
}

test.each([1, 2] as const)(
  "N27, N51: what a verification at level %i found damaged is stored again by the next capture",
  async (level) => {
    using scratch = new ScratchStore();
    const source = trustedSource();
    const one = await damaged(scratch, source);
    expect(await damageOf(await scratch.open(), level)).not.toEqual([]);

    source.opened.length = 0;
    const { root: two } = await (await scratch.open()).capture(source, forced);
    expect(source.opened.toSorted()).toEqual(["a", "b"]);
    expect(two.stored).toBeGreaterThan(600_000);
    for (const root of [one, two]) expect(await lostIn(scratch, 2, root)).toEqual([]);
    expect(await damageOf(await scratch.open(), 2)).toEqual([]);
    const store = await scratch.open();
    expect(await contentOf(store, await entryAt(store, one, "a"))).toEqual(noise(300_000, 1));

    source.opened.length = 0;
    await store.capture(source, { ...forced, label: "three" });
    expect(source.opened, "healed, so nothing is read").toEqual([]);
  },
);

test("N27: content in another order makes another pack; the damaged one is then not needed and no damage", async () => {
  using scratch = new ScratchStore();
  const source = trustedSource();
  const one = await damaged(scratch, source);
  await damageOf(await scratch.open(), 1);
  source.write("0", "new content first");
  const { root: two } = await (await scratch.open()).capture(source, forced);
  expect(scratch.names("data").filter((name) => name.endsWith(".zst"))).toHaveLength(2);
  for (const root of [one, two]) expect(await lostIn(scratch, 1, root)).toEqual([]);
  expect(await damageOf(await scratch.open(), 1)).toEqual([]);
  expect(await damageOf(await scratch.open(), 2)).toEqual([]);
  const store = await scratch.open();
  expect(await contentOf(store, await entryAt(store, one, "a"))).toEqual(noise(300_000, 1));
});

test("N50: a verification of one snapshot also looks at the pack that has to stand in for a damaged one", async () => {
  using scratch = new ScratchStore();
  const source = trustedSource();
  const one = await damaged(scratch, source);
  const pack = scratch.only("data", ".tar.zst");
  await damageOf(await scratch.open(), 1);
  await (await scratch.open()).capture(source.write("0", "first"), forced);
  const other = scratch.names("data").find((name) => name.endsWith(".zst") && name !== pack) ?? "";
  for (const record of ["damaged", "sound"]) {
    const verdict = { pack, level: 2, result: record };
    scratch.write("checks.jsonl", `${JSON.stringify(verdict)}\n`);
    expect(await lostIn(scratch, 2, one), record).toEqual([]);
  }
  scratch.flip(other, 2000);
  for (const record of ["damaged", "sound"]) {
    const verdict = { pack, level: 2, result: record };
    scratch.write("checks.jsonl", `${JSON.stringify(verdict)}\n`);
    expect(await lostIn(scratch, 1, one), record).toContain("a");
  }
});

test("N27: what is not captured again stays lost in the old snapshot alone", async () => {
  using scratch = new ScratchStore();
  const source = trustedSource();
  const one = await damaged(scratch, source);
  await damageOf(await scratch.open(), 2);
  const { root: two } = await (await scratch.open()).capture(source.remove("a"), forced);
  expect(await lostIn(scratch, 2, two)).toEqual([]);
  expect(new Set(await lostIn(scratch, 2, one))).toEqual(new Set(["a"]));
});

test("N51: the record is appended to, a torn line costs only itself, and a sound pack is trusted again", async () => {
  using scratch = new ScratchStore();
  const source = trustedSource();
  await damaged(scratch, source);
  const pack = scratch.only("data", ".tar.zst");
  await damageOf(await scratch.open(), 1);
  await damageOf(await scratch.open(), 1);
  const time = expect.stringMatching(/^2026-.*Z$/);
  const found = { pack, level: 1, result: "damaged", time };
  expect(checks(scratch), "told once").toEqual([found]);

  scratch.flip(pack, 2000);
  scratch.write("checks.jsonl", `${scratch.read("checks.jsonl").toString()}{"level":`);
  expect(await damageOf(await scratch.open(), 1)).toEqual([]);
  expect(scratch.read("checks.jsonl").toString()).toContain('{"level":\n{"level":1');
  source.opened.length = 0;
  await (await scratch.open()).capture(source, forced);
  expect(source.opened).toEqual([]);
});

test("N51: a sound SHA-256 does not lift what only decoding finds", async () => {
  using scratch = new ScratchStore();
  const source = trustedSource();
  await (await scratch.open()).capture(source, manual);
  const pack = scratch.only("data", ".tar.zst");
  scratch.write("checks.jsonl", `{"level":2,"pack":"${pack}","result":"damaged"}\n`);
  await damageOf(await scratch.open(), 1);
  source.opened.length = 0;
  await (await scratch.open()).capture(source, forced);
  expect(source.opened.toSorted()).toEqual(["a", "b"]);
});

/** Files of a store that nothing can be added to. */
function withoutAppend(scratch: ScratchStore): StoreFiles {
  const files = new DiskStoreFiles(scratch.top, seededRng(9));
  return new Proxy(files, {
    get: (target, key): unknown => {
      if (key === "append") return () => Promise.reject(new SnapError("disk-read-only", "no"));
      const value: unknown = Reflect.get(target, key, target);
      return typeof value === "function" ? value.bind(target) : value;
    },
  });
}

test("N51: a store that cannot be written is verified all the same", async () => {
  using scratch = new ScratchStore();
  await damaged(scratch, trustedSource());
  const options = { path: scratch.top, clock: scratch.clock, rng: seededRng(1), tool: "0" };
  const store = await openStoreOver(withoutAppend(scratch), options);
  expect(await damageOf(store, 1)).toHaveLength(1);
});

test("N51: a record that cannot be read stops nothing", async () => {
  using scratch = new ScratchStore();
  await damaged(scratch, trustedSource());
  mkdirSync(join(scratch.top, "checks.jsonl"));
  expect(await damageOf(await scratch.open(), 1)).toHaveLength(1);
  await (await scratch.open()).capture(trustedSource(), forced);
});

test("N27: a capture that meets a damaged manifest does not trust its pack from then on", async () => {
  using scratch = new ScratchStore();
  const source = trustedSource();
  const one = await (await scratch.open()).capture(source, manual);
  const pack = scratch.only("meta", ".tar.zst");
  scratch.flip(pack, 100);
  const two = await (await scratch.open()).capture(source.write("c", "3"), manual);
  expect(checks(scratch)).toMatchObject([{ pack, level: 2, result: "damaged" }]);
  expect(await lostIn(scratch, 2, two.root)).toEqual([]);
  await (await scratch.open()).capture(source.remove("c"), manual);
  expect(await lostIn(scratch, 2, one.root), "its page was stored again").toEqual([]);
});

test("N19: whatever stands in the place of a sidecar is no error", async () => {
  using scratch = new ScratchStore();
  const source = trustedSource();
  const { root } = await (await scratch.open()).capture(source, manual);
  for (const folder of ["data", "meta"]) {
    const sidecar = scratch.only(folder, ".idx");
    const put: readonly (() => void)[] = [
      () => mkdirSync(join(scratch.top, sidecar, "full"), { recursive: true }),
      () => symlinkSync("nowhere", join(scratch.top, sidecar)),
      () => {
        scratch.write(sidecar, "");
        chmodSync(join(scratch.top, sidecar), 0o000);
      },
    ];
    for (const place of put) {
      scratch.run("rm", "-r", sidecar);
      place();
      const store = await scratch.open();
      expect(await damageOf(store, 2)).toEqual([]);
      expect(await contentOf(store, await entryAt(store, root, "a"))).toEqual(noise(300_000, 1));
      await store.capture(source, manual);
    }
  }
});

test("T11, N39: a time that only a restore's rounding moved is no change", async () => {
  using scratch = new ScratchStore();
  const store = await scratch.open();
  const source = new MemorySource().write("a", "1", { modifiedNs: "1700000000123456789" });
  source.folder("d", { modifiedNs: "1700000000123456789" });
  const { root } = await store.capture(source, manual);
  source.write("a", "1", { modifiedNs: "1700000000123456001" });
  source.folder("d", { modifiedNs: "1700000000123457001" });
  expect(await store.capture(source, manual)).toEqual({ root, created: false });
  source.write("a", "1", { modifiedNs: "1700000000123457789" });
  expect(await store.capture(source, manual)).toMatchObject({ created: true });
});
