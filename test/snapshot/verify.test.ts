import { truncateSync } from "node:fs";
import { join } from "node:path";
import { expect, test } from "vitest";
import type { SnapshotRoot } from "../../src/core/snapshot/root.ts";
import type { SnapshotStore } from "../../src/ports.ts";
import { MemorySource } from "../support/memory-source.ts";
import { ScratchStore, all, contentOf, damageOf, entryAt, noise } from "./scratch-store.ts";

const manual = { reason: "manual" } as const;

/** A store with one snapshot: one data pack, one metadata pack. */
async function filled(
  scratch: ScratchStore,
): Promise<{ store: SnapshotStore; root: SnapshotRoot }> {
  const source = new MemorySource()
    .write("big", noise(5_000_000))
    .write("twin/one", "same")
    .write("twin/two", "same");
  const { root } = await (await scratch.open()).capture(source, manual);
  return { store: await scratch.open(), root };
}

test("N50: a sound store is checked level by level", async () => {
  using scratch = new ScratchStore();
  const { store, root } = await filled(scratch);
  const kinds = async (level: 0 | 1 | 2): Promise<Record<string, number>> => {
    const counts: Record<string, number> = {};
    for await (const event of store.verify({ level })) {
      const key = `${event.type} ${event.what}`;
      counts[key] = (counts[key] ?? 0) + 1;
    }
    return counts;
  };
  expect(await kinds(0)).toEqual({ "checked root": 1, "checked page": 1 });
  expect(await kinds(1)).toEqual({ "checked root": 1, "checked page": 1, "checked pack": 2 });
  const deep = await kinds(2);
  expect(deep).toMatchObject({ "checked root": 1, "checked pack": 2, "checked block": 3 });
  const one = await all(store.verify({ level: 2, id: root.id }));
  expect(one.filter((event) => event.type === "damaged")).toEqual([]);
  expect(one.filter((event) => event.what === "block")).toHaveLength(3);
});

test("X27: a flipped byte at any of many places of a data pack is found at level 1, with the paths hit", async () => {
  using scratch = new ScratchStore();
  const { store } = await filled(scratch);
  const pack = scratch.only("data", ".tar.zst");
  const { length } = scratch.read(pack);
  for (let part = 0; part < 8; part += 1) {
    const at = Math.floor((length - 1) * (part / 7));
    scratch.flip(pack, at);
    expect(await damageOf(store, 1), `byte ${at}`).toEqual([
      {
        type: "damaged",
        what: "pack",
        name: pack,
        reason: "Its SHA-256 is not its name",
        paths: ["big", "twin/one", "twin/two"],
      },
    ]);
    scratch.flip(pack, at);
  }
});

test("N50: level 2 names the block, the pack and the paths", async () => {
  using scratch = new ScratchStore();
  const { store, root } = await filled(scratch);
  const pack = scratch.only("data", ".tar.zst");
  scratch.flip(pack, 2_000_000);
  const { blocks } = await entryAt(store, root, "big");
  const damage = await damageOf(store, 2);
  expect(damage.map(({ what }) => what)).toEqual(["pack", "block"]);
  expect(damage[1]).toMatchObject({
    name: blocks?.[0],
    paths: ["big"],
    reason: expect.stringContaining(pack),
  });
  await expect(contentOf(store, await entryAt(store, root, "big"))).rejects.toMatchObject({
    code: "damaged",
    exit: 5,
  });
  expect(await contentOf(store, await entryAt(store, root, "twin/one"))).toEqual(
    Buffer.from("same"),
  );
});

test("X27: a flipped byte in a metadata pack is found at level 0 where it hits a page, at level 1 anywhere", async () => {
  using scratch = new ScratchStore();
  const { store, root } = await filled(scratch);
  const pack = scratch.only("meta", ".tar.zst");
  const { length } = scratch.read(pack);
  for (let at = 0; at < length; at += 37) {
    scratch.flip(pack, at);
    const damage = await damageOf(store, 1);
    expect(
      damage.filter(({ what, name }) => what === "pack" && name === pack),
      `byte ${at}`,
    ).toHaveLength(1);
    scratch.flip(pack, at);
  }
  scratch.flip(pack, 100);
  expect((await damageOf(store, 0)).map(({ what }) => what)).toEqual(["page", "pack"]);
  await expect(all((await scratch.open()).entries(root.id))).rejects.toMatchObject({
    code: "damaged",
  });
});

