import { expect, test } from "vitest";
import { planFields, planText } from "../../src/cli/plan-text.ts";
import type { RestorePlan } from "../../src/core/snapshot/restore-plan.ts";
import type { ServerForecast } from "../../src/core/snapshot/server-forecast.ts";

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

const server: ServerForecast = {
  serverSide: "prefer",
  reverted: 87,
  moved: 9,
  copied: 7,
  uploaded: 1,
  unasked: 0,
  uploadBytes: 1_258_291,
  calls: 90,
};

function planWith(more: Partial<ServerForecast>): RestorePlan {
  const counts = { local: nothing, remote: nothing };
  const lists = { items: [], left: [], changing: [], loses: { localOnly: [], remoteNewer: [] } };
  return {
    ...lists,
    counts,
    ignored: 0,
    digest: "0123456789abcdef",
    server: { ...server, ...more },
  };
}

/** The lines between the table and the digest. */
const wayOf = (more: Partial<ServerForecast>): readonly string[] =>
  planText(planWith(more)).split("\n").slice(3, -1);

test("T17: a plan tells how it reaches Dropbox", () => {
  expect(wayOf({})).toEqual([
    "In Dropbox: 87 put back, 9 moved, 7 copied there; 1 file uploaded, 1.2 MiB; 90 calls",
  ]);
  expect(wayOf({ uploaded: 3, unasked: 2 })).toEqual([
    "In Dropbox: 87 put back, 9 moved, 7 copied there; 3 files uploaded at most, 1.2 MiB; 90 calls; whether it holds 2 of them is asked later",
  ]);
  expect(
    wayOf({ reverted: 0, moved: 0, copied: 0, uploaded: 0, uploadBytes: 0, calls: 0 }),
  ).toEqual([]);
});

test("T24: above 2000 files that are put back one by one a plan names the way around", () => {
  const hint = "Files are put back one call each: --server-side large uploads small ones instead.";
  expect(wayOf({ reverted: 2_000 })).not.toContain(hint);
  expect(wayOf({ reverted: 2_001 })).toContain(hint);
  expect(wayOf({ reverted: 1_000, unasked: 1_001 })).toContain(hint);
  expect(wayOf({ reverted: 2_001, serverSide: "large" })).not.toContain(hint);
});

test("T35: programs find it among the counts of Dropbox", () => {
  expect(planFields(planWith({}))["remote"]).toMatchObject({
    keep: 0,
    uploadBytes: 1_258_291,
    calls: 90,
  });
});
