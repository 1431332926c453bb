import { expect, test } from "vitest";
import { isSnapError } from "../../src/std/error.ts";
import { MemorySource } from "../support/memory-source.ts";
import { copyOf, treeOf } from "./keep-scenes.ts";
import { sourcesOf } from "./repair-scenes.ts";
import { ScratchStore, damageOf, noise } from "./scratch-store.ts";

const contents = { a: noise(9000, 1), b: noise(300_000, 2) };

/** What verify finds of a flipped byte, and what is left of it after a repair with the workspace at hand. */
type Expectation = {
  readonly file: RegExp;
  readonly found: readonly string[];
  readonly left: readonly string[];
};

const table: Readonly<Record<string, Expectation>> = {
  root: { file: /^roots\//, found: ["root"], left: [] },
  "data pack": { file: /^data\/.*zst$/, found: ["pack", "block"], left: [] },
  "metadata pack": { file: /^meta\/.*zst$/, found: ["page", "pack"], left: ["page", "list"] },
  sidecar: { file: /\.idx$/, found: [], left: [] },
  note: { file: /^notes\//, found: ["note"], left: ["note"] },
  "README.txt": { file: /^README/, found: [], left: [] },
  "checks.jsonl": { file: /^checks/, found: [], left: [] },
  reserve: { file: /^reserve$/, found: [], left: [] },
  lock: { file: /^lock$/, found: [], left: [] },
};

test.each(Object.entries(table))(
  "N50, N53: a flipped byte anywhere in a %s is found or harmless, and repaired as far as can be",
  async (_, { file, found, left }) => {
    using scratch = new ScratchStore();
    const source = new MemorySource();
    for (const [path, content] of Object.entries(contents)) source.write(path, content);
    const store = await scratch.open({ reserve: 2000 });
    const { root } = await store.capture(source, { reason: "manual" });
    const tree = await treeOf(store, root);
    await store.keeping.note(root.id, { label: "noted" });
    await damageOf(store, 2);
    scratch.write("lock", '{"pid":1}');
    if (!scratch.names().includes("reserve")) scratch.write("reserve", noise(2000));
    const name = scratch.names().find((each) => file.test(each)) ?? "";
    const { length } = scratch.read(name);
    for (const part of [0, 0.3, 0.6, 1]) {
      const copy = copyOf(scratch, "copy");
      copy.flip(name, Math.min(length - 1, Math.floor(length * part)));
      const told = (await damageOf(await copy.open(), 2)).map(({ what }) => what);
      if (found.length === 0) expect(told, `${part}`).toEqual([]);
      else
        expect(
          told.some((what) => found.includes(what)),
          `${part}: ${told.join()}`,
        ).toBe(true);
      const report = await (await copy.open()).keeping.repair(sourcesOf(contents), {});
      expect(report.missing.every(({ what }) => left.includes(what))).toBe(true);
      const isWhole = report.missing.length === 0;
      expect((await damageOf(await copy.open(), 2)).length === 0, `${part}`).toBe(isWhole);
      if (isWhole) expect(await treeOf(await copy.open(), root)).toEqual(tree);
    }
  },
);

test("N13, N53: a flipped byte in STORE.json stops everything and changes nothing", async () => {
  using scratch = new ScratchStore();
  await (await scratch.open()).capture(new MemorySource().write("a", "1"), { reason: "manual" });
  const { length } = scratch.read("STORE.json");
  for (const at of [0, 20, Math.floor(length / 2), length - 1]) {
    const copy = copyOf(scratch, "copy");
    copy.flip("STORE.json", at);
    const error: unknown = await copy.open().catch((thrown: unknown) => thrown);
    expect(isSnapError(error, "damaged", "version-too-new")).toBe(true);
    expect(copy.names()).toEqual(scratch.names());
  }
});