test("X27: a flipped byte anywhere in a root is found, and no other snapshot is taken for the latest", async () => {
  using scratch = new ScratchStore();
  const { root: older } = await filled(scratch);
  const store = await scratch.open();
  const { root } = await store.capture(new MemorySource().write("b", "2"), {
    ...manual,
    label: "newer",
  });
  scratch.clock.advance(10_000);
  const name = scratch.names("roots")[1] ?? "";
  const { length } = scratch.read(name);
  for (let at = 0; at < length; at += 29) {
    scratch.flip(name, at);
    const damage = await damageOf(store, 0);
    expect(damage, `byte ${at}`).toMatchObject([
      { what: "root", name: name.slice("roots/".length) },
    ]);
    await expect(store.find("latest")).rejects.toMatchObject({ code: "damaged", exit: 5 });
    await expect(store.find(root.id.slice(0, 8))).rejects.toMatchObject({ code: "damaged" });
    await expect(store.find("@now")).rejects.toMatchObject({ code: "damaged" });
    await expect(all(store.entries(root.id))).rejects.toMatchObject({ code: "damaged" });
    expect(await store.find(older.id.slice(0, 8))).toEqual(older);
    expect(await store.find(`@${older.time}`)).toEqual(older);
    expect(await store.list()).toEqual([older]);
    scratch.flip(name, at);
  }
  expect(await damageOf(store, 2)).toEqual([]);
});

test("X27: a root under another name is damage", async () => {
  using scratch = new ScratchStore();
  const { store } = await filled(scratch);
  const name = scratch.only("roots", ".json");
  scratch.run("mv", name, name.replace("2026", "2031"));
  expect(await damageOf(store, 0)).toMatchObject([{ what: "root" }]);
});

test("X27: a flipped byte anywhere in STORE.json is found by whatever is done", async () => {
  using scratch = new ScratchStore();
  const { store } = await filled(scratch);
  const { length } = scratch.read("STORE.json");
  for (let at = 0; at < length; at += 1) {
    scratch.flip("STORE.json", at);
    await expect(scratch.open(), `byte ${at}`).rejects.toMatchObject({ code: "damaged", exit: 5 });
    scratch.flip("STORE.json", at);
  }
  scratch.flip("STORE.json", 5);
  await expect(store.list()).rejects.toMatchObject({ code: "damaged" });
  await expect(damageOf(store, 0)).rejects.toMatchObject({ code: "damaged" });
  await expect(store.capture(new MemorySource(), manual)).rejects.toMatchObject({
    code: "damaged",
  });
});

test("N19: a flipped byte in a sidecar is healed by a verification", async () => {
  using scratch = new ScratchStore();
  const { store } = await filled(scratch);
  for (const folder of ["data", "meta"]) {
    const sidecar = scratch.only(folder, ".idx");
    const before = scratch.read(sidecar);
    scratch.flip(sidecar, 50);
    expect(await damageOf(store, 2)).toEqual([]);
    expect(scratch.read(sidecar).equals(before)).toBe(true);
  }
});

test("a truncated pack is found at every level, and what is lost is named", async () => {
  using scratch = new ScratchStore();
  const { store, root } = await filled(scratch);
  const pack = scratch.only("data", ".tar.zst");
  truncateSync(join(scratch.top, pack), 4_300_000);
  const { blocks } = await entryAt(store, root, "big");
  for (const level of [0, 1, 2] as const) {
    const damage = await damageOf(store, level);
    expect(damage.filter(({ what }) => what === "block")).toContainEqual(
      expect.objectContaining({
        name: blocks?.[1],
        reason: "It is in no sound pack",
        paths: ["big"],
      }),
    );
    expect(damage.filter(({ what }) => what === "pack")).toHaveLength(level === 0 ? 0 : 1);
  }
});

