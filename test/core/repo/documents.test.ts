/** Documents that devices leave for each other: what strangers wrote is checked field by field (G46, G49). */
import { expect, test } from "vitest";
import {
  formatHead,
  headFolder,
  headPath,
  headText,
  parseHeadBeacon,
  type HeadBeacon,
} from "../../../src/core/repo/head-beacon.ts";
import { formatPolicy, parsePolicy, policyPath } from "../../../src/core/repo/policy.ts";
import { formatRepoNotes, parseRepoNotes } from "../../../src/core/repo/repo-notes.ts";
import { parseRelPath, topPath } from "../../../src/core/path/rel-path.ts";

const time = "2026-11-22T12:00:00Z";
const oid = "0123456789abcdef0123456789abcdef01234567";
const beacon: HeadBeacon = {
  branch: "feature/größe",
  oid,
  upstream: "origin/main",
  operation: "rebase",
  time,
  device: "desk",
};

test("G46: a policy is read again as it was written, and stands at one place", () => {
  const policy = { repos: "exclude", time, device: "desk" } as const;
  expect(parsePolicy(formatPolicy(policy))).toEqual(policy);
  expect(policyPath).toBe(".snap/git/policy.json");
});

test.each([
  ["no JSON", "{"],
  ["another choice", JSON.stringify({ repos: "override", time, device: "d" })],
  ["no time", JSON.stringify({ repos: "exclude", time: "soon", device: "d" })],
  ["a long name", JSON.stringify({ repos: "exclude", time, device: "d".repeat(256) })],
  ["a long text", `${JSON.stringify({ repos: "exclude", time, device: "d" })}${" ".repeat(4_096)}`],
])("G46: %s is no policy", (_, text) => {
  expect(parsePolicy(text)).toBeUndefined();
});

test("G49: a beacon is read again as it was written, also without branch and commit", () => {
  expect(parseHeadBeacon(formatHead(beacon))).toEqual(beacon);
  const bare = { time, device: "d".repeat(300) };
  expect(parseHeadBeacon(formatHead(bare))).toEqual({ time, device: "d".repeat(255) });
  expect(formatHead(beacon).length).toBeLessThan(4_096);
});

test.each([
  ["branch", "main\u001b[2J"],
  ["branch", "ma\u202ein"],
  ["branch", ""],
  ["branch", 5],
  ["oid", "../../etc/passwd"],
  ["oid", `${oid}0`],
  ["upstream", "a b"],
  ["operation", "sabotage"],
  ["time", "2026-11-22"],
  ["device", undefined],
])("G49: a beacon with %s %j is none", (field, value) => {
  expect(parseHeadBeacon(JSON.stringify({ ...beacon, [field]: value }))).toBeUndefined();
});

test("G49: a branch that the others would refuse is left out, and the rest is told", () => {
  const odd = formatHead({ ...beacon, branch: "x".repeat(300) });
  expect(parseHeadBeacon(odd)).toMatchObject({ oid });
  expect(odd).not.toContain("xxx");
});

test("G49: the place of a beacon is the same on each device, and tells no path", () => {
  const folder = headFolder(parseRelPath("Work/Thesis"));
  expect(folder).toMatch(/^\.snap\/git\/[0-9a-f]{16}$/u);
  expect(headFolder(parseRelPath("work/thesis"))).toBe(folder);
  expect(headFolder(parseRelPath("work/other"))).not.toBe(folder);
  expect(headPath(topPath, "ab12")).toMatch(/^\.snap\/git\/[0-9a-f]{16}\/ab12\.json$/u);
});

test.each([
  [{ branch: "main", oid }, "main at 01234567"],
  [{ oid }, "01234567"],
  [{ branch: "main" }, "main at no commit yet"],
])("G49: %j is shown as %s", (head, text) => {
  expect(headText(head)).toBe(text);
});

test("G49: what is remembered is read again, and anything else counts as nothing", () => {
  const from = { device: "desk", head: "main at 01234567", oid, here: "" };
  const notes = {
    chosen: "exclude",
    policy: { repos: "refuse", device: "desk" },
    askedOn: "2026-11-22",
    workTrees: [{ folder: parseRelPath("a"), told: "{}", from }],
  } as const;
  expect(parseRepoNotes(formatRepoNotes(notes))).toEqual(notes);
  for (const text of [undefined, "", "[]", '{"chosen":"exclude"}']) {
    expect(parseRepoNotes(text)).toBeUndefined();
  }
  const outside = { ...notes, workTrees: [{ folder: "../x", told: "" }] };
  expect(parseRepoNotes(JSON.stringify(outside))).toBeUndefined();
});
