import { expect, test } from "vitest";
import { judgeServed } from "../../../src/core/snapshot/served.ts";

/** Newest first: each revision is named by a number, and has the content of the letter. `s0` was the newest before the call. */
const wanted = { hash: "w", superseded: "s0" };

function history(revisions: string, isDeleted = false): Parameters<typeof judgeServed>[0] {
  const all = revisions.split(" ").filter((text) => text !== "");
  return { isDeleted, revisions: all.map((rev) => ({ rev, hash: rev.slice(0, 1) })) };
}

test.each([
  ["not done", "s0 w9", { is: "nothing" }],
  ["done", "w1 s0 w9", { is: "ours", rev: "w1" }],
  ["done twice", "w2 w1 s0", { is: "ours", rev: "w2" }],
  ["over an edit", "w2 e1 s0", { is: "over-edit", rev: "e1" }],
  ["over two edits", "w3 f2 e1 s0", { is: "over-edit", rev: "f2" }],
  ["twice over an edit", "w3 w2 e1 s0", { is: "over-edit", rev: "e1" }],
  ["twice around an edit", "w3 e2 w1 s0", { is: "over-edit", rev: "e2" }],
  ["an edit above ours", "e2 w1 s0", { is: "nothing" }],
  ["an edit given its name again", "e3 w2 e1 s0", { is: "nothing" }],
  ["so many that the old one is no longer told", "w3 e2 e1", { is: "over-edit", rev: "e2" }],
  ["nothing told", "", { is: "nothing" }],
] as const)("T25: %s", (_name, revisions, served) => {
  expect(judgeServed(history(revisions), wanted)).toEqual(served);
});

test("T25: what somebody deleted since is for the push", () => {
  expect(judgeServed(history("w1 s0", true), wanted)).toEqual({ is: "nothing" });
});
