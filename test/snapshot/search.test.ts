import { expect, test } from "vitest";
import { DiskStoreFiles } from "../../src/snapshot/disk-files.ts";
import { openStoreOver } from "../../src/snapshot/store.ts";
import { seededRng } from "../../src/std/random.ts";
import { MemorySource } from "../support/memory-source.ts";
import { ScratchStore, all } from "./scratch-store.ts";

const manual = { reason: "manual" } as const;

test("each page that snapshots share is read once, and damage of one page hides no other", async () => {
  using scratch = new ScratchStore();
  const store = await scratch.open();
  const source = new MemorySource();
  for (let at = 0; at < 3000; at += 1) source.write(`d${at % 7}/f${at}`, `${at}`);
  for (let round = 0; round < 20; round += 1) {
    await store.capture(source.write("changing", `${round}`), manual);
  }
  let decoded = 0;
  const matches = ({ path }: { readonly path: string }): boolean => {
    decoded += 1;
    return path === "changing" || path === "d3/f3";
  };
  const roots = await store.list();
  const hits = await all(store.search({ roots, matches }));
  expect(hits.map(({ entries }) => entries.length)).toEqual(roots.map(() => 2));
  // All entries once, and the one page that changes for each snapshot.
  expect(decoded).toBeLessThan(3008 + 20 * 512);

  const metas = scratch.names("meta").filter((name) => name.endsWith(".zst"));
  const last = metas.find((name) => scratch.read(name).length < 20_000) ?? "";
  scratch.flip(last, 100);
  const files = new DiskStoreFiles(scratch.top, seededRng(9));
  const options = { path: scratch.top, clock: scratch.clock, rng: seededRng(9), tool: "0.1.0" };
  const again = await all((await openStoreOver(files, options)).search({ roots, matches }));
  const troubled = again.filter(({ trouble }) => trouble !== undefined);
  expect(troubled.length).toBeGreaterThan(0);
  expect(troubled.length).toBeLessThan(roots.length);
  expect(
    again
      .filter(({ trouble }) => trouble === undefined)
      .every(({ entries }) => entries.length === 2),
  ).toBe(true);
});
