import { hash } from "node:crypto";
import { renameSync, rmSync } from "node:fs";
import { join } from "node:path";
import { expect, test } from "vitest";
import { MemorySource } from "../support/memory-source.ts";
import { forgetForGood, treeOf } from "./keep-scenes.ts";
import { ScratchStore, damageOf, noise } from "./scratch-store.ts";

const manual = { reason: "manual" } as const;

test("N27: damage that the rewriting meets gets no sound name, and its copy elsewhere is kept", async () => {
  using scratch = new ScratchStore();
  const store = await scratch.open();
  const source = new MemorySource()
    .write("dead", noise(900_000, 1))
    .write("live", noise(400_000, 2));
  const { root: old } = await store.capture(source, manual);
  const [pack = ""] = scratch.names("data").filter((name) => name.endsWith(".zst"));
  source.remove("dead");
  const { root } = await store.capture(source, manual);
  await forgetForGood(scratch, [old]);
  // What cannot be compressed stands in the pack as it is.
  scratch.flip(pack, scratch.read(pack).indexOf(noise(400_000, 2).subarray(1000, 1050)));
  const report = await (await scratch.open()).keeping.prune({});
  expect(report.rewritten.packs).toBeLessThanOrEqual(1);
  expect(scratch.names("data")).toContain(pack);
  expect(await damageOf(await scratch.open(), 2)).not.toEqual([]);

  // The next capture heals it, and then nobody needs the damaged pack.
  await (await scratch.open()).capture(source, { ...manual, force: true });
  await (await scratch.open()).keeping.prune({});
  expect(scratch.names("data")).not.toContain(pack);
  const fresh = await scratch.open();
  expect(await damageOf(fresh, 2)).toEqual([]);
  expect((await treeOf(fresh, root))["live"]).toBe(noise(400_000, 2).toString("latin1"));
});

test("N27: a block that its sidecar finds in the wrong place goes nowhere under its name", async () => {
  using scratch = new ScratchStore();
  const store = await scratch.open();
  const source = new MemorySource().write("dead", noise(900_000, 1));
  source.write("x", noise(300_000, 2)).write("y", noise(300_000, 3));
  const { root: old } = await store.capture(source, manual);
  source.remove("dead");
  const { root } = await store.capture(source, manual);
  const tree = await treeOf(store, root);
  await forgetForGood(scratch, [old]);
  const sidecar = scratch.only("data", ".idx");
  scratch.write(sidecar, withPlacesSwapped(scratch.read(sidecar)));
  expect((await (await scratch.open()).keeping.prune({})).rewritten.bytes).toBe(0);
  rmSync(join(scratch.top, sidecar));
  expect(await treeOf(await scratch.open(), root)).toEqual(tree);
});

/** A sidecar with a right sum that finds two blocks of 300,000 bytes in each other's place. */
function withPlacesSwapped(sidecar: Buffer): Buffer {
  const entriesAt = 24 + sidecar.readUInt32LE(16) * 16;
  const places = Array.from(
    { length: sidecar.readUInt32LE(20) },
    (_, at) => entriesAt + at * 44 + 32,
  );
  const [one = 0, two = 0] = places.filter((at) => sidecar.readUInt32LE(at + 8) === 300_000);
  const swapped = Buffer.from(sidecar.subarray(0, -32));
  sidecar.copy(swapped, one, two, two + 12);
  sidecar.copy(swapped, two, one, one + 12);
  return Buffer.concat([swapped, hash("sha256", swapped, "buffer")]);
}

test("N56: where a root or page cannot be read nothing is pruned", async () => {
  using scratch = new ScratchStore();
  const store = await scratch.open();
  const { root: old } = await store.capture(new MemorySource().write("a", noise(9000, 1)), manual);
  await store.capture(new MemorySource().write("b", "b"), manual);
  await forgetForGood(scratch, [old]);
  const [name = ""] = scratch.names("roots");
  scratch.flip(name, 30);
  const packs = [...scratch.names("data"), ...scratch.names("meta")];
  await expect((await scratch.open()).keeping.prune({})).rejects.toMatchObject({
    code: "damaged",
    exit: 5,
    message: expect.stringContaining("Nothing was pruned"),
  });
  scratch.flip(name, 30);
  for (const meta of scratch.names("meta").filter((one) => one.endsWith(".zst")))
    scratch.flip(meta, 60);
  const [root] = await (await scratch.open()).list();
  const id = root?.id.slice(0, 16) ?? "none";
  await expect((await scratch.open()).keeping.prune({})).rejects.toMatchObject({
    code: "damaged",
    hint: expect.stringMatching(new RegExp(`snap repair.*snap forget ${id}`, "u")),
  });
  expect([...scratch.names("data"), ...scratch.names("meta")]).toEqual(packs);
  if (root !== undefined) await forgetForGood(scratch, [root]);
  await (await scratch.open()).keeping.prune({});
});

test("N56: a damaged root is named, and what to do with it lets the next prune go on", async () => {
  using scratch = new ScratchStore();
  const store = await scratch.open();
  await store.capture(new MemorySource().write("a", noise(9000, 1)), manual);
  await store.capture(new MemorySource().write("b", "b"), manual);
  const [name = ""] = scratch.names("roots");
  scratch.flip(name, 30);
  const path = join(scratch.top, name);
  await expect((await scratch.open()).keeping.prune({})).rejects.toMatchObject({
    code: "damaged",
    hint: expect.stringMatching(/`snap repair`.*move the file/u),
  });
  await expect((await scratch.open()).keeping.prune({})).rejects.toMatchObject({
    hint: expect.stringContaining(`"${path}"`),
  });
  renameSync(path, join(scratch.top, "set-aside.json"));
  await (await scratch.open()).keeping.prune({});
});

test("N56: a damaged root that is forgotten says until when it holds up", async () => {
  using scratch = new ScratchStore();
  const store = await scratch.open();
  await store.capture(new MemorySource().write("a", noise(9000, 1)), manual);
  const { root } = await store.capture(new MemorySource().write("b", "b"), manual);
  await store.keeping.forget({ ids: [root.id], ...manual, evenLastCopy: true });
  const trashed = scratch.names("trash").find((name) => name.includes("/roots/")) ?? "";
  scratch.flip(trashed, 30);
  await expect((await scratch.open()).keeping.prune({})).rejects.toMatchObject({
    code: "damaged",
    hint: expect.stringContaining("store.grace"),
  });
});
