import { expect, test } from "vitest";
import type { LeftPath } from "../../src/core/plan/sync-report.ts";
import { reportOf, Tally } from "../../src/engine/report.ts";
import type { Progress } from "../../src/std/events.ts";

const left = (...kinds: LeftPath["kind"][]): LeftPath[] =>
  kinds.map((kind) => ({ path: kind, kind, reason: "because" }));

test.each([
  [[], 0],
  [["unsynced"], 0],
  [["parked"], 4],
  [["unknown"], 4],
  [["refused"], 4],
  [["hold"], 3],
  [["parked", "hold", "unsynced"], 3],
  [["damaged"], 5],
  [["hold", "damaged", "parked"], 5],
] as const)("S86: with %j left aside the sync exits %i", (kinds, exit) => {
  const report = reportOf({ cycles: 2, tally: new Tally({}), left: left(...kinds) });
  expect(report).toMatchObject({ exit, upToDate: exit === 0, cycles: 2 });
});

test("progress tells ops and bytes of all that is planned", () => {
  const seen: Progress[] = [];
  const tally = new Tally({ onProgress: (progress) => seen.push(progress) });
  tally.count("uploaded");
  tally.count("bytesUp", 7);
  tally.step("f");
  expect(seen).toMatchObject([{ step: "sync", done: 1, bytes: 7, current: "f" }]);
});