test("a lost pack is damage at level 0, and the next capture heals what it can read", async () => {
  using scratch = new ScratchStore();
  const { store } = await filled(scratch);
  scratch.run("rm", scratch.only("data", ".tar.zst"));
  expect((await damageOf(store, 0)).flatMap(({ paths }) => paths)).toEqual(
    ["big", "big", "twin/one", "twin/two"].toSorted(),
  );
  const source = new MemorySource()
    .write("big", noise(5_000_000))
    .write("twin/one", "same")
    .write("twin/two", "same");
  source.isTrusted = true;
  await (await scratch.open()).capture(source, manual);
  expect(source.opened).toEqual(expect.arrayContaining(["big", "twin/one"]));
  expect(await damageOf(store, 2)).toEqual([]);
});

test("a capture over a damaged parent reads everything and is sound", async () => {
  using scratch = new ScratchStore();
  const { root } = await filled(scratch);
  scratch.flip(scratch.only("meta", ".tar.zst"), 100);
  const store = await scratch.open();
  const source = new MemorySource().write("big", noise(5_000_000)).write("b", "2");
  source.isTrusted = true;
  const { root: next } = await store.capture(source, manual);
  expect(next.parent).toBe(root.id);
  expect(await contentOf(store, await entryAt(store, next, "b"))).toEqual(Buffer.from("2"));
  expect(
    (await all(store.verify({ level: 2, id: next.id }))).filter(({ type }) => type === "damaged"),
  ).toEqual([]);
});

test("N39: nothing changed over a damaged manifest writes it again, so that the parent is whole", async () => {
  using scratch = new ScratchStore();
  const source = new MemorySource().write("a", "1").write("b", "2");
  const { root } = await (await scratch.open()).capture(source, manual);
  scratch.flip(scratch.only("meta", ".tar.zst"), 100);
  expect(await damageOf(await scratch.open(), 0)).toHaveLength(1);
  const again = await (await scratch.open()).capture(source, manual);
  expect(again).toEqual({ root, created: false });
  const store = await scratch.open();
  expect(await damageOf(store, 0)).toEqual([]);
  expect(await all(store.entries(root.id))).toHaveLength(2);
});

test("a verification limited to entries looks at their blocks alone", async () => {
  using scratch = new ScratchStore();
  const { store, root } = await filled(scratch);
  const entries = await all(store.entries(root.id));
  const twins = entries.filter(({ path }) => path.startsWith("twin/"));
  scratch.flip(scratch.only("data", ".tar.zst"), 2_000_000);
  const sound = await all(store.verify({ level: 2, id: root.id, entries: twins }));
  expect(sound).toMatchObject([{ type: "checked", what: "block", bytes: 4 }]);
  const damage = (await all(store.verify({ level: 2, entries }))).filter(
    ({ type }) => type === "damaged",
  );
  expect(damage).toMatchObject([
    { what: "block", paths: ["big"], reason: expect.stringContaining("in pack") },
  ]);
});

test("a verification of one snapshot is not disturbed by damage elsewhere", async () => {
  using scratch = new ScratchStore();
  const { root } = await filled(scratch);
  const pack = scratch.only("data", ".tar.zst");
  const store = await scratch.open();
  const { root: second } = await store.capture(
    new MemorySource().write("other", noise(1000, 3)),
    manual,
  );
  scratch.flip(pack, 3000);
  const damageIn = async (id: string): Promise<number> =>
    (await all(store.verify({ level: 2, id }))).filter(({ type }) => type === "damaged").length;
  expect(await damageIn(second.id)).toBe(0);
  expect(await damageIn(root.id)).toBeGreaterThan(0);
  await expect(all(store.verify({ level: 0, id: "ab".repeat(32) }))).rejects.toMatchObject({
    code: "snapshot-not-found",
  });
});

test("a verification can be interrupted", async () => {
  using scratch = new ScratchStore();
  const { store } = await filled(scratch);
  await expect(all(store.verify({ level: 2, signal: AbortSignal.abort() }))).rejects.toMatchObject({
    code: "interrupted",
    exit: 130,
  });
});
