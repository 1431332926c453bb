import { copyFileSync, existsSync, mkdirSync, readdirSync, rmSync } from "node:fs";
import path from "node:path";
import { DatabaseSync } from "node:sqlite";
import { expect, test } from "vitest";
import { Box } from "../support/snap-process.ts";

async function synced(): Promise<Box> {
  const box = new Box();
  box.write("a.txt", "one");
  box.write("d/b.txt", "two");
  await box.expectExit(0, "login", "--local");
  await box.expectExit(0, "link", box.workspace, "/w");
  await box.expectExit(0, "sync");
  return box;
}

function indexOf(box: Box): string {
  const folder = path.join(box.home, "workspaces");
  const [id = ""] = readdirSync(folder);
  return path.join(folder, id, "index.db");
}

/** As a sync makes one that comes an hour later. */
function keepCopy(box: Box): void {
  const copies = path.join(path.dirname(indexOf(box)), "copies");
  rmSync(copies, { recursive: true, force: true });
  mkdirSync(copies);
  copyFileSync(indexOf(box), path.join(copies, "index-1.db"));
}

function lose(box: Box): void {
  for (const suffix of ["", "-wal", "-shm"]) rmSync(indexOf(box) + suffix, { force: true });
}

function spoil(box: Box, key: string, value: string): void {
  using index = new DatabaseSync(indexOf(box));
  index.prepare("INSERT OR REPLACE INTO meta (key, value) VALUES (?, ?)").run(key, value);
}

test("S78, S93: a folder that was excluded since the copy was made is not deleted in Dropbox, but comes back", async () => {
  using box = await synced();
  keepCopy(box);
  await box.expectExit(0, "exclude", "add", "d");
  await box.expectExit(0, "sync");
  expect(box.tree()).toEqual({ "a.txt": "one" });
  lose(box);
  await box.expectExit(0, "exclude", "remove", "d");
  const { stdout } = await box.expectExit(0, "sync");
  expect(stdout).not.toContain("removed in the cloud");
  expect(box.tree()).toEqual({ "a.txt": "one", "d/b.txt": "two" });
});

test("S77: who met the loss first does not keep it from the next sync, and a digest of before is explained", async () => {
  using box = await synced();
  keepCopy(box);
  lose(box);
  for (const look of [["status"], ["hold", "list"]]) {
    expect((await box.expectExit(5, ...look)).stderr).toMatch(
      /index of .* is missing\n`snap sync`/,
    );
  }
  const { stderr } = await box.expectExit(3, "confirm", "0123456789ab");
  expect(stderr).toContain("the index was lost");
  expect(stderr).toContain("snap sync");
  const words = /The index was missing, and the copy ".*index-1.db" took its place/;
  for (const look of [["status"], ["hold", "list"], ["status"]]) {
    expect((await box.expectExit(0, ...look)).stderr).toMatch(words);
  }
  const told = await box.expectExit(0, "sync");
  expect(told.stderr).toMatch(words);
  for (const look of [["status"], ["hold", "list"]]) {
    expect((await box.expectExit(0, ...look)).stderr).toBe("");
  }
  expect((await box.expectExit(0, "sync")).stderr).toBe("");
  const unknown = await box.expectExit(3, "confirm", "0123456789ab");
  expect(unknown.stderr).toContain("No set of changes is held now");
});

test("S77: a wrong fact in the index stops one sync, and the next one goes on", async () => {
  using box = await synced();
  for (const [key, value] of [
    ["excluded", "{"],
    ["generation", "x"],
    ["marked", "x"],
  ] as const) {
    keepCopy(box);
    spoil(box, key, value);
    const { stderr } = await box.expectExit(5, "sync");
    expect(stderr).toContain("Run the same command again");
    const again = await box.expectExit(0, "sync");
    expect(again.stderr).toContain("The index was damaged");
    expect(box.tree()).toEqual({ "a.txt": "one", "d/b.txt": "two" });
  }
});

test("S77: a look at a damaged index says that a sync helps, and it does", async () => {
  using box = await synced();
  spoil(box, "marked", "x");
  const { stderr } = await box.expectExit(5, "status");
  expect(stderr).toContain("Run `snap sync`: the index is put aside");
  expect((await box.expectExit(0, "sync")).stderr).toContain("The index was damaged");
  await box.expectExit(0, "status");
});

test("S105: what the last sync left counts as nothing where it cannot be read", async () => {
  using box = await synced();
  spoil(box, "last_left", "[{");
  await box.expectExit(0, "status");
  await box.expectExit(0, "hold", "list");
  await box.expectExit(0, "check");
  await box.expectExit(0, "sync");
  expect(existsSync(indexOf(box))).toBe(true);
});
