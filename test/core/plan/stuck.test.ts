import { expect, test } from "vitest";
import { whyNotConverged, type StuckKind } from "../../../src/core/plan/stuck.ts";
import type { LeftPath } from "../../../src/core/plan/sync-report.ts";
import type { ErrorCode } from "../../../src/std/error.ts";

const left = (kind: LeftPath["kind"], code?: ErrorCode): LeftPath => ({
  path: "a",
  kind,
  reason: "why",
  ...(code !== undefined && { code }),
});

test.each<readonly [string, readonly LeftPath[], ErrorCode | undefined, StuckKind | undefined]>([
  ["nothing left", [], undefined, undefined],
  ["links only", [left("unsynced"), left("refused")], undefined, undefined],
  ["a hold", [left("hold")], undefined, "held"],
  ["an upload that failed", [left("parked", "quota-exceeded")], undefined, "parked"],
  ["an upload that the line failed", [left("parked", "offline")], undefined, "network"],
  ["a file that will not hold still", [left("unknown", "volatile")], undefined, "volatile"],
  ["an unreadable folder", [left("unknown", "permission-denied")], undefined, "disk"],
  ["rotten bytes", [left("damaged")], undefined, "disk"],
  ["a hold beside a failure", [left("parked"), left("hold")], undefined, "held"],
  ["a sync that ended without network", [left("hold")], "offline", "network"],
  ["a sync that was throttled", [left("unknown", "volatile")], "throttled", "throttled"],
  ["a sync that ended on a full disk", [], "disk-full", "disk"],
  ["a sync that ended otherwise", [], "rolled-back", undefined],
])("S105: %s", (...[, items, ended, kind]) => {
  expect(whyNotConverged(items, ended)).toBe(kind);
});
