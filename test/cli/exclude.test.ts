import { expect, test } from "vitest";
import { Box } from "../support/snap-process.ts";

async function synced(): Promise<Box> {
  const box = new Box();
  box.write("d/1", "one");
  box.write("f", "two");
  await box.expectExit(0, "login", "--local");
  await box.expectExit(0, "link", box.workspace, "/w");
  await box.expectExit(0, "sync");
  return box;
}

test("D9, S93: snap exclude add, list and remove, with what stays named by snap sync", async () => {
  using box = await synced();
  expect((await box.expectExit(0, "exclude", "list")).stdout).toContain("Nothing is excluded");
  box.write("d/new", "n");
  const dry = await box.expectExit(0, "exclude", "add", "d", "--dry-run");
  expect(dry.stdout).toContain("Nothing was changed");
  await box.expectExit(0, "exclude", "add", "d");
  expect((await box.expectExit(0, "exclude", "list")).stdout).toBe("d\n");
  expect((await box.expectExit(0, "sync")).stdout).toContain("d/new");
  expect(box.tree()).toEqual({ "d/new": "n", f: "two" });
  await box.expectExit(0, "status");
  await box.expectExit(0, "exclude", "remove", "d");
  await box.expectExit(0, "sync");
  expect(box.tree()).toEqual({ "d/1": "one", "d/new": "n", f: "two" });
});

test("S52, S93: what was excluded since the last sync is pending, and a dry run names it", async () => {
  using box = await synced();
  await box.expectExit(0, "exclude", "add", "d");
  expect((await box.expectExit(0, "status")).stdout).toContain("1 change to sync");
  expect((await box.expectExit(0, "sync", "-n")).stdout).toMatch(/^here +exclude +d$/m);
  expect(box.tree()).toEqual({ "d/1": "one", f: "two" });
  expect((await box.expectExit(0, "sync")).stdout).toContain("Up to date (2 removed here).");
  expect((await box.expectExit(0, "status")).stdout).toContain("Up to date");
  await box.expectExit(0, "exclude", "remove", "d");
  expect((await box.expectExit(0, "status")).stdout).toContain("1 change to sync");
  const { events } = await box.expectExit(0, "sync", "-n", "--json");
  expect(events).toContainEqual(
    expect.objectContaining({ type: "op", side: "local", does: "include", path: "d" }),
  );
});

test("S93: snap exclude --json tells what was changed", async () => {
  using box = await synced();
  const added = await box.expectExit(0, "exclude", "add", "d", "--json");
  expect(added.events).toMatchObject([
    { type: "saved", side: "local" },
    { type: "exclusion", action: "add", path: "d", dryRun: false },
    { type: "result", exit: 0, changed: ["d"], unchanged: [] },
  ]);
  const listed = await box.expectExit(0, "exclude", "list", "--json");
  expect(listed.events).toMatchObject([
    { type: "excluded", path: "d" },
    { type: "result", count: 1 },
  ]);
});

test.each([
  ["no folder", ["add"]],
  ["a path for the list", ["list", "d"]],
  ["a word that is no action", ["toggle", "d"]],
  ["a file", ["add", "f"]],
  ["a path outside", ["add", "../x"]],
  ["the top", ["add", "."]],
])("S93: snap exclude refuses %s", async (_, words) => {
  using box = await synced();
  await box.expectExit(2, "exclude", ...words);
});
