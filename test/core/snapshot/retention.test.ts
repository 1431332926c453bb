import fc from "fast-check";
import { expect, test } from "vitest";
import type { NotedRoot } from "../../../src/core/snapshot/note.ts";
import { judge } from "../../../src/core/snapshot/retention.ts";
import type { RetentionPolicy } from "../../../src/core/snapshot/retention.ts";
import { periodOf, periods } from "../../../src/core/snapshot/retention-periods.ts";
import type { SnapshotReason } from "../../../src/core/snapshot/root.ts";
import { isoSeconds } from "../../../src/std/time.ts";

const nowMs = Date.UTC(2026, 10, 21, 12);
const hourMs = 3_600_000;
const dayMs = 24 * hourMs;
const utc = { nowMs, offset: () => 0 };

type Facts = Partial<NotedRoot> & { readonly space?: string };

function snapshot(timeMs: number, { space = "w1", ...facts }: Facts = {}): NotedRoot {
  const time = isoSeconds(timeMs);
  return {
    format: 1,
    id: `${time}/${space}/${facts.side ?? "local"}/${facts.reason ?? ""}`,
    time,
    tool: "0",
    workspace: { id: space, path: `/${space}`, device: "d", host: "h" },
    side: "local",
    rules: "r",
    sync: "clean",
    completeness: "full",
    tags: [],
    reason: "manual",
    lists: [],
    counts: { files: 0, folders: 0, others: 0, bytes: 0 },
    stored: 0,
    left: { count: 0, items: [] },
    ...facts,
  };
}

/** Hours before now of what is kept, newest first. */
function keptHours(roots: readonly NotedRoot[], policy: RetentionPolicy): readonly number[] {
  return judge(roots, policy, utc)
    .filter(({ keptBy }) => keptBy.length > 0)
    .map(({ root }) => (nowMs - Date.parse(root.time)) / hourMs)
    .toReversed();
}

const everyHour = Array.from({ length: 24 * 60 }, (_, hour) => snapshot(nowMs - hour * hourMs));

test("N54: each rule keeps the newest of its periods, and rules add up", () => {
  expect(keptHours(everyHour, { last: 3 })).toEqual([0, 1, 2]);
  expect(keptHours(everyHour, { newestOf: { hourly: 2 } })).toEqual([0, 1]);
  expect(keptHours(everyHour, { newestOf: { daily: 3 } })).toEqual([0, 13, 37]);
  expect(keptHours(everyHour, { last: 2, newestOf: { daily: 2 } })).toEqual([0, 1, 13]);
  // 2026-11-21 is a Saturday: the week before ends on Sunday, the 15th.
  expect(keptHours(everyHour, { newestOf: { weekly: 2 } })).toEqual([0, 5 * 24 + 13]);
  expect(keptHours(everyHour, { newestOf: { monthly: 2 } })).toEqual([0, 20 * 24 + 13]);
  expect(keptHours(everyHour, { newestOf: { yearly: 9 } })).toEqual([0]);
  expect(keptHours(everyHour, { withinMs: 2 * hourMs })).toEqual([0, 1, 2]);
});

test("N54: a period without a snapshot takes no place", () => {
  const roots = [0, 5, 40, 41].map((days) => snapshot(nowMs - days * dayMs));
  expect(keptHours(roots, { newestOf: { daily: 3 } })).toEqual([0, 5 * 24, 40 * 24]);
});

test("N54: the verdict names every rule that keeps a snapshot", () => {
  const roots = [snapshot(nowMs - dayMs), snapshot(nowMs, { tags: ["paper"] })];
  const policy = { last: 1, newestOf: { daily: 1, weekly: 1 }, tags: ["paper"], withinMs: hourMs };
  expect(judge(roots, policy, utc).map(({ keptBy }) => keptBy)).toEqual([
    [],
    ["within 1h", "tag paper", "last 1", "daily 2026-11-21", "weekly 2026-W47"],
  ]);
});

test("N54: workspaces, sides and limits to paths are judged apart", () => {
  const roots = [
    snapshot(nowMs - 4 * hourMs, { space: "w2" }),
    snapshot(nowMs - 3 * hourMs, { side: "remote" }),
    snapshot(nowMs - 2 * hourMs),
    snapshot(nowMs - hourMs, { paths: ["notes"] }),
  ];
  expect(keptHours(roots, { last: 1 })).toEqual([1, 2, 3, 4]);
});

