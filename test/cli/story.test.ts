import { expect, test } from "vitest";
import { Box } from "../support/snap-process.ts";

test("log in, link, sync, capture, damage, sync, restore, undo", async () => {
  using box = new Box();
  box.write("notes/a.txt", "one");
  box.write("b.txt", "two");
  const login = await box.expectExit(0, "login", "--local", "--name", "Freddy");
  expect(login.stdout).toContain("This computer is now linked to Dropbox. Welcome, Freddy.");
  await box.expectExit(0, "link", box.workspace, "/story");
  await box.expectExit(0, "sync");
  expect((await box.expectExit(0, "status")).stdout).toContain("Up to date");
  await box.expectExit(0, "capture", "--label", "good");
  const good = box.tree();

  box.write("notes/a.txt", "damaged");
  box.remove("b.txt");
  box.write("new.txt", "added");
  expect((await box.expectExit(0, "status")).stdout).toMatch(/changes? to sync/);
  await box.expectExit(0, "sync");
  const bad = box.tree();

  const plan = await box.expectExit(0, "restore", "good", "--dry-run", "--server-side", "large");
  expect(plan.stdout).toContain(
    "In Dropbox: 0 put back, 0 moved, 0 copied there; 2 files uploaded, 6 B; 3 calls",
  );
  const restored = await box.expectExit(0, "restore", "good", "--yes");
  expect(restored.stdout).toContain(
    "In Dropbox: 2 put back, 0 moved, 0 copied there; 0 files uploaded, 0 B; 3 calls",
  );
  expect(restored.stdout).toContain("2 files put back by Dropbox itself.");
  expect(box.tree()).toEqual(good);
  expect((await box.expectExit(0, "sync", "--json")).events.at(-1)).toMatchObject({
    upToDate: true,
  });
  await box.expectExit(0, "verify", "good", "--level", "4");

  await box.expectExit(0, "undo", "--yes");
  expect(box.tree()).toEqual(bad);
  expect((await box.expectExit(0, "diff", "good", "local")).stdout).toContain("M notes/a.txt");
});

test("T9: without consent the plan is printed and nothing is changed", async () => {
  using box = new Box();
  box.write("a.txt", "one");
  await box.expectExit(0, "login", "--local");
  await box.expectExit(0, "link");
  await box.expectExit(0, "sync");
  await box.expectExit(0, "capture");
  box.write("a.txt", "two");
  const refused = await box.expectExit(3, "restore", "latest");
  expect(refused.stdout).toMatch(/Plan [0-9a-f]{12}/);
  expect(box.tree()).toEqual({ "a.txt": "two" });
  const digest = /Plan ([0-9a-f]{12})/.exec(refused.stdout)?.[1] ?? "";
  box.write("b.txt", "a change after the plan");
  await box.expectExit(3, "restore", "latest", "--plan", digest);
  expect(box.tree()).toEqual({ "a.txt": "two", "b.txt": "a change after the plan" });
  box.remove("b.txt");
  await box.expectExit(0, "restore", "latest", "--plan", digest);
  expect(box.tree()).toEqual({ "a.txt": "one" });
});

test("every command with --json ends with one result that carries the exit code", async () => {
  using box = new Box();
  box.write("a.txt", "one");
  const commands = [
    ["login", "--local"],
    ["account"],
    ["link"],
    ["workspaces"],
    ["sync", "--dry-run"],
    ["sync"],
    ["status"],
    ["capture", "--dry-run"],
    ["capture"],
    ["list"],
    ["show", "latest"],
    ["ls", "latest", "-R"],
    ["diff", "latest"],
    ["verify"],
    ["tag", "latest", "paper"],
    ["label", "latest", "good"],
    ["pin", "latest"],
    ["stats"],
    ["prune", "--dry-run"],
    ["prune"],
    ["forget", "--keep-last", "1", "--dry-run"],
    ["forget", "--keep-last", "1"],
    ["restore", "latest", "--dry-run"],
    ["restore", "latest", "--yes"],
    ["restores"],
    ["rollback", "show"],
    ["guard", "check", "."],
    ["unlink"],
    ["logout"],
    ["version"],
    ["sync"],
    ["show", "nothing-like-it"],
  ];
  for (const words of commands) {
    const ended = await box.snap([...words, "--json"]);
    const results = ended.events.filter((event) => event["type"] === "result");
    expect(results, `${words.join(" ")}\n${ended.stdout}${ended.stderr}`).toHaveLength(1);
    expect(ended.events.at(-1)).toMatchObject({ v: 1, type: "result", exit: ended.code });
    for (const event of ended.events) expect(event).toMatchObject({ v: 1 });
  }
});
