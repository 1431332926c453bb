import { writeFileSync } from "node:fs";
import path from "node:path";
import { expect, test } from "vitest";
import { git } from "../guard/repositories.ts";
import { loggedIn, repository } from "../support/guarded-box.ts";
import { Box } from "../support/snap-process.ts";

const reason = ["--reason", "a single device, pushed daily"] as const;

test("A17: an override goes on, is recorded and shown; a worktree that is added makes it void", async () => {
  using box = await loggedIn();
  repository(box.workspace);
  await box.expectExit(2, "guard", "override", box.workspace);
  await box.expectExit(0, "guard", "override", box.workspace, ...reason);
  await box.expectExit(0, "link", box.workspace, "/w");
  await box.expectExit(0, "sync");
  const checked = await box.expectExit(0, "guard", "check", box.workspace);
  expect(checked.stdout).toContain("(synced by override)");
  expect((await box.expectExit(0, "status")).stdout).toContain("by override");
  expect((await box.expectExit(0, "history")).stdout).toContain("override taken");
  git(box.workspace, "worktree", "add", "-b", "topic", path.join(box.top, "outside"));
  const listed = await box.expectExit(0, "guard", "override", "--list");
  expect(listed.stdout).toContain("is void: the list of worktrees changed");
  expect((await box.expectExit(3, "sync")).stdout).toContain("repository");
  expect((await box.expectExit(3, "status")).stdout).toContain("is void: the list of worktrees");
  await box.expectExit(0, "unlink");
  const refused = await box.expectExit(3, "link", box.workspace, "/w");
  expect(refused.stdout + refused.stderr).toContain("is void: the list of worktrees changed");
});

test("G44: an override is tried without a trace, listed, and taken back", async () => {
  using box = await loggedIn();
  const lib = path.join(box.workspace, "lib");
  repository(lib);
  const tried = await box.expectExit(0, "guard", "override", lib, ...reason, "--dry-run");
  expect(tried.stdout).toContain("1 commit in it is not pushed");
  expect((await box.expectExit(0, "guard", "override", "--list")).stdout).toContain("No override");
  await box.expectExit(0, "guard", "override", lib, ...reason);
  const listed = await box.expectExit(0, "guard", "override", "--list", "--json");
  expect(listed.events[0]).toMatchObject({
    type: "override",
    path: lib,
    state: "in-force",
    unpushed: 1,
    reason: reason[1],
  });
  const fossil = Buffer.alloc(512);
  fossil.write("SQLite format 3\0", "latin1");
  fossil.writeUInt32BE(0x0f055111, 68);
  writeFileSync(path.join(lib, "beside.fossil"), fossil);
  await box.expectExit(0, "link", box.workspace, "/w");
  await box.expectExit(0, "sync");
  await box.expectExit(2, "guard", "override", "--revoke", box.workspace);
  await box.expectExit(0, "guard", "override", "--revoke", lib, "--dry-run");
  await box.expectExit(0, "guard", "check", box.workspace);
  await box.expectExit(0, "guard", "override", "--revoke", lib);
  await box.expectExit(3, "guard", "check", box.workspace);
  await box.expectExit(2, "guard", "override", "--list", "--revoke", lib);
});

test("G6: a finding is explained by its name, by its folder, and as data", async () => {
  using box = await loggedIn();
  repository(path.join(box.workspace, "a"));
  repository(path.join(box.workspace, "b"));
  const byName = await box.expectExit(0, "guard", "explain", "f2");
  expect(byName.stdout).toContain(`f2  b`);
  expect(byName.stdout).toContain("1 commit is on no remote-tracking branch; that is exact.");
  expect(byName.stdout).toContain("snap link");
  const both = await box.expectExit(0, "guard", "explain", box.workspace, "--json");
  expect(both.events.map(({ type, path: at }) => [type, at])).toEqual([
    ["explanation", "a"],
    ["explanation", "b"],
    ["result", undefined],
  ]);
  await box.expectExit(2, "guard", "explain", "f3");
});

test("G13: a folder of the account is judged by its listing; one that is not there gives no verdict", async () => {
  using box = await loggedIn();
  const check = ["guard", "check", box.workspace, "--remote"] as const;
  await box.expectExit(7, ...check, "/w");
  box.write("a.txt", "one");
  await box.expectExit(0, "link", box.workspace, "/w");
  await box.expectExit(0, "sync");
  expect((await box.expectExit(0, ...check, "/w")).stdout).toContain("No repository in the folder");
  box.write("lib/.GIT.txt", "no marker");
  repository(path.join(box.workspace, "lib"));
  await box.expectExit(0, "guard", "override", path.join(box.workspace, "lib"), ...reason);
  await box.expectExit(0, "sync");
  const found = await box.expectExit(3, ...check, "/w", "--fail-on", "risk", "--json");
  expect(found.events.filter(({ type }) => type === "remote-finding")).toMatchObject([
    { folder: "/w", path: "lib/.git", vcs: "git", form: "dir", conflictedCopies: 0 },
  ]);
  expect(found.events.at(-1)).toMatchObject({ verdict: "risk", exit: 3 });
});

test("G54: without an account a remote folder cannot be judged: 7", async () => {
  using box = new Box();
  await box.expectExit(0, "guard", "check", box.workspace);
  await box.expectExit(7, "guard", "check", box.workspace, "--remote", "/w");
  await box.expectExit(2, "guard", "check", box.workspace, "--budget", "soon");
});

test("G9: what `snap exclude` leaves out covers, in a folder of the workspace as at its top", async () => {
  using box = await loggedIn();
  box.write("lib/deep/a.txt", "one");
  await box.expectExit(0, "link", box.workspace, "/w");
  await box.expectExit(0, "sync");
  await box.expectExit(0, "exclude", "add", "lib/deep");
  repository(path.join(box.workspace, "lib/deep"));
  for (const folder of ["", "lib"]) {
    const checked = await box.expectExit(0, "guard", "check", path.join(box.workspace, folder));
    expect(checked.stdout).toContain("left out");
  }
});
