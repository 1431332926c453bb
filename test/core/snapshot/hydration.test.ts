import { expect, test } from "vitest";
import { hydrateDue, isHydratable, newestHydrated } from "../../../src/core/snapshot/hydration.ts";
import type { NotedRoot } from "../../../src/core/snapshot/note.ts";
import { sealRoot } from "../../../src/core/snapshot/root.ts";

const dayMs = 86_400_000;
const taken = Date.UTC(2026, 10, 1);

function rootOf(facts: Partial<NotedRoot> = {}): NotedRoot {
  const { pin, ...rest } = facts;
  const root = sealRoot({
    format: 1,
    time: "2026-11-01T00:00:00Z",
    tool: "t",
    workspace: { id: "w", path: "/w", device: "d", host: "h" },
    link: { account: "a", path: "/w" },
    side: "remote",
    rules: "",
    sync: "clean",
    completeness: "thin",
    tags: [],
    reason: "manual",
    lists: [],
    counts: { files: 0, folders: 0, others: 0, bytes: 0 },
    stored: 0,
    left: { count: 0, items: [] },
    ...rest,
  });
  return pin === undefined ? root : { ...root, pin };
}

const dueAfter = (days: number, root: NotedRoot, ...others: readonly NotedRoot[]): boolean =>
  hydrateDue([root, ...others], taken + days * dayMs).includes(root);

test("N42: a pinned thin snapshot is due from a week before its content may be gone", () => {
  const pinned = rootOf({ pin: {} });
  expect([22, 23, 29, 31, 300].map((days) => dueAfter(days, pinned))).toEqual([
    false,
    true,
    true,
    true,
    true,
  ]);
  expect(dueAfter(25, rootOf())).toBe(false);
});

test("N42: a pin that ends first, a full snapshot and one of no account are not due", () => {
  const until = (day: string): NotedRoot => rootOf({ pin: { until: `2026-${day}T00:00:00Z` } });
  expect(dueAfter(25, until("11-28"))).toBe(false);
  expect(dueAfter(25, until("12-02"))).toBe(true);
  expect(dueAfter(33, until("12-02"))).toBe(false);
  expect(dueAfter(25, rootOf({ pin: {}, completeness: "full" }))).toBe(false);
  const { link: _link, ...unlinked } = rootOf({ pin: {} });
  expect(dueAfter(25, unlinked)).toBe(false);
});

test("N42: what was hydrated is not due, and the newest of a chain is found", () => {
  const thin = rootOf({ pin: {} });
  const hydrated = "2026-11-02T00:00:00Z";
  const partial = rootOf({ parent: thin.id, hydrated, completeness: "partial" });
  const full = rootOf({ parent: partial.id, hydrated, completeness: "full" });
  const later = rootOf({ parent: thin.id });
  expect(dueAfter(25, thin, partial)).toBe(false);
  expect(dueAfter(25, thin, later)).toBe(true);
  expect(newestHydrated([thin, later, partial, full], thin)).toBe(full);
  expect(newestHydrated([thin, later], thin)).toBe(thin);
  expect([thin, partial, full].map(isHydratable)).toEqual([true, true, false]);
  expect(isHydratable(rootOf({ side: "local", completeness: "partial" }))).toBe(false);
});
