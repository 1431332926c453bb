import { expect, test } from "vitest";
import type { GuardFinding } from "../../src/core/repo/finding.ts";
import {
  fingerprintOf,
  isOverridable,
  makeOverride,
  overrideLifetimeMs,
  validOverride,
} from "../../src/guard/overrides.ts";
import { guardExit, isRefused } from "../../src/guard/report.ts";
import { git, now, Scratch } from "./repositories.ts";

const taken = { reason: "only I work here", who: "ada", host: "desk", now };

async function findingOf(scratch: Scratch): Promise<GuardFinding> {
  const [finding] = (await scratch.check()).findings;
  if (finding === undefined) throw new Error("no finding");
  return finding;
}

test("G44: an override lets exactly its repository through", async () => {
  using scratch = new Scratch();
  scratch.base("a");
  scratch.base("b");
  const overrides = [makeOverride({ ...taken, finding: await findingOf(scratch) })];
  const report = await scratch.check(scratch.top, { overrides });
  expect(report.findings.map((finding) => [finding.path, isRefused(finding)])).toEqual([
    ["a", false],
    ["b", true],
  ]);
  expect(report.findings[0]?.override).toEqual(overrides[0]);
  expect(guardExit(report, "repo")).toBe(3);
});

test("G44: a reason of fewer than ten characters is no reason", async () => {
  using scratch = new Scratch();
  scratch.base();
  const finding = await findingOf(scratch);
  expect(() => makeOverride({ ...taken, finding, reason: "because   " })).toThrow(
    expect.objectContaining({ code: "usage" }),
  );
});

test("G44: an override ends after 90 days, and no record can make it longer", async () => {
  using scratch = new Scratch();
  scratch.base();
  const finding = await findingOf(scratch);
  const record = makeOverride({ ...taken, finding });
  expect(record.expiresAt - record.at).toBe(overrideLifetimeMs);
  expect(validOverride(finding, [record], now + overrideLifetimeMs - 1)).toEqual(record);
  expect(validOverride(finding, [record], now + overrideLifetimeMs)).toBeUndefined();
  const forged = { ...record, expiresAt: Number.MAX_SAFE_INTEGER };
  expect(validOverride(finding, [forged], now + overrideLifetimeMs)).toBeUndefined();
});

test("G44: an override is void when the repository is another one", async () => {
  using scratch = new Scratch();
  scratch.base();
  const finding = await findingOf(scratch);
  const record = makeOverride({ ...taken, finding });
  expect(validOverride({ ...finding, form: "submodule" }, [record], now)).toBeUndefined();
  const elsewhere = { ...finding, absolutePath: "/elsewhere" };
  expect(validOverride(elsewhere, [record], now)).toBeUndefined();
  expect(fingerprintOf(finding)).toMatch(/^[0-9a-f]{64}$/u);
});

test("G45: a worktree with an absolute path stays refused", async () => {
  using scratch = new Scratch();
  const folder = scratch.base();
  git(folder, "worktree", "add", "-q", "-b", "topic", scratch.at("wt"));
  const worktree = (await scratch.check()).findings.find(({ form }) => form === "worktree");
  if (worktree === undefined) throw new Error("no worktree");
  expect(isOverridable(worktree)).toBe(false);
  expect(() => makeOverride({ ...taken, finding: worktree })).toThrow(
    expect.objectContaining({ code: "refused" }),
  );
});
