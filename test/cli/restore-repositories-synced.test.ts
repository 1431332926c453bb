/** Repositories that are restored in a linked workspace (T41). */
import { readFileSync, writeFileSync } from "node:fs";
import path from "node:path";
import { expect, test } from "vitest";
import { git } from "../guard/repositories.ts";
import { DaemonBox } from "../support/daemon-box.ts";
import { repository } from "../support/guarded-box.ts";

function headOf(folder: string): string {
  return git(folder, "rev-parse", "HEAD").trim();
}

function commitText(folder: string, text: string): string {
  writeFileSync(path.join(folder, "code.txt"), text);
  git(folder, "commit", "-q", "-a", "-m", text);
  return headOf(folder);
}

/** A workspace whose repository "lib" stays out of Dropbox, synced and captured as "S". */
async function withExcluded(): Promise<{ readonly box: DaemonBox; readonly folder: string }> {
  const box = new DaemonBox();
  const folder = path.join(box.box.workspace, "lib");
  box.box.write("a", "1");
  repository(folder);
  await box.run(0, "login", "--local");
  await box.run(0, "link", box.box.workspace, "/w", "--repos", "exclude");
  await box.run(0, "sync");
  await box.run(0, "capture", "--label", "S");
  return { box, folder };
}

test("T41: an excluded repository goes back here, with the background sync on, and never reaches Dropbox", async () => {
  const { box, folder } = await withExcluded();
  await using _box = box;
  const first = headOf(folder);
  await box.run(0, "start");
  await box.run(0, "status", "--wait");
  const second = commitText(folder, "later");
  box.box.write("a", "2");
  await box.run(0, "status", "--wait");
  await box.run(0, "restore", "S", "--yes");
  expect([headOf(folder), box.box.read("a")]).toEqual([first, "1"]);
  await box.run(0, "status", "--wait");
  await box.run(0, "capture", "--remote", "--label", "there");
  const { stdout } = await box.run(0, "ls", "there", "--recursive");
  expect(stdout).toContain('"path":"a"');
  expect(stdout).not.toContain(".git");
  await box.run(0, "undo", "--yes");
  await box.run(0, "status", "--wait");
  expect([headOf(folder), box.box.read("a")]).toEqual([second, "2"]);
});

test("T41: one that is synced by override goes back on both sides", async () => {
  await using box = await DaemonBox.linked();
  const folder = path.join(box.box.workspace, "lib");
  repository(folder);
  await box.run(0, "guard", "override", folder, "--reason", "a single device");
  await box.run(0, "sync");
  await box.run(0, "capture", "--label", "S");
  const first = headOf(folder);
  const second = commitText(folder, "later");
  await box.run(0, "sync");
  await box.run(0, "restore", "S", "--yes", "--drop-commits");
  expect(headOf(folder)).toBe(first);
  expect(readFileSync(path.join(folder, "code.txt"), "utf8")).toBe("code");
  expect(git(folder, "status", "--porcelain")).toBe("");
  await box.run(0, "sync");
  await box.run(0, "verify", "S", "--level", "4");
  await box.run(0, "undo", "--yes");
  await box.run(0, "sync");
  expect(headOf(folder)).toBe(second);
  git(folder, "fsck", "--strict");
});

test("T36: the documented procedure takes an excluded repository back, too", async () => {
  const { box, folder } = await withExcluded();
  await using _box = box;
  const first = headOf(folder);
  commitText(folder, "later");
  await box.run(0, "sync");
  await box.run(0, "restore", "S", "--procedure", "documented", "--yes");
  expect(headOf(folder)).toBe(first);
  expect(git(folder, "status", "--porcelain")).toBe("");
  await box.run(0, "sync");
});

test("D9: a repository in a folder that was excluded since does not come back alone", async () => {
  const { box } = await withExcluded();
  await using _box = box;
  await box.run(0, "exclude", "add", "lib");
  await box.run(0, "sync");
  const { events } = await box.run(0, "restore", "S", "--dry-run");
  expect(events[0]).not.toHaveProperty("repositories");
});
