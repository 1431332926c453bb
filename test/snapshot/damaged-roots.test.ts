import { mkdirSync } from "node:fs";
import { join } from "node:path";
import { expect, test } from "vitest";
import type { SnapshotRoot } from "../../src/core/snapshot/root.ts";
import { rootFileName } from "../../src/snapshot/root-files.ts";
import { MemorySource } from "../support/memory-source.ts";
import { ScratchStore, damageOf } from "./scratch-store.ts";

async function labelled(scratch: ScratchStore, label: string): Promise<SnapshotRoot> {
  scratch.clock.advance(60_000);
  const options = { reason: "manual", label, force: true } as const;
  return (await (await scratch.open()).capture(new MemorySource().write("a", label), options)).root;
}

test("N8: a label is not answered with an older snapshot while a newer root is damaged", async () => {
  using scratch = new ScratchStore();
  const older = await labelled(scratch, "nightly");
  const newer = await labelled(scratch, "nightly");
  const store = await scratch.open();
  const name = rootFileName(newer);
  scratch.flip(`roots/${name}`, 40);
  await expect(store.find("nightly")).rejects.toMatchObject({
    code: "damaged",
    exit: 5,
    path: `roots/${name}`,
    message: expect.stringContaining(name),
  });
  expect(await store.find(older.id.slice(0, 8)), "an id leaves no doubt").toEqual(older);
  expect(await store.list()).toEqual([older]);
  expect(await store.damagedRoots()).toEqual([{ name, reason: expect.stringContaining(name) }]);
  const latest = await labelled(scratch, "later");
  expect(await store.find("later"), "the damaged root is older").toEqual(latest);
});

test("N8: a label that is nowhere may be that of a damaged root", async () => {
  using scratch = new ScratchStore();
  await labelled(scratch, "other");
  const nightly = await labelled(scratch, "nightly");
  const store = await scratch.open();
  expect(await store.damagedRoots()).toEqual([]);
  await expect(store.find("weekly")).rejects.toMatchObject({ code: "snapshot-not-found" });
  scratch.flip(`roots/${rootFileName(nightly)}`, 40);
  for (const asked of ["nightly", "weekly", nightly.id.slice(0, 6)]) {
    await expect(store.find(asked), asked).rejects.toMatchObject({
      code: "damaged",
      path: `roots/${rootFileName(nightly)}`,
    });
  }
  await expect(store.find("ab".repeat(32))).rejects.toMatchObject({ code: "snapshot-not-found" });
});

test("N8: a folder in the place of a root is a damaged root, and the others can be used", async () => {
  using scratch = new ScratchStore();
  const root = await labelled(scratch, "one");
  const name = `20200101T000000Z-${"ab".repeat(8)}.json`;
  mkdirSync(join(scratch.top, "roots", name));
  const store = await scratch.open();
  expect(await store.list()).toEqual([root]);
  expect(await store.find("one")).toEqual(root);
  expect((await store.damagedRoots()).map((one) => one.name)).toEqual([name]);
  expect(await damageOf(store, 0)).toMatchObject([{ what: "root", name }]);
  await labelled(scratch, "two");
});

test("N13: a lost or damaged STORE.json says what can be done", async () => {
  using scratch = new ScratchStore();
  await labelled(scratch, "one");
  const hint = expect.stringMatching(/Put STORE\.json back .*README\.txt/);
  scratch.flip("STORE.json", 5);
  await expect(scratch.open()).rejects.toMatchObject({ code: "damaged", hint });
  scratch.run("rm", "STORE.json");
  await expect(scratch.open()).rejects.toMatchObject({ code: "damaged", hint });
});
