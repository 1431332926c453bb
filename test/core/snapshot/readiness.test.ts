import { expect, test } from "vitest";
import { exitOfChecks, type Check } from "../../../src/core/snapshot/readiness.ts";
import type { ExitCode } from "../../../src/std/error.ts";

function exitOf(exits: readonly ExitCode[], left = 0, complete = true): ExitCode {
  const checks = exits.map((exit): Check => ({ id: "plan", ok: exit === 0, checked: 1, exit }));
  const item = { path: "a", side: "local", reason: "x" } as const;
  return exitOfChecks({ checks, left: Array.from({ length: left }, () => item), complete });
}

test("T34: of several failures the one that is first in 2, 5, 3, 7, 6, 4 is the exit code", () => {
  expect(exitOf([])).toBe(0);
  expect(exitOf([0, 0])).toBe(0);
  expect(exitOf([4, 6])).toBe(6);
  expect(exitOf([6, 7])).toBe(7);
  expect(exitOf([7, 3])).toBe(3);
  expect(exitOf([3, 5])).toBe(5);
  expect(exitOf([5, 2])).toBe(2);
  expect(exitOf([], 1)).toBe(4);
  expect(exitOf([7], 1)).toBe(7);
});

test("T34: what was not looked at whole is never ready", () => {
  expect(exitOf([], 0, false)).toBe(3);
  expect(exitOf([7], 0, false)).toBe(3);
  expect(exitOf([5], 0, false)).toBe(5);
});

test("T34: a failure of another kind keeps its own code", () => {
  expect(exitOf([1])).toBe(1);
});
