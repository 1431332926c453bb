import { expect, test } from "vitest";
import { noFacts, type WorkspaceStatus } from "../../src/app/live-status.ts";
import { showStatus } from "../../src/cli/status-text.ts";

const now = Date.UTC(2026, 10, 22, 12);

const live = { state: "idle", since: now, left: [], held: 0, pending: 0 } as const;

const status: WorkspaceStatus = {
  ...noFacts,
  id: "w1",
  path: "/w",
  remote: "/r",
  state: "up-to-date",
  exit: 0,
  pending: 0,
  live,
  watch: { coverage: "whole", folders: 1 },
  lastSyncedAt: now,
};

/** What people are shown, and the fields for programs. */
function shown(some: Partial<WorkspaceStatus>): {
  readonly lines: readonly string[];
  readonly fields: object;
} {
  const lines: string[] = [];
  let fields: object = {};
  const line = (text: string): void => void lines.push(text);
  const result = (_: string, __: number, told: object): void => void (fields = told);
  showStatus({ emit: () => {}, print: line, say: line, result }, { ...status, ...some }, now);
  return { lines, fields };
}

test("T43: a hook after a sync that failed is told until one ends well, also to programs", () => {
  const reason = `the hook sync.after, "/p", ended with 3: no\u001B room`;
  const hookFailure = { at: now, reason };
  const { lines, fields } = shown({ hookFailure });
  expect(lines.at(-2)).toMatch(/^At 2026-11-22 .* the hook sync\.after, "\/p", ended with 3: no/u);
  expect(lines.at(-2)).toMatch(/; `snap log` tells more$/u);
  expect(lines.join("")).not.toContain("\u001B");
  expect(fields).toMatchObject({ hookFailure });
  expect(shown({}).fields).toMatchObject({ hookFailure: null });
  const left = [{ path: "sync.after", kind: "parked", reason } as const];
  expect(shown({ hookFailure, left }).lines.filter((line) => line.startsWith("At "))).toEqual([]);
});

test("T42: while a hook runs the status says so", () => {
  const hook = { hook: "sync.before", program: "/usr/bin/save", since: now - 14_000 };
  const trouble = { code: "refused", message: "Nothing was done", retryAt: now - 1 } as const;
  const { lines, fields } = shown({ live: { ...live, state: "looking", trouble, hook } });
  expect(lines.slice(-2)).toEqual([
    "In the way: Nothing was done. Tried again now.",
    "The program of sync.before has run for 14 seconds: /usr/bin/save",
  ]);
  expect(fields).toMatchObject({ live: { hook } });
  const later = { ...hook, since: now - 125_000 };
  expect(shown({ live: { ...live, hook: later } }).lines.at(-1)).toContain("for 2 minutes");
});

test("N47: a status tells the last snapshot and the next, why one failed, and what is damaged", () => {
  const snapshots = {
    schedule: "daily",
    last: { id: "1a2b3c4d5e6f", at: now - 2 * 3_600_000 },
    nextAt: now + 3_600_000,
  };
  const { lines, fields } = shown({ snapshots });
  expect(lines.at(-2)).toMatch(
    /^Snapshots \(daily\): the last 2 hours ago \(1a2b3c4d\), the next 2026-11-22/u,
  );
  expect(fields).toMatchObject({ snapshots });
  const failure = { at: now, attempts: 1, message: "no \u001B room", retryAt: now + 300_000 };
  const bad = { schedule: "daily", nextAt: now, failure, damage: { at: now, count: 2 } };
  const wrong = shown({ snapshots: bad }).lines.slice(-4, -1);
  expect(wrong[0]).toBe("Snapshots (daily): none yet, the next when the sync is at rest");
  expect(wrong[1]).toMatch(/^No snapshot could be taken: no .* room\. Tried again 2026-11-22/u);
  expect(wrong[2]).toMatch(/damaged \(2 things.*snap repair/u);
  expect(wrong.join("")).not.toContain("\u001B");
  expect(shown({}).fields).toMatchObject({ snapshots: null });
  expect(shown({ snapshots: { schedule: "daily" } }).lines).toEqual(shown({}).lines);
});
