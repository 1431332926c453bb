import { expect, test } from "vitest";
import { pathKeyOf } from "../../src/core/path/path-key.ts";
import { parseRelPath } from "../../src/core/path/rel-path.ts";
import type { Op } from "../../src/core/plan/op.ts";
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

const put = (node: number, size: number): Op => {
  const name = `${node}`;
  const place = { node, parent: 0, name };
  const file = { kind: "file", hash: "h", size, localName: undefined } as const;
  const after = { ...place, ...file, key: pathKeyOf(name) };
  return { ...place, kind: "R.put", path: parseRelPath(name), before: undefined, after };
};

test("progress tells ops and bytes of all that is planned", () => {
  const seen: Progress[] = [];
  const tally = new Tally({ onProgress: (progress) => seen.push(progress) });
  const ops = [put(1, 7), put(2, 5)];
  tally.expect(ops);
  for (const op of ops) tally.step(op);
  expect(seen).toMatchObject([
    { step: "sync", done: 1, total: 2, bytes: 7, bytesTotal: 12, current: "1" },
    { step: "sync", done: 2, total: 2, bytes: 12, bytesTotal: 12, current: "2" },
  ]);
});

test("bytes count while they travel, none of them twice, and what is told never goes back", () => {
  const seen: number[] = [];
  const tally = new Tally({ onProgress: ({ bytes }) => seen.push(bytes) });
  const mebibyte = 1024 * 1024;
  const [large, one, other] = [put(1, 4 * mebibyte), put(2, mebibyte), put(3, mebibyte)] as const;
  tally.expect([large, one, other]);
  const work = tally.carry([large], {});
  const batch = tally.carry([one, other], {});
  work.onBytes?.(3 * mebibyte);
  batch.onBytes?.(2 * mebibyte);
  // A body that went twice.
  batch.onBytes?.(2 * mebibyte);
  tally.step(one);
  work.onBytes?.(3 * mebibyte);
  tally.step(other);
  tally.step(large);
  expect(seen.map((bytes) => bytes / mebibyte)).toEqual([3, 5, 5, 6, 6, 6]);
});

test("what is copied, cancelled or left aside counts when it has ended", () => {
  const seen: number[] = [];
  const tally = new Tally({ onProgress: ({ bytes }) => seen.push(bytes) });
  const op = put(1, 100);
  tally.expect([op]);
  tally.carry([op], {});
  tally.step(op);
  expect(seen).toEqual([100]);
});
