import { expect, test } from "vitest";
import { planText } from "../../src/cli/plan-text.ts";
import type { RestorePlan } from "../../src/core/snapshot/restore-plan.ts";

const nothing = { keep: 0, metadata: 0, create: 0, replace: 0, delete: 0, aside: 0, bytes: 0 };

test("T16, T17: what gets another mode or time only is counted apart from what is replaced", () => {
  const plan: RestorePlan = {
    items: [],
    counts: {
      local: { ...nothing, create: 1, replace: 2, delete: 3, metadata: 4, keep: 5, bytes: 6 },
      remote: { ...nothing, keep: 12 },
    },
    loses: { localOnly: [], remoteNewer: [] },
    left: [],
    changing: [],
    ignored: 0,
    digest: "0123456789abcdef",
  };
  expect(planText(plan).split("\n")).toEqual([
    "         create  replace  delete  mode or time  keep  to place",
    "local         1        2       3             4     5       6 B",
    "Dropbox       0        0       0             0    12       0 B",
    "Plan 0123456789ab",
  ]);
});
