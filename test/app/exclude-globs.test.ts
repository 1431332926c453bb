import { expect, test } from "vitest";
import { addExclusions, listExclusions, removeExclusions } from "../../src/app/exclude.ts";
import { parseRelPath } from "../../src/core/path/rel-path.ts";
import { LinkedHome } from "./linked-home.ts";

const files = {
  "photos/2024/a": "1",
  "photos/2025/deep/b": "2",
  "photos/raw/c": "3",
  "x/cache/d": "4",
  "y/z/cache/e": "5",
};

function words(home: LinkedHome, ...paths: readonly string[]) {
  return { place: home.place, paths, dryRun: false };
}

test("S93: several folders and globs at once; the topmost folders that match are excluded", async () => {
  await using home = await LinkedHome.open(files);
  const { environment, place } = home;
  const added = await addExclusions(environment, words(home, "photos/20*", "**/cache", "x/cache"));
  expect(added.changed).toEqual(["photos/2024", "photos/2025", "x/cache", "y/z/cache"]);
  const removed = removeExclusions(environment, words(home, "photos/*", "y/*/cache"));
  expect(removed.changed).toEqual(["photos/2024", "photos/2025", "y/z/cache"]);
  expect(listExclusions(environment, place)).toEqual(["x/cache"]);
});

test("S93: a glob is asked of Dropbox where the index knows nothing that matches", async () => {
  await using home = await LinkedHome.open(files);
  const { environment } = home;
  await home.withCloud((side) => side.makeFolder(parseRelPath("w/new/big one/below")));
  expect((await addExclusions(environment, words(home, "new/big*"))).changed).toEqual([
    "new/big one",
  ]);
  const missing = addExclusions(environment, words(home, "photos/2024", "nothing/*"));
  await expect(missing).rejects.toMatchObject({ code: "path-missing", exit: 2 });
  expect(listExclusions(environment, home.place), "all or none").toEqual(["new/big one"]);
});

test("S93: a folder whose name looks like a glob is meant itself", async () => {
  await using home = await LinkedHome.open({ "a*/1": "1", "ab/2": "2" });
  const { environment } = home;
  expect((await addExclusions(environment, words(home, "a*"))).changed).toEqual(["a*"]);
});
