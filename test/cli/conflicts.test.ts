import { readdirSync, readFileSync, utimesSync } from "node:fs";
import path from "node:path";
import { expect, test } from "vitest";
import { Box } from "../support/snap-process.ts";

/** `report.txt` was edited on two machines at once; ours is the one whose bytes became the copy. */
async function conflicting(): Promise<{ box: Box; copy: string; cloud: () => Promise<object> }> {
  const box = new Box();
  box.write("notes/report.txt", "before");
  await box.expectExit(0, "login", "--local");
  await box.expectExit(0, "link", box.workspace, "/w");
  await box.expectExit(0, "sync");
  await elsewhere(box, (other) => other.write("notes/report.txt", "there"));
  box.write("notes/report.txt", "here");
  await box.expectExit(0, "sync");
  const copy = Object.keys(box.tree()).find((name) => name.includes("conflicted copy")) ?? "";
  expect(box.tree()).toEqual({ "notes/report.txt": "there", [copy]: "here" });
  return { box, copy, cloud: () => elsewhere(box, () => {}) };
}

/** Another machine with the same account; the tree that it ends with. */
async function elsewhere(box: Box, act: (other: Box) => void): Promise<object> {
  using other = new Box();
  const env = { SNAP_HOME: box.home };
  expect((await other.snap(["link", other.workspace, "/w"], { env })).code).toBe(0);
  expect((await other.snap(["sync"], { env })).code).toBe(0);
  act(other);
  expect((await other.snap(["sync"], { env })).code).toBe(0);
  return other.tree();
}

/** Contents of the files in the trash. */
function trashOf(box: Box): readonly string[] {
  const trash = path.join(box.workspace, ".snap/trash");
  return readdirSync(trash, { recursive: true, withFileTypes: true })
    .filter((entry) => entry.isFile())
    .map((entry) => readFileSync(path.join(entry.parentPath, entry.name), "utf8"));
}

test("S87: conflicted copies are listed with the file beside them", async () => {
  const { box, copy } = await conflicting();
  using _ = box;
  box.write("lone (conflicted copy pc 2026-01-02).txt", "x");
  box.write("lonely.txt", "another file");
  box.write("note (conflicted copy", "no copy");
  const { stdout } = await box.expectExit(0, "conflicts");
  expect(stdout).toContain(`${copy}  (4 B)\n    beside: notes/report.txt`);
  expect(stdout).toContain("beside: nothing of its kind has the name");
  expect(stdout).toContain("2 conflicted copies");
  const { events } = await box.expectExit(0, "conflicts", "list", "--json");
  expect(events).toMatchObject([
    { type: "conflict", original: null, kind: "file", size: 1 },
    { type: "conflict", copy, original: "notes/report.txt", size: 4 },
    { type: "result", command: "conflicts", copies: 2, exit: 0 },
  ]);
});

test("S43, S89: keep local gives the copy's content the name, and the other goes to the trash", async () => {
  const { box, copy, cloud } = await conflicting();
  using _ = box;
  utimesSync(path.join(box.workspace, copy), 1_000_000, 1_000_000);
  await box.expectExit(0, "sync");
  const dry = await box.expectExit(0, "conflicts", "keep", "local", copy, "--dry-run");
  expect(dry.stdout).toContain("Would be done");
  const asked = await box.expectExit(3, "conflicts", "keep", "local", copy);
  expect(asked.stderr).toContain("--yes");
  expect(Object.keys(box.tree())).toHaveLength(2);
  await box.expectExit(0, "conflicts", "keep", "local", copy, "--yes");
  expect(box.tree()).toEqual({ "notes/report.txt": "here" });
  expect(trashOf(box)).toEqual(expect.arrayContaining(["there", "here"]));
  const synced = await box.expectExit(0, "sync", "--json");
  // The file stays the file that it is: it gets a new revision.
  expect(synced.events.at(-1)).toMatchObject({
    upToDate: true,
    counts: { uploaded: 1, movedRemote: 0, removedRemote: 1, conflicts: 0 },
  });
  expect(await cloud()).toEqual({ "notes/report.txt": "here" });
});

test("S89: keep remote takes the copy away, named by the file of which it is the only one", async () => {
  const { box, cloud } = await conflicting();
  using _ = box;
  await box.expectExit(0, "conflicts", "keep", "remote", "notes/report.txt", "--yes");
  expect(box.tree()).toEqual({ "notes/report.txt": "there" });
  expect(trashOf(box)).toContain("here");
  await box.expectExit(0, "sync");
  expect(await cloud()).toEqual({ "notes/report.txt": "there" });
});

test("S89: keep both gives the copy a plain name that nothing has, without a question", async () => {
  const { box, copy, cloud } = await conflicting();
  using _ = box;
  box.write("notes/Report 2.txt", "taken, but for the case");
  await box.expectExit(0, "conflicts", "keep", "both", copy);
  await box.expectExit(0, "sync");
  const both = {
    "notes/report.txt": "there",
    "notes/Report 2.txt": "taken, but for the case",
    "notes/report 3.txt": "here",
  };
  expect(box.tree()).toEqual(both);
  expect(await cloud()).toEqual(both);
});

test("what is no conflicted copy, ambiguous, outside, or a folder is refused, and nothing is done", async () => {
  using box = new Box();
  await box.expectExit(0, "login", "--local");
  await box.expectExit(0, "link", box.workspace, "/w");
  box.write("plain", "x");
  box.write("a.txt", "1");
  box.write("a (conflicted copy pc 2026-01-02).txt", "2");
  box.write("a (conflicted copy pc 2026-01-02 2).txt", "3");
  box.write("d/f", "1");
  box.write("d (conflicted copy pc 2026-01-02)/f", "2");
  box.write("lone (conflicted copy pc 2026-01-02)", "4");
  box.write("lonely", "5");
  const before = box.tree();
  const lone = "lone (conflicted copy pc 2026-01-02)";
  for (const [choice, named] of [
    ["local", "plain"],
    ["local", "missing"],
    ["local", "a.txt"],
    ["local", "../outside"],
    ["local", "d (conflicted copy pc 2026-01-02)"],
    ["remote", lone],
    ["none", "a.txt"],
  ] as const) {
    const ended = await box.expectExit(2, "conflicts", "keep", choice, named, "--yes");
    expect(ended.stderr).toMatch(/^Error: /);
  }
  expect(box.tree()).toEqual(before);
  // Its name is free: the copy is all that is left.
  await box.expectExit(0, "conflicts", "keep", "local", lone);
  expect(box.read("lone")).toBe("4");
  await box.expectExit(0, "conflicts", "keep", "both", "d");
  expect(box.read("d 2/f")).toBe("2");
});