test("N54: a policy that keeps nothing is refused", () => {
  const usage = expect.objectContaining({ code: "usage", exit: 2 });
  expect(() => judge(everyHour, {}, utc)).toThrow(usage);
  expect(() => judge(everyHour, { last: 0, newestOf: { daily: 0 } }, utc)).toThrow(usage);
  expect(() => judge(everyHour, { tags: ["none"] }, utc)).toThrow(usage);
  const roots = [snapshot(nowMs - 9 * dayMs), snapshot(nowMs, { space: "w2" })];
  expect(() => judge(roots, { withinMs: dayMs }, utc)).toThrow(/"\/w1", side local/);
});

test("N54: safety snapshots stay 30 days and take nobody's place", () => {
  const safety = (days: number): NotedRoot =>
    snapshot(nowMs - days * dayMs, { reason: "before-restore" });
  const roots = [snapshot(nowMs - 50 * dayMs), safety(31), safety(29), safety(0)];
  expect(keptHours(roots, { last: 1 })).toEqual([0, 29 * 24, 50 * 24]);
});

test("N49: what the program called a safety snapshot keeps it no longer; what a person called it does", () => {
  const safety = (label: string): NotedRoot =>
    snapshot(nowMs - 31 * dayMs, { reason: "before-restore", label });
  const taxes = { ...safety("before taxes 2025"), isRelabelled: true } as const;
  const roots = [safety("before restore 0a1b"), safety("my own"), taxes, snapshot(nowMs)];
  const verdicts = judge(roots, { last: 1, automatic: true }, utc);
  expect(verdicts.map(({ root, keptBy }) => [root.label, keptBy.length > 0])).toEqual(
    expect.arrayContaining([
      ["before restore 0a1b", false],
      ["my own", true],
      ["before taxes 2025", true],
    ]),
  );
});

test("N54: an import takes no place among the states of the workspace", () => {
  const roots = [
    snapshot(nowMs - 2 * hourMs),
    snapshot(nowMs - hourMs, { reason: "import" }),
    snapshot(nowMs, { reason: "import" }),
  ];
  expect(keptHours(roots, { last: 1 })).toEqual([0, 2]);
  expect(keptHours(roots, { last: 1, automatic: true })).toEqual([0, 1, 2]);
  const old = [snapshot(nowMs), snapshot(nowMs - dayMs, { reason: "import" })];
  expect(keptHours(old, { withinMs: hourMs })).toEqual([0]);
  expect(() => judge(old.slice(1), { withinMs: hourMs }, utc)).toThrow(/side local/);
});

test("N54: a snapshot that a wrong clock dated ahead is kept, and makes none of the present ones an old one", () => {
  const roots = [hourMs, 0, -4 * 60_000, -400 * dayMs].map((age) => snapshot(nowMs - age));
  expect(keptHours(roots, { last: 2 })).toEqual([-400 * 24, -4 / 60, 0]);
});

test("N55: a pin keeps until its end", () => {
  const until = isoSeconds(nowMs + 1000);
  const roots = [
    snapshot(nowMs - 3 * hourMs, { pin: {} }),
    snapshot(nowMs - 2 * hourMs, { pin: { until } }),
    snapshot(nowMs - hourMs, { pin: { until: isoSeconds(nowMs) } }),
    snapshot(nowMs),
  ];
  expect(keptHours(roots, { last: 1 })).toEqual([0, 2, 3]);
});

test("N54: what nobody asked for leaves manual and labelled snapshots alone", () => {
  const roots = [
    snapshot(nowMs - 3 * hourMs),
    snapshot(nowMs - 2 * hourMs, { reason: "schedule", label: "v1" }),
    snapshot(nowMs - hourMs, { reason: "schedule" }),
    snapshot(nowMs, { reason: "schedule" }),
  ];
  expect(keptHours(roots, { last: 1, automatic: true })).toEqual([0, 2, 3]);
});

test("N54: days, weeks and months begin by local time", () => {
  const lateEvening = Date.UTC(2026, 11, 31, 23, 30);
  const berlin = (): number => 60;
  expect(periodOf("daily", lateEvening, () => 0)).toBe("2026-12-31");
  expect(periodOf("daily", lateEvening, berlin)).toBe("2027-01-01");
  expect(periodOf("monthly", lateEvening, berlin)).toBe("2027-01");
  expect(periodOf("yearly", lateEvening, berlin)).toBe("2027");
  expect(periodOf("weekly", lateEvening, berlin)).toBe("2026-W53");
  expect(periodOf("weekly", Date.UTC(2027, 0, 4), () => 0)).toBe("2027-W01");
  expect(periodOf("hourly", lateEvening, () => -330)).toBe("2026-12-31T18h-0530");
});

