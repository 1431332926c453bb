import { expect, test } from "vitest";
import { judgeServed } from "../../../src/core/snapshot/served.ts";

/** Newest first: each revision is named by a number, and has the content of the letter. `s0` was the newest before the call. */
const wanted = { hash: "w", superseded: "s0" };

function history(revisions: string, isDeleted = false): Parameters<typeof judgeServed>[0] {
  const all = revisions.split(" ").filter((text) => text !== "");
  return {
    isDeleted,
    revisions: all.map((rev) => ({
      rev,
      hash: rev.startsWith("?") ? undefined : rev.slice(0, 1),
      isKept: true,
    })),
  };
}

const none = { ours: undefined, back: undefined, copies: [] };

test.each([
  ["not done", "s0 w9", {}],
  ["done", "w1 s0 w9", { ours: "w1" }],
  ["done twice", "w2 w1 s0", { ours: "w2" }],
  ["over an edit", "w2 e1 s0", { back: "e1" }],
  ["over an edit whose content the server does not tell", "w2 ?1 s0", { back: "?1" }],
  ["over two edits, of which the second went over the first", "w3 f2 e1 s0", { back: "f2" }],
  ["twice over an edit", "w3 w2 e1 s0", { back: "e1" }],
  ["twice around an edit", "w3 e2 w1 s0", { back: "e2" }],
  ["an edit above ours", "e2 w1 s0", {}],
  ["an edit above ours, which hides another", "f3 w2 e1 s0", { copies: ["e1"] }],
  ["twice, each over an edit", "w4 f3 w2 e1 s0", { back: "f3", copies: ["e1"] }],
  ["an edit given its name again", "e3 w2 e1 s0", {}],
  ["so many that the old one is no longer told", "w3 e2 e1", { back: "e2" }],
  ["nothing told", "", {}],
] as const)("T25: %s", (_name, revisions, served) => {
  expect(judgeServed(history(revisions), wanted)).toEqual({ ...none, ...served });
});

test("T25: what somebody deleted since is for the push", () => {
  expect(judgeServed(history("w1 s0", true), wanted)).toEqual(none);
});

test("T5: an edit that ours hides is brought back though somebody deleted ours", () => {
  expect(judgeServed(history("w2 e1 s0", true), wanted)).toEqual({ ...none, copies: ["e1"] });
});
