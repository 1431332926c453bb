import fs from "node:fs";
import { expect, test } from "vitest";
import { trashLocal } from "../../src/engine/execute/execute-local.ts";
import { present } from "../../src/std/assert.ts";
import { World } from "../support/world.ts";
import { LinkedWorkspace } from "./linked-workspace.ts";
import { executionOf, plannedIn } from "./one-op.ts";

test("S18, S64: an edit of equal size and mtime during the download becomes a conflicted copy", async () => {
  await using world = await World.synced("f: old");
  const place = world.local.at("f");
  fs.utimesSync(place, 1_700_000_000, 1_700_000_000);
  await world.sync();
  await world.remote.write("f", "news of the server");
  world.hooks.after("local.stage", () => {
    fs.writeFileSync(place, "USR");
    fs.utimesSync(place, 1_700_000_000, 1_700_000_000);
  });
  const report = await world.sync();
  expect(report.counts.conflicts).toBe(1);
  const copy = fs.readdirSync(world.local.at("")).find((name) => name.startsWith("f (conflicted"));
  expect(fs.readFileSync(world.local.at(copy ?? ""), "utf8")).toBe("USR");
  expect(fs.readFileSync(place, "utf8")).toBe("news of the server");
  await world.assertAlways();
});

test("S24, S69: an edit within one step of the disk's clock, right before its file is trashed, is kept", async () => {
  await using workspace = await LinkedWorkspace.open({ f: "old", k: "0" });
  const { index, deps } = workspace;
  await workspace.removeRemote("f");
  const planned = await plannedIn(workspace);
  const op = planned.ops.find(({ kind }) => kind === "L.trash");
  if (op?.kind !== "L.trash") throw new Error("a removal is planned");
  // What the look hashed a moment after the last change, and an edit that left every time as it was.
  await workspace.write("f", "USR");
  const row = present(index.local.get(op.node), "its row");
  const stat = present(await deps.local.stat(op.path), "the file");
  index.transaction(() => index.local.put({ ...row, stamp: stat.stamp, trusted: false }));
  const result = await trashLocal(executionOf(deps, planned), op);
  expect(result.state).toBe("cancelled");
  expect(await workspace.read("f")).toBe("USR");
});
