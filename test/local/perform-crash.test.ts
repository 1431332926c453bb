import { describe, expect, test } from "vitest";
import type { LocalAct } from "../../src/core/plan/local-act.ts";
import { scenarios, type Scenario } from "./scenarios.ts";
import { plannedDisk, Stopped } from "./stopping-disk.ts";
import { Scratch } from "./scratch.ts";

/** How many calls an act makes when nothing disturbs it. */
async function countCalls(scenario: Scenario): Promise<number> {
  using scratch = new Scratch(scenario.files);
  const act = await scenario.act(scratch);
  const { disk, calls } = plannedDisk({});
  await scratch.side(disk).perform(act);
  return calls.length;
}

async function stopAndSettle(
  scenario: Scenario,
  stop: { at: number; when: "before" | "after" },
): Promise<void> {
  using scratch = new Scratch(scenario.files);
  const act: LocalAct = await scenario.act(scratch);
  const texts = scratch.texts();
  const before = scratch.user();
  const run = scratch.side(plannedDisk({ stop }).disk).perform(act);
  await expect(run, "the process ends there").rejects.toThrow(Stopped);
  const settled = await scratch.side().settle(act);
  const after = scratch.user();
  expect(after, "old or new, nothing else").toEqual(
    settled.state === "done" ? scenario.after : before,
  );
  expect(settled.putBack).toEqual([]);
  expect(scratch.texts().isSupersetOf(texts), "no content is lost").toBe(true);
  const again = await scratch.side().settle(act);
  expect(again.state, "settling may be repeated").toBe(settled.state);
  expect(scratch.user()).toEqual(after);
  expect(again.stat).toEqual(settled.stat);
}

describe("S74: an act that is stopped at any call is settled to its state before or after", () => {
  test.each(scenarios)("$name", async (scenario) => {
    const count = await countCalls(scenario);
    expect(count).toBeGreaterThan(5);
    for (let at = 0; at < count; at += 1) {
      for (const when of ["before", "after"] as const) await stopAndSettle(scenario, { at, when });
    }
  });
});

describe("an act that meets an error leaves a state that can be settled", () => {
  test.each(scenarios)("$name", async (scenario) => {
    const count = await countCalls(scenario);
    for (let at = 0; at < count; at += 1) {
      using scratch = new Scratch(scenario.files);
      const act = await scenario.act(scratch);
      const texts = scratch.texts();
      const before = scratch.user();
      const { disk } = plannedDisk({ fail: { at, code: "ENOSPC" } });
      const failed = await scratch
        .side(disk)
        .perform(act)
        .then(() => undefined)
        .catch((error: unknown) => error);
      if (failed !== undefined) expect(failed).toMatchObject({ code: "disk-full" });
      const settled = await scratch.side().settle(act);
      expect(scratch.user()).toEqual(settled.state === "done" ? scenario.after : before);
      expect(scratch.texts().isSupersetOf(texts)).toBe(true);
    }
  });
});
