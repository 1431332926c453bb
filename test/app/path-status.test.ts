import { rmSync } from "node:fs";
import path from "node:path";
import { expect, test } from "vitest";
import { readPathStatus } from "../../src/app/path-status.ts";
import { previewSync } from "../../src/app/preview.ts";
import { syncWorkspace } from "../../src/app/sync.ts";
import { parseRelPath } from "../../src/core/path/rel-path.ts";
import { LinkedHome } from "./linked-home.ts";

async function stateOf(home: LinkedHome, named: string): Promise<readonly unknown[]> {
  const { environment, place } = home;
  const { state, kind, pending } = await readPathStatus(environment, { place, named }, {});
  return [state, kind, pending];
}

test("S86: each file and folder says how it stands", async () => {
  await using home = await LinkedHome.open({
    ".mignore": "*.log\n",
    "d/same": "1",
    "d/edited": "1",
    "e/gone": "1",
    "f/x": "1",
  });
  home.write("d/edited", "2 and more");
  home.write("d/new", "n");
  rmSync(path.join(home.place, "e/gone"));
  expect(await stateOf(home, "d/same")).toEqual(["synced", "file", 0]);
  expect(await stateOf(home, "d/edited")).toEqual(["up", "file", 1]);
  expect(await stateOf(home, "d/new")).toEqual(["up", "file", 1]);
  expect(await stateOf(home, "e/gone")).toEqual(["up", "file", 1]);
  expect(await stateOf(home, "d")).toEqual(["up", "folder", 2]);
  expect(await stateOf(home, "f/")).toEqual(["synced", "folder", 0]);
  expect(await stateOf(home, ".")).toEqual(["up", "folder", 3]);
  expect(await stateOf(home, "x.log")).toEqual(["outside", "file", 0]);
  expect(await stateOf(home, "nowhere")).toEqual(["missing", "file", 0]);
});

test("what the last look saw in Dropbox and could not bring is to come", async () => {
  await using home = await LinkedHome.open({ "d/a": "1" });
  const { environment, place } = home;
  await home.withCloud((side) => side.makeFolder(parseRelPath("w/d/sub")));
  await previewSync(environment, place, {});
  expect(await stateOf(home, "d")).toEqual(["down", "folder", 1]);
  expect(await stateOf(home, "d/sub")).toEqual(["down", "folder", 1]);
  expect(await stateOf(home, "d/a")).toEqual(["synced", "file", 0]);
});

test("a conflicted copy, and what the last sync left aside, are told", async () => {
  await using home = await LinkedHome.open({ a: "1" });
  const { environment, place } = home;
  const copy = "a (conflicted copy box 2026-11-22)";
  home.write(copy, "2");
  await syncWorkspace(environment, place, {});
  const told = await readPathStatus(environment, { place, named: copy }, {});
  expect(told).toMatchObject({ state: "synced", isConflictCopy: true });
});
