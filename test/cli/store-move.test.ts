import { existsSync, mkdirSync, renameSync } from "node:fs";
import path from "node:path";
import { expect, test } from "vitest";
import { Box } from "../support/snap-process.ts";

test("N9, N10: the store is shown and moved, and what was captured goes on from the new place", async () => {
  using box = new Box();
  box.write("a", "1");
  const old = path.join(box.home, "store");
  const target = path.join(box.top, "elsewhere/store");
  await box.expectExit(2, "store", "move", target);
  await box.expectExit(0, "capture", "--label", "first");
  expect((await box.expectExit(0, "store", "path")).stdout.trim()).toBe(old);
  await box.expectExit(2, "store", "move", path.join(box.workspace, "inside"));
  await box.expectExit(2, "store", "move", path.join(old, "inside"));
  await box.expectExit(0, "store", "move", target, "--dry-run");
  expect(existsSync(target)).toBe(false);
  mkdirSync(path.dirname(target));
  const { stdout } = await box.expectExit(0, "store", "move", target);
  expect(stdout).toContain(old);
  expect((await box.expectExit(0, "store", "path")).stdout.trim()).toBe(target);
  box.write("a", "2");
  await box.expectExit(0, "capture", "--label", "second");
  await box.expectExit(0, "verify", "--level", "2");
  const { events } = await box.expectExit(0, "list", "--json");
  expect(events.at(-1)).toMatchObject({ count: 2 });
  expect((await box.expectExit(0, "cat", "first", "a")).stdout).toBe("1");
  await box.expectExit(0, "config", "set", "store.path", old);
  const refused = await box.expectExit(3, "capture", "--force");
  expect(refused.stderr).toContain("was moved to");
  await box.expectExit(0, "show", "first");
});

test("N9: a store whose disk is not mounted is missed, and not made anew below it", async () => {
  using box = new Box();
  const disk = path.join(box.top, "disk");
  const away = path.join(box.top, "away");
  mkdirSync(disk);
  const store = path.join(disk, "store");
  await box.expectExit(0, "config", "set", "store.path", store);
  box.write("a", "1");
  await box.expectExit(0, "capture", "--label", "first");
  await box.expectExit(0, "list");
  renameSync(disk, away);
  mkdirSync(disk);
  for (const words of [["capture", "--force"], ["list"], ["verify"]]) {
    const missed = await box.expectExit(7, ...words);
    expect(missed.stderr).toContain("Mount its disk");
  }
  await box.expectExit(0, "config", "set", "store.path", store, "--dry-run");
  await box.expectExit(7, "capture");
  expect(existsSync(store)).toBe(false);
  renameSync(away, path.join(disk, "back"));
  renameSync(path.join(disk, "back/store"), store);
  await box.expectExit(0, "show", "first");
  renameSync(store, away);
  await box.expectExit(0, "config", "set", "store.path", store);
  await box.expectExit(0, "capture", "--label", "new");
});
