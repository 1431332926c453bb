import { expect, test } from "vitest";
import { SnapError } from "../../src/std/error.ts";
import { MemorySource } from "../support/memory-source.ts";
import { ScratchStore } from "./scratch-store.ts";

test("N34: what may have been moved past the walk makes no snapshot, and is asked about when all was read", async () => {
  using scratch = new ScratchStore();
  const store = await scratch.open();
  const source = new MemorySource().write("d/b.txt", "beta");
  const opened: string[] = [];
  const confirm = async (): Promise<void> => {
    opened.push(...source.opened);
    throw new SnapError("busy", "not left alone");
  };
  await expect(store.capture(source, { reason: "manual", confirm })).rejects.toMatchObject({
    code: "busy",
  });
  expect(opened).toContain("d/b.txt");
  expect(await store.list()).toEqual([]);
  const { created } = await store.capture(source, { reason: "manual", confirm: async () => {} });
  expect(created).toBe(true);
  // Also where nothing seems to have changed.
  await expect(store.capture(source, { reason: "manual", confirm })).rejects.toMatchObject({
    code: "busy",
  });
});
