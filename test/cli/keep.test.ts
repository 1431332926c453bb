import { expect, test } from "vitest";
import { Box } from "../support/snap-process.ts";

/** A linked workspace with two snapshots; only the first, `old`, has the first text of `a.txt`. */
async function withTwo(): Promise<Box> {
  const box = new Box();
  await box.expectExit(0, "login", "--local");
  box.write("a.txt", "one");
  box.write("b.txt", "the same");
  await box.expectExit(0, "link", box.workspace, "/w");
  await box.expectExit(0, "sync");
  await box.expectExit(0, "capture", "--label", "old");
  box.write("a.txt", "two");
  await box.expectExit(0, "sync");
  await box.expectExit(0, "capture", "--label", "new");
  return box;
}

async function labels(box: Box): Promise<readonly unknown[]> {
  const { events } = await box.expectExit(0, "list", "--json");
  return events.filter(({ type }) => type === "snapshot").map(({ label }) => label);
}

test("N54, N55, T44: forget by name and by policy, and undo takes the newest act back", async () => {
  using box = await withTwo();
  // Only the old snapshot still has the first text: neither the disk nor Dropbox's listing does.
  const refused = await box.expectExit(3, "forget", "old");
  expect(refused.stderr).toContain('the last copy of 3 bytes in 1 file, such as "a.txt"');
  const dry = await box.expectExit(0, "forget", "old", "--dry-run");
  expect(dry.stdout).toMatch(/last copy +[0-9a-f]{8}: 1 file, 3 B, such as a\.txt/);
  expect(dry.stdout).toContain("1 snapshot would be forgotten. Nothing was changed.");
  // What the disk and Dropbox hold is no last copy.
  await box.expectExit(0, "forget", "new");
  expect(await labels(box)).toEqual(["old"]);
  expect((await box.expectExit(0, "undo")).stdout).toContain("1 snapshot can be used again");
  expect(await labels(box)).toEqual(["old", "new"]);

  const preview = await box.expectExit(0, "forget", "--keep-last", "1", "--dry-run");
  expect(preview.stdout).toMatch(/forget +old/);
  expect(preview.stdout).toMatch(/keep +last 1 +new/);
  await box.expectExit(0, "forget", "--keep-last", "1", "--even-last-copy");
  expect(await labels(box)).toEqual(["new"]);
  await box.expectExit(2, "restore", "old", "--yes");

  // A restore is newer than the forget: it goes back first, then the forget.
  box.write("a.txt", "three");
  await box.expectExit(0, "restore", "new", "--yes");
  const { events } = await box.expectExit(0, "restores", "--json");
  const acts = events.filter(({ type }) => type === "restore");
  expect(acts.map(({ kind }) => kind)).toEqual(["forget", "restore"]);
  await box.expectExit(0, "undo", "--yes");
  expect(box.tree()["a.txt"]).toBe("three");
  const forget = String(acts[0]?.["id"]);
  expect((await box.expectExit(0, "undo", forget, "--dry-run")).stdout).toContain("would be back");
  await box.expectExit(0, "undo", forget.slice(0, 6));
  expect(await labels(box)).toContain("old");
  await box.expectExit(0, "verify");
});

test("N54: what a policy may not be", async () => {
  using box = await withTwo();
  await box.expectExit(2, "forget");
  await box.expectExit(2, "forget", "old", "--keep-last", "1");
  await box.expectExit(2, "forget", "--keep-last", "0");
  await box.expectExit(2, "forget", "--keep-last", "many");
  await box.expectExit(2, "forget", "--keep-within", "soon");
  const nothing = await box.expectExit(2, "forget", "--keep-tag", "none", "--even-last-copy");
  expect(nothing.stderr).toContain("keeps no snapshot");
  expect((await box.expectExit(0, "forget", "--keep-last", "9")).stdout).toContain(
    "nothing to forget",
  );
  const away = await box.snap(["forget", "--keep-last", "1"], { cwd: box.top });
  expect(away.code).toBe(7);
  expect(await labels(box)).toEqual(["old", "new"]);
});

test("N25: tag, label and pin", async () => {
  using box = await withTwo();
  await box.expectExit(0, "label", "old", "submitted");
  await box.expectExit(0, "tag", "submitted", "paper", "v1");
  await box.expectExit(0, "tag", "submitted", "--remove", "v1");
  const pin = await box.expectExit(0, "pin", "submitted", "--until", "2099-12-31");
  expect(pin.stdout).toMatch(/label submitted, tags paper, pinned until 2099-12-31/);
  expect((await box.expectExit(0, "list")).stdout).toMatch(
    /submitted \[paper\] +pinned until 2099/,
  );
  expect((await box.expectExit(0, "show", "submitted")).stdout).toMatch(
    /tags +paper\n *pin +pinned/,
  );
  const dry = await box.expectExit(0, "label", "submitted", "--dry-run");
  expect(dry.stdout).toContain("no label");
  expect(await labels(box)).toEqual(["submitted", "new"]);
  const kept = await box.expectExit(
    0,
    "forget",
    "--keep-last",
    "1",
    "--even-last-copy",
    "--verbose",
  );
  expect(kept.stdout).toMatch(/keep +pin +submitted/);
  const pinned = await box.expectExit(3, "forget", "submitted", "--even-last-copy");
  expect(pinned.stderr).toContain("is pinned");
  await box.expectExit(2, "pin", "submitted", "--until", "2001-01-01");
  await box.expectExit(2, "pin", "submitted", "--until", "soon");
  await box.expectExit(2, "label", "submitted", "latest");
  await box.expectExit(2, "tag", "submitted");
  await box.expectExit(0, "pin", "submitted", "--remove");
  await box.expectExit(0, "forget", "--keep-tag", "paper", "--even-last-copy");
  expect(await labels(box)).toEqual(["submitted"]);
});

test("N56: prune and stats, for people and programs", async () => {
  using box = await withTwo();
  await box.expectExit(0, "forget", "old", "--even-last-copy");
  const stats = await box.expectExit(0, "stats", "--json");
  expect(stats.events.at(-1)).toMatchObject({ count: 1, dead: 0, exit: 0 });
  expect((await box.expectExit(0, "stats", "new")).stdout).toContain("for forgotten snapshots");
  const dry = await box.expectExit(0, "prune", "--dry-run");
  expect(dry.stdout).toContain("Nothing was changed");
  const pruned = await box.expectExit(0, "prune", "--max-repack", "1G", "--wait", "5s", "--json");
  expect(pruned.events.at(-1)).toMatchObject({
    command: "prune",
    dropped: { packs: 0, bytes: 0 },
    emptied: { files: 0, bytes: 0 },
  });
  await box.expectExit(2, "prune", "--max-repack", "much");
  await box.expectExit(2, "prune", "--wait", "a while");
  // The grace time is a setting, of a day at least.
  await box.expectExit(0, "config", "set", "store.grace", "30d");
  await box.expectExit(2, "config", "set", "store.grace", "1h");
  await box.expectExit(0, "undo");
  expect(await labels(box)).toEqual(["old", "new"]);
  await box.expectExit(0, "verify");
});
