import { expect, test } from "vitest";
import { folderOfHeld } from "../../../src/core/plan/hold-words.ts";
import type { HeldItem } from "../../../src/core/tree/index-rows.ts";

const item = (op: string, path: string, before: string): HeldItem => ({
  node: 1,
  op,
  path,
  before,
});

test.each<[string, readonly HeldItem[], string]>([
  [
    "a folder removed here with all in it",
    [item("R.deleteDir", "p", ""), item("R.delete", "p/a", "1"), item("R.delete", "p/s/b", "2")],
    "p",
  ],
  [
    "a folder removed in Dropbox with all in it",
    [item("L.trash", "x/p", ""), item("L.trash", "x/p/a", "1")],
    "x/p",
  ],
  ["an empty folder", [item("R.deleteDir", "x/p", "")], "x/p"],
  [
    "files of a folder that stays",
    [item("R.delete", "p/a", "1"), item("R.delete", "p/b", "2")],
    "p",
  ],
  ["one file", [item("L.trash", "p/a", "1")], "p"],
  [
    "one folder and a file beside it",
    [item("R.deleteDir", "p", ""), item("R.delete", "q", "1")],
    "/",
  ],
  ["two folders", [item("R.deleteDir", "d/p", ""), item("R.deleteDir", "d/q", "")], "d"],
])("S80: a hold is named by the topmost folder that all of it is in: %s", (_, items, folder) => {
  expect(folderOfHeld(items)).toBe(folder);
});
