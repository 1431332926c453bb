import { rmSync } from "node:fs";
import { join } from "node:path";
import { expect, test } from "vitest";
import type { GuardFinding } from "../../src/core/repo/finding.ts";
import type { OverrideRecord } from "../../src/core/repo/override.ts";
import { repositoryIdentity } from "../../src/guard/identity.ts";
import {
  fingerprintOf,
  isOverridable,
  makeOverride,
  overrideLifetimeMs,
  overrideStateText,
  stateOfOverride,
  type OverrideState,
} from "../../src/guard/overrides.ts";
import { guardExit, isRefused } from "../../src/guard/report.ts";
import { git, now, Scratch } from "./repositories.ts";

const taken = { reason: "only I work here", who: "ada", host: "desk", now };

function stateAt(finding: GuardFinding, record: OverrideRecord, at: number): OverrideState {
  const identity = repositoryIdentity(finding);
  return stateOfOverride(record, { identity, now: at, isIdentityKnown: true });
}

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
  expect(stateAt(finding, record, now + overrideLifetimeMs - 1)).toBe("in-force");
  expect(stateAt(finding, record, now + overrideLifetimeMs)).toBe("ended");
  const forged = { ...record, expiresAt: Number.MAX_SAFE_INTEGER };
  expect(stateAt(finding, forged, now + overrideLifetimeMs)).toBe("ended");
});

test("G44: an override of a clock that was ahead does not hold longer than others", async () => {
  using scratch = new Scratch();
  scratch.base();
  const finding = await findingOf(scratch);
  const ahead = now + 4 * overrideLifetimeMs;
  const record = makeOverride({ ...taken, finding, now: ahead });
  expect(stateAt(finding, record, now)).toBe("dated-ahead");
  expect(overrideStateText("dated-ahead")).toContain("clock");
  expect(stateAt(finding, record, ahead - 3_600_000)).toBe("in-force");
});

test("G44: an override is void when the repository is another one", async () => {
  using scratch = new Scratch();
  scratch.base();
  const finding = await findingOf(scratch);
  const record = makeOverride({ ...taken, finding });
  expect(stateAt({ ...finding, form: "submodule" }, record, now)).toBe("another-form");
  expect(stateAt({ ...finding, absolutePath: "/elsewhere" }, record, now)).toBe("another-form");
  expect(fingerprintOf(repositoryIdentity(finding))).toMatch(/^2:[0-9a-f]{64}$/u);
  rmSync(scratch.at(".git"), { recursive: true });
  git(scratch.top, "init", "-q", "-b", "main");
  git(scratch.top, "commit", "-q", "--allow-empty", "-m", "another root");
  expect(stateAt(await findingOf(scratch), record, now)).toBe("another-history");
});

test("G44: what cannot be compared does not hold, unless nobody was asked", async () => {
  using scratch = new Scratch();
  scratch.base();
  const finding = await findingOf(scratch);
  const record = makeOverride({ ...taken, finding });
  expect(record.repoId).toMatch(/^[0-9a-f]{64}$/u);
  const unknown = { ...repositoryIdentity(finding), repoId: undefined };
  const state = (isIdentityKnown: boolean): OverrideState =>
    stateOfOverride(record, { identity: unknown, now, isIdentityKnown });
  expect(state(true)).toBe("history-unknown");
  expect(state(false)).toBe("in-force");
  const plain = await scratch.check(scratch.top, { engine: "none", overrides: [record] });
  expect(plain.findings[0]?.override).toEqual(record);
});

test("A17: an override is void after `git worktree add`, and says so", async () => {
  using scratch = new Scratch();
  const folder = scratch.base();
  const record = makeOverride({ ...taken, finding: await findingOf(scratch) });
  const held = await scratch.check(scratch.top, { overrides: [record] });
  expect(held.findings[0]?.override).toEqual(record);
  git(folder, "worktree", "add", "-q", "-b", "topic", join(scratch.root, "outside"));
  const report = await scratch.check(scratch.top, { overrides: [record] });
  const [finding] = report.findings;
  if (finding === undefined) throw new Error("no finding");
  expect(isRefused(finding)).toBe(true);
  expect(stateAt(finding, record, now)).toBe("other-worktrees");
  expect(overrideStateText("other-worktrees")).toContain("worktrees");
});

test("G44: a record of an earlier version is void", async () => {
  using scratch = new Scratch();
  scratch.base();
  const finding = await findingOf(scratch);
  const record = { ...makeOverride({ ...taken, finding }), fingerprint: "a".repeat(64) };
  expect(stateAt(finding, record, now)).toBe("older-version");
});

test("G44: the unpushed commits of the moment are recorded, where they were counted", async () => {
  using scratch = new Scratch();
  scratch.base();
  const finding = await findingOf(scratch);
  expect(makeOverride({ ...taken, finding }).unpushed).toBe(3);
  const [plain] = (await scratch.check(scratch.top, { engine: "none" })).findings;
  if (plain === undefined) throw new Error("no finding");
  expect(makeOverride({ ...taken, finding: plain })).not.toHaveProperty("unpushed");
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
