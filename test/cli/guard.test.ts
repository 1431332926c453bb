import { mkdirSync } from "node:fs";
import path from "node:path";
import { expect, test } from "vitest";
import { loggedIn, repository } from "../support/guarded-box.ts";
import { Box } from "../support/snap-process.ts";

test("G6: a live repository refuses the link with 3, says what was found and the ways out", async () => {
  using box = await loggedIn();
  repository(path.join(box.workspace, "deep/er"));
  const ended = await box.expectExit(3, "link", box.workspace, "/w");
  const told = ended.stdout + ended.stderr;
  for (const text of [
    "deep/er",
    "git",
    "main",
    "--repos exclude",
    ".mignore",
    "snap guard override",
    "Nothing was changed",
  ]) {
    expect(told).toContain(text);
  }
  expect((await box.expectExit(0, "workspaces")).stdout).toContain("No workspaces");
});

test.each([".git", ".hg"])(
  "G2: an empty %s refuses too, as a folder, as a file, hidden below an ignored one",
  async (marker) => {
    using box = await loggedIn();
    mkdirSync(path.join(box.workspace, "node_modules/x", marker), { recursive: true });
    box.write(".gitignore", "node_modules\n");
    await box.expectExit(3, "link", box.workspace, "/w");
    box.remove("node_modules");
    await box.expectExit(0, "guard", "check", box.workspace);
    box.write(`sub/${marker}`, "gitdir: ../elsewhere\n");
    await box.expectExit(3, "link", box.workspace, "/w");
  },
);

test("G9: a repository that .mignore covers does not refuse, and is not transferred", async () => {
  using box = await loggedIn();
  repository(path.join(box.workspace, "lib"));
  box.write(".mignore", "lib/\n");
  box.write("a.txt", "one");
  await box.expectExit(0, "link", box.workspace, "/w");
  await box.expectExit(0, "sync");
  await box.expectExit(0, "capture");
  expect((await box.expectExit(0, "ls", "latest", "-R")).stdout).not.toContain("lib");
});

test("G46: --repos exclude syncs the work tree and leaves the history out", async () => {
  using box = await loggedIn();
  repository(box.workspace);
  await box.expectExit(0, "link", box.workspace, "/w", "--repos", "exclude");
  await box.expectExit(0, "sync");
  const preview = await box.expectExit(0, "sync", "--dry-run");
  expect(preview.stdout).toContain("Nothing to do");
  using other = new Box();
  const env = { SNAP_HOME: box.home };
  expect((await other.snap(["link", other.workspace, "/w"], { env })).code).toBe(0);
  expect((await other.snap(["sync"], { env })).code).toBe(0);
  expect(other.tree()).toEqual({ "code.txt": "code" });
});

test("G44: an override needs a reason, names one repository, and is shown by the status", async () => {
  using box = await loggedIn();
  repository(box.workspace);
  await box.expectExit(2, "guard", "override", box.workspace);
  await box.expectExit(2, "guard", "override", box.workspace, "--reason", "short");
  await box.expectExit(
    0,
    "guard",
    "override",
    box.workspace,
    "--reason",
    "a single device, pushed daily",
  );
  await box.expectExit(0, "link", box.workspace, "/w");
  await box.expectExit(0, "sync");
  expect((await box.expectExit(0, "status")).stdout).toContain("override");
});

test("G20: a repository that appears later is held, its siblings go on, and nothing of it is sent", async () => {
  using box = await loggedIn();
  box.write("a.txt", "one");
  await box.expectExit(0, "link", box.workspace, "/w");
  await box.expectExit(0, "sync");
  repository(path.join(box.workspace, "later"));
  box.write("b.txt", "two");
  const ended = await box.expectExit(3, "sync");
  expect(ended.stdout).toContain("later");
  expect((await box.expectExit(3, "status")).stdout).toContain("later");
  using other = new Box();
  const env = { SNAP_HOME: box.home };
  expect((await other.snap(["link", other.workspace, "/w"], { env })).code).toBe(0);
  expect((await other.snap(["sync"], { env })).code).toBe(0);
  expect(other.tree()).toEqual({ "a.txt": "one", "b.txt": "two" });
});

test("G31: snap guard check counts commits and files, says by whom, and takes an engine and a budget", async () => {
  using box = await loggedIn();
  repository(box.workspace);
  box.write("code.txt", "changed");
  const plain = await box.expectExit(3, "guard", "check", box.workspace);
  expect(plain.stdout).toContain("main: 1 commit not pushed, no remote, 1 file changed");
  const none = await box.expectExit(3, "guard", "check", box.workspace, "--engine", "none");
  expect(none.stdout).toContain("unpushed commits not counted");
  const ended = await box.expectExit(3, "guard", "check", box.workspace, "--engine=git", "--json");
  const lines = ended.stdout.trim().split("\n");
  expect(JSON.parse(lines[1] ?? "")).toMatchObject({
    type: "finding",
    engine: { name: "git" },
    work: { unstaged: { value: 1, precision: "exact" } },
  });
  await box.expectExit(2, "guard", "check", box.workspace, "--engine", "other");
  for (const budget of ["soon", "0", "-1s"]) {
    await box.expectExit(2, "guard", "check", box.workspace, `--budget=${budget}`);
  }
  await box.expectExit(3, "guard", "check", box.workspace, "--budget=10m");
});
