import { DatabaseSync } from "node:sqlite";
import { readdirSync, statSync, utimesSync, writeFileSync } from "node:fs";
import path from "node:path";
import { expect, test } from "vitest";
import { Box } from "../support/snap-process.ts";

async function synced(): Promise<Box> {
  const box = new Box();
  box.write("a.txt", "one");
  box.write("d/b.txt", "two");
  await box.expectExit(0, "login", "--local");
  await box.expectExit(0, "link", box.workspace, "/w");
  await box.expectExit(0, "sync");
  await box.expectExit(0, "sync");
  return box;
}

function indexOf(box: Box): DatabaseSync {
  const folder = path.join(box.home, "workspaces");
  const [id] = readdirSync(folder);
  return new DatabaseSync(path.join(folder, id ?? "", "index.db"));
}

/** Other bytes of the same length: the index is told of the ctime, which no program can set. */
function rot(box: Box, file: string, text: string): void {
  const place = path.join(box.workspace, file);
  const { mtime } = statSync(place);
  writeFileSync(place, text);
  utimesSync(place, mtime, mtime);
  const { size, mtimeNs, ctimeNs } = statSync(place, { bigint: true });
  using index = indexOf(box);
  for (const table of ["local", "synced"]) {
    index
      .prepare(`UPDATE ${table} SET stamp = ?, trusted = 1 WHERE name = ?`)
      .run(`${size} ${mtimeNs} ${ctimeNs}`, path.basename(file));
  }
}

test("S103: a workspace in sync is sound, also with everything read", async () => {
  using box = await synced();
  for (const words of [["check"], ["check", "--rehash"], ["check", "--dry-run"]]) {
    const { stdout } = await box.expectExit(0, ...words);
    expect(stdout).toBe("Sound (3 items here and 3 in Dropbox compared).\n");
  }
});

test("S104: what waits for the next sync is told, and the exit code is 0", async () => {
  using box = await synced();
  box.write("a.txt", "edited");
  const { events } = await box.expectExit(0, "check", "--json");
  expect(events).toMatchObject([
    { type: "finding", kind: "pending", side: "disk", path: "a.txt", what: "was written to since" },
    { type: "result", command: "check", exit: 0, differences: 0, counts: { pending: 1 } },
  ]);
  expect((await box.expectExit(0, "check")).stdout).toContain("not synced  a.txt");
});

test("S28, S104: rotten bytes are found by --rehash, held, and brought back by --fetch and a sync", async () => {
  using box = await synced();
  rot(box, "d/b.txt", "tw0");
  const { stdout } = await box.expectExit(5, "check", "--rehash");
  expect(stdout).toContain("damaged     d/b.txt");
  expect(stdout).toContain("1 difference that nothing explains");
  const held = await box.expectExit(5, "sync");
  expect(held.stdout).toContain("snap check --fetch");
  expect(box.read("d/b.txt")).toBe("tw0");
  const status = await box.expectExit(5, "status");
  expect(status.stdout).toContain("Damage was found");
  expect(status.stdout).not.toContain("Up to date");
  const { events } = await box.expectExit(5, "status", "--json");
  expect(events.at(-1)).toMatchObject({ state: "damaged", exit: 5, left: 1 });
  await box.expectExit(2, "check", "--fetch", "a.txt");
  await box.expectExit(2, "check", "--fetch", "d/b.txt", "--rehash");
  const dry = await box.expectExit(0, "check", "--fetch", "d/b.txt", "--dry-run");
  expect(dry.stdout).toContain("Nothing was changed");
  expect(box.read("d/b.txt")).toBe("tw0");
  await box.expectExit(0, "check", "--fetch", "d/b.txt");
  await box.expectExit(0, "sync");
  expect(box.read("d/b.txt")).toBe("two");
  await box.expectExit(0, "check", "--rehash");
  expect((await box.expectExit(0, "history", "d/b.txt")).stdout).toContain("checked");
});

test("S86: what the last sync left aside is in the sentence and the state of the status", async () => {
  using box = await synced();
  const left = [
    { path: "d/b.txt", kind: "parked", reason: "the server refused it" },
    { path: "pipe", kind: "unsynced", reason: "is no file" },
  ];
  leave(box, left);
  const { stdout } = await box.expectExit(4, "status");
  expect(stdout).toMatch(/^Up to date \(.*\), but 1 item is left aside: see above$/m);
  const { events } = await box.expectExit(4, "status", "--json");
  expect(events.at(-1)).toMatchObject({ state: "left-aside", exit: 4 });
  box.write("a.txt", "edited");
  expect((await box.expectExit(4, "status")).stdout).toContain("1 change to sync");
  leave(box, left.slice(1));
  expect((await box.expectExit(0, "status")).stdout).not.toContain("left aside");
});

/** As a sync notes it. */
function leave(box: Box, left: readonly object[]): void {
  using index = indexOf(box);
  index
    .prepare("INSERT OR REPLACE INTO meta (key, value) VALUES ('last_left', ?)")
    .run(JSON.stringify(left));
}

test("S104: a workspace or login that is gone ends the check with 7", async () => {
  using box = await synced();
  await box.expectExit(0, "logout");
  await box.expectExit(7, "check");
  using elsewhere = new Box();
  await elsewhere.expectExit(7, "check");
});
