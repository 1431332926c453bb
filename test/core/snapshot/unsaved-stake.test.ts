import { expect, test } from "vitest";
import { parseRelPath, topPath } from "../../../src/core/path/rel-path.ts";
import { unsavedStake } from "../../../src/core/snapshot/unsaved-stake.ts";

const reason = "permission-denied: no";

function lacking(paths: readonly string[], stake: string, count = paths.length) {
  const items = paths.map((path) => ({ path, reason }));
  const path = stake === "" ? topPath : parseRelPath(stake);
  return unsavedStake({ completeness: "partial", left: { count, items } }, [path]);
}

test("N48: what could not be read at, below or above a path at stake is told", () => {
  for (const path of ["a/b", "a/b/c", "a"]) {
    expect(lacking(["0", path], "a/b")).toEqual({ path, reason });
  }
  expect(lacking([""], "a/b"), "the top could not be listed").toEqual({ path: "", reason });
  expect(lacking(["x"], ""), "all is at stake").toEqual({ path: "x", reason });
});

test("N48: gaps elsewhere are none; with more than are listed it may be any", () => {
  expect(lacking(["a/bc", "a/c", "ab"], "a/b")).toBeUndefined();
  expect(lacking(["x"], "a/b", 2)).toBe("not-listed");
});

test("N48: what a snapshot leaves aside without being partial was never to be in it", () => {
  const left = { count: 1, items: [{ path: "a", reason: "A repository" }] };
  expect(unsavedStake({ completeness: "full", left }, [parseRelPath("a")])).toBeUndefined();
});