test("N54: the hour that comes twice at the end of summer time is two hours", () => {
  const end = Date.UTC(2026, 9, 25, 1);
  const berlin = (timeMs: number): number => (timeMs < end ? 120 : 60);
  const roots = [end - 30 * 60_000, end + 30 * 60_000].map((timeMs) => snapshot(timeMs));
  const kept = judge(roots, { newestOf: { hourly: 5 } }, { nowMs, offset: berlin });
  expect(kept.map(({ keptBy }) => keptBy)).toEqual([
    ["hourly 2026-10-25T02h+0200"],
    ["hourly 2026-10-25T02h+0100"],
  ]);
});

const reasons: readonly SnapshotReason[] = ["manual", "schedule", "before-restore"];

const someRoots = fc.uniqueArray(
  fc
    .record({
      minute: fc.integer({ min: 0, max: 60 * 24 * 400 }),
      space: fc.constantFrom("w1", "w2"),
      side: fc.constantFrom("local" as const, "remote" as const),
      reason: fc.constantFrom(...reasons),
      tags: fc.subarray(["a", "b"]),
    })
    .map(({ minute, ...facts }) => snapshot(nowMs - minute * 60_000, facts)),
  { selector: ({ id }) => id, maxLength: 60 },
);

const count = fc.integer({ min: 0, max: 5 });

const somePolicy: fc.Arbitrary<RetentionPolicy> = fc.record({
  last: fc.integer({ min: 1, max: 4 }),
  newestOf: fc.record({
    hourly: count,
    daily: count,
    weekly: count,
    monthly: count,
    yearly: count,
  }),
  withinMs: fc.integer({ min: 0, max: 40 * dayMs }),
  tags: fc.subarray(["a", "b"]),
});

const someMoment = fc
  .integer({ min: -720, max: 840 })
  .map((minutes) => ({ nowMs, offset: () => minutes }));

function keptIds(...given: Parameters<typeof judge>): readonly string[] {
  return judge(...given)
    .filter(({ keptBy }) => keptBy.length > 0)
    .map(({ root }) => root.id);
}

test("N54: the order of snapshots does not matter, and judging what was kept keeps it all", () => {
  fc.assert(
    fc.property(someRoots, somePolicy, someMoment, (roots, policy, moment) => {
      const kept = keptIds(roots, policy, moment);
      expect(keptIds(roots.toReversed(), policy, moment)).toEqual(kept);
      const left = roots.filter(({ id }) => kept.includes(id));
      expect(keptIds(left, policy, moment)).toEqual(kept);
    }),
  );
});

test("N54: a further rule never lets go of a snapshot", () => {
  fc.assert(
    fc.property(someRoots, somePolicy, somePolicy, (roots, one, more) => {
      const both: RetentionPolicy = {
        last: Math.max(one.last ?? 0, more.last ?? 0),
        withinMs: Math.max(one.withinMs ?? 0, more.withinMs ?? 0),
        tags: [...(one.tags ?? []), ...(more.tags ?? [])],
        newestOf: Object.fromEntries(
          periods.map((period) => [
            period,
            Math.max(one.newestOf?.[period] ?? 0, more.newestOf?.[period] ?? 0),
          ]),
        ),
      };
      const kept = new Set(keptIds(roots, both, utc));
      for (const id of keptIds(roots, one, utc)) expect(kept).toContain(id);
    }),
  );
});

test("N54: each group keeps its newest, and no rule keeps more than it says", () => {
  fc.assert(
    fc.property(someRoots, somePolicy, someMoment, (roots, policy, moment) => {
      const verdicts = judge(roots, policy, moment);
      expect(verdicts).toHaveLength(roots.length);
      const ordinary = verdicts.filter(({ root }) => root.reason !== "before-restore");
      const groups = Map.groupBy(ordinary, ({ root }) => `${root.workspace.id} ${root.side}`);
      for (const group of groups.values()) {
        expect(group.at(-1)?.keptBy[0]).toBeDefined();
        const rules = group.flatMap(({ keptBy }) => keptBy);
        for (const period of periods) {
          const kept = rules.filter((rule) => rule.startsWith(period));
          expect(kept.length).toBeLessThanOrEqual(policy.newestOf?.[period] ?? 0);
          expect(new Set(kept).size).toBe(kept.length);
        }
      }
    }),
  );
});
