import { expect, test } from "vitest";
import { DiskStoreFiles } from "../../src/snapshot/disk-files.ts";
import { seededRng } from "../../src/std/random.ts";
import { ScratchStore, noise } from "./scratch-store.ts";

test.each([100, 100_000])("a file of %i bytes is not read where fewer are wanted", async (size) => {
  using scratch = new ScratchStore();
  const files = new DiskStoreFiles(scratch.top, seededRng(1));
  await files.makeFolders([]);
  await files.put("file", noise(size));
  expect(await files.get("file", size)).toEqual(noise(size));
  await expect(files.get("file", size - 1)).rejects.toMatchObject({ code: "damaged" });
  expect(await files.get("none", size)).toBeUndefined();
});
