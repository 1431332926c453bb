import { expect } from "vitest";
import type { Measured, WorkFacts } from "../../src/core/repo/finding.ts";
import { git } from "./repositories.ts";

/** Every number that git itself can tell. */
export type Truth = Readonly<Record<keyof Omit<WorkFacts, "stashes">, number>>;

/** What git itself says. */
export function truthOf(folder: string): Truth {
  const words = ["--porcelain=v2", "-z", "--no-renames", "--ignore-submodules=dirty"];
  const records = git(
    folder,
    "--no-optional-locks",
    "status",
    ...words,
    "--untracked-files=normal",
  ).split("\0");
  const changes = records.filter((record) => record.startsWith("1 "));
  const count = (start: string): number => records.filter((one) => one.startsWith(start)).length;
  const revisions = ["--branches", "HEAD", "--not", "--remotes"];
  return {
    staged: changes.filter((record) => record.charAt(2) !== ".").length,
    unstaged: changes.filter((record) => record.charAt(3) !== ".").length,
    conflicted: count("u "),
    untracked: count("? "),
    unpushed: Number(git(folder, "rev-list", "--count", ...revisions)),
  };
}

/** The one promise of G36: a mark is never stronger than the number. */
export function expectHonest(name: string, told: Measured, truth: number): void {
  if (told.precision === "exact") expect(told.value, name).toBe(truth);
  if (told.precision === "lowerBound") expect(told.value, name).toBeLessThanOrEqual(truth);
}
