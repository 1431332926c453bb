import { expect, test } from "vitest";
import { layer } from "../support/layer.ts";
import { scaleCase } from "./scale-case.ts";

const files = 100_000;
const readsMax = 500;

test("S106: a first sync of 100,000 files moves no byte that is there, one edit takes fewer than 500 row reads, no change writes no row", async () => {
  await layer({ name: "scale", cpuBudgetSeconds: 110 }, async () => {
    const facts = await scaleCase(files);
    expect(facts.transferred).toBe(0);
    expect(facts.adopted).toBeGreaterThanOrEqual(files);
    expect(facts.rowsOfQuietLook, "rows written by a look at what did not change").toBe(0);
    expect(facts.ops).toEqual(["R.put d0/f7"]);
    expect(facts.rowReads).toBeGreaterThan(0);
    expect(facts.rowReads).toBeLessThan(readsMax);
    return files;
  });
});
