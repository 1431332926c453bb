import { mkdtempSync, readdirSync, rmSync, utimesSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { expect, test } from "vitest";
import { openIndex } from "../../src/state/database.ts";
import { copyInPassing } from "../../src/state/passing-index.ts";
import { seededRng } from "../../src/std/random.ts";
import { TestClock } from "../support/test-clock.ts";

const clock = new TestClock();
const parts = { clock, rng: seededRng(1) };

test("T33: a copy of the index takes writes, and neither they nor a file stay behind", async () => {
  const folder = mkdtempSync(join(tmpdir(), "snap-passing-"));
  try {
    const path = join(folder, "index.db");
    expect(await copyInPassing(path, parts)).toBeUndefined();
    using open = openIndex(path, { clock });
    open.index.transaction(() => open.index.setMeta("generation", "7"));
    const before = readdirSync(folder).toSorted();
    {
      using copy = await copyInPassing(path, parts);
      expect(readdirSync(folder).toSorted()).toEqual(before);
      expect(copy?.index.meta("generation")).toBe("7");
      // Whoever holds the index goes on meanwhile.
      open.index.transaction(() => open.index.setMeta("generation", "8"));
      copy?.index.transaction(() => copy.index.setMeta("generation", "99"));
      expect(copy?.index.meta("generation")).toBe("99");
      using covers = copy?.index.covers();
      expect(covers).toBeDefined();
    }
    expect(open.index.meta("generation")).toBe("8");
    expect(readdirSync(folder).toSorted()).toEqual(before);
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
});

test("T33: what a killed look left is removed a day later, and nothing younger", async () => {
  const folder = mkdtempSync(join(tmpdir(), "snap-passing-"));
  try {
    const path = join(folder, "index.db");
    using open = openIndex(path, { clock });
    const now = clock.now() / 1_000;
    const day = 24 * 3_600;
    for (const [name, time] of [
      ["index.db.look-old", now - day - 1],
      ["index.db.look-young", now - day + 60],
      ["other.look-old", now - 2 * day],
    ] as const) {
      writeFileSync(join(folder, name), "");
      utimesSync(join(folder, name), time, time);
    }
    (await copyInPassing(path, parts))?.close();
    const left = readdirSync(folder).filter((name) => name.includes("look"));
    expect(left.toSorted()).toEqual(["index.db.look-young", "other.look-old"]);
    open.close();
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
});
