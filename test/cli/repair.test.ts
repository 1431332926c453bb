import { readFileSync, readdirSync, rmSync, writeFileSync } from "node:fs";
import path from "node:path";
import { expect, test } from "vitest";
import { Box } from "../support/snap-process.ts";

/** A linked workspace, synced and captured; each text is a file of one block. */
async function captured(): Promise<Box> {
  const box = new Box();
  await box.expectExit(0, "login", "--local");
  for (const name of ["here", "moved", "cloud", "revision", "nowhere"]) box.write(name, name);
  await box.expectExit(0, "link", box.workspace, "/w");
  await box.expectExit(0, "sync");
  await box.expectExit(0, "capture", "--label", "good");
  return box;
}

/** Lose every data pack. */
function losePacks(box: Box): void {
  rmSync(path.join(box.home, "store", "data"), { recursive: true });
}

test("N53: lost content comes back from the workspace, from Dropbox and from its older revisions", async () => {
  using box = await captured();
  box.write("revision", "another text");
  await box.expectExit(0, "sync");
  // What is only here was never uploaded as it was captured; what is only in Dropbox is not on the disk.
  box.write("moved.txt", "moved");
  rmSync(path.join(box.workspace, "cloud"));
  losePacks(box);
  const dry = await box.expectExit(0, "repair", "--dry-run");
  expect(dry.stdout).toContain("Nothing was changed.");
  await box.expectExit(5, "verify", "good");
  const { events } = await box.expectExit(0, "repair", "--json");
  expect(events.at(-1)).toMatchObject({
    exit: 0,
    healed: { packs: 0, workspace: 3, dropbox: 2 },
    missing: 0,
  });
  await box.expectExit(0, "verify", "good");
  expect((await box.expectExit(0, "cat", "good", "revision")).stdout).toBe("revision");
  expect((await box.expectExit(0, "repair")).stdout).toContain("Nothing to repair.");
});

test("N53: what is nowhere is listed with its snapshot and path, exit 5", async () => {
  using box = new Box();
  box.write("a", "one");
  box.write("b", "two");
  await box.expectExit(0, "capture", "--label", "good");
  box.write("b", "three");
  losePacks(box);
  const { stdout } = await box.expectExit(5, "repair");
  expect(stdout).toMatch(/missing block [0-9a-f]{64}: It is in no sound pack\n +hits snapshot/);
  expect(stdout).toContain("needed by b");
  expect(stdout).not.toContain("needed by a\n");
  const { events } = await box.expectExit(5, "repair", "--json");
  expect(events[0]).toMatchObject({ type: "missing", what: "block", paths: ["b"] });
});

test("N8: a damaged STORE.json is told, and nothing is done without it", async () => {
  using box = await captured();
  const file = path.join(box.home, "store", "STORE.json");
  const text = readFileSync(file);
  text[20] = (text[20] ?? 0) ^ 1;
  writeFileSync(file, text);
  const before = readdirSync(path.join(box.home, "store"), { recursive: true });
  const { stderr } = await box.expectExit(5, "repair");
  expect(stderr).toContain("STORE.json");
  expect(readdirSync(path.join(box.home, "store"), { recursive: true })).toEqual(before);
});
