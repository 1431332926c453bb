import { expect, test } from "vitest";
import { adviseOnTorn } from "../../src/cli/units.ts";
import type { UnitFacts } from "../../src/core/snapshot/unit.ts";

function adviceOn(...moved: readonly boolean[]): string {
  const torn = moved.map((movedDuring): UnitFacts => ({
    id: "r/.git",
    vcs: "git",
    consistency: "torn",
    reasons: [],
    movedDuring,
  }));
  const lines: string[] = [];
  adviseOnTorn({ say: (line?: string) => void lines.push(line ?? "") }, torn);
  return lines.join("\n");
}

test("N45: what was torn while it was written to is to be captured again, the rest to be looked into", () => {
  expect(adviceOn()).toBe("");
  expect(adviceOn(true)).toMatch(/^Something was written meanwhile.*`snap capture`/u);
  expect(adviceOn(false)).toMatch(/^Where nobody wrote.*`snap guard explain FOLDER`/u);
  expect(adviceOn(true, false).split("\n")).toHaveLength(2);
});
