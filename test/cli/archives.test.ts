import { execFileSync } from "node:child_process";
import {
  existsSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  rmSync,
  statSync,
  writeFileSync,
} from "node:fs";
import path from "node:path";
import { expect, test } from "vitest";
import { git } from "../guard/repositories.ts";
import { Box, launcher } from "../support/snap-process.ts";

async function captured(): Promise<Box> {
  const box = new Box();
  box.write("notes/a.txt", "one");
  box.write("b.txt", "two");
  await box.expectExit(0, "capture", "--label", "first");
  box.write("notes/a.txt", "changed");
  box.remove("b.txt");
  await box.expectExit(0, "capture", "--label", "second");
  return box;
}

test.each([
  ["x.tar", ["-xf"]],
  ["x.tar.gz", ["-xzf"]],
  ["x.tgz", ["-xzf"]],
  ["x.tar.zst", ["--zstd", "-xf"]],
])("N58: %s is unpacked by the system's tar, and imported again", async (name, words) => {
  using box = await captured();
  const file = path.join(box.top, name);
  const { stdout } = await box.expectExit(0, "export", "first", file);
  expect(stdout).toContain(name);
  expect(statSync(file).mode & 0o777).toBe(0o600);
  const out = path.join(box.top, "out");
  mkdirSync(out);
  execFileSync("tar", [...words, file, "-C", out]);
  expect(readFileSync(path.join(out, "notes/a.txt"), "utf8")).toBe("one");
  const imported = await box.expectExit(0, "import", file, "--label", "back", "--tag", "t");
  expect(imported.stdout).toMatch(/^Snapshot [0-9a-f]{8}: 2 files, 1 folder, 6 B, /);
  expect((await box.expectExit(0, "diff", "first", "back")).stdout).toContain("No difference");
  expect((await box.expectExit(0, "list", "--reason", "import")).stdout).toContain("back [t]");
  expect((await box.expectExit(0, "show", "latest")).stdout).toContain("second");
});

test("N58: the same archive every time, and the same through a pipe", async () => {
  using box = await captured();
  const file = path.join(box.top, "x.tar.zst");
  await box.expectExit(0, "export", "second", file);
  const first = readFileSync(file);
  await box.expectExit(0, "export", "second", file, "--force");
  expect(readFileSync(file).equals(first)).toBe(true);
  const env = { ...process.env, SNAP_HOME: box.home };
  const words = [launcher, "export", "second", "-", "--format", "tar.zst"];
  const piped = execFileSync(process.execPath, words, { cwd: box.workspace, env, stdio: "pipe" });
  expect(piped.equals(first)).toBe(true);
  const line = `"${process.execPath}" "${launcher}" export first - | "${process.execPath}" "${launcher}" import - --label piped`;
  execFileSync("bash", ["-c", `set -o pipefail; ${line}`], {
    cwd: box.workspace,
    env,
    stdio: "pipe",
  });
  expect((await box.expectExit(0, "diff", "first", "piped")).stdout).toContain("No difference");
});

test("N58: a file that is there is never overwritten unasked, and nothing lies beside it", async () => {
  using box = await captured();
  const file = path.join(box.top, "x.tar");
  writeFileSync(file, "mine");
  const { stderr } = await box.expectExit(3, "export", "first", file);
  expect(stderr).toContain("is there already");
  expect(readFileSync(file, "utf8")).toBe("mine");
  await box.expectExit(3, "export", "first", file, "--dry-run");
  await box.expectExit(2, "export", "first", path.join(box.top, "nowhere/x.tar"));
  await box.expectExit(2, "export", "first", path.join(box.top, "x.zip"));
  await box.expectExit(2, "export", "first", "-", "--json");
  await box.expectExit(0, "export", "first", path.join(box.top, "y.tar"), "--dry-run");
  expect(existsSync(path.join(box.top, "y.tar"))).toBe(false);
  await box.expectExit(0, "export", "first", file, "--force");
  expect(execFileSync("tar", ["-tf", file]).toString()).toContain("notes/a.txt");
  expect(readdirSync(box.top).filter((name) => name.startsWith(".snap-tmp-"))).toEqual([]);
});

test("N58: damage found on the way leaves nothing under the name", async () => {
  using box = await captured();
  const folder = path.join(box.home, "store/data");
  for (const name of readdirSync(folder, { recursive: true, encoding: "utf8" })) {
    if (name.endsWith(".tar.zst")) writeFileSync(path.join(folder, name), "no pack");
  }
  const before = readdirSync(box.top);
  await box.expectExit(5, "export", "first", path.join(box.top, "x.tar.gz"));
  expect(readdirSync(box.top)).toEqual(before);
});

test("N58: changes since a snapshot are exported, and imported on top of it", async () => {
  using box = await captured();
  const file = path.join(box.top, "x.tar");
  const { events } = await box.expectExit(
    0,
    "export",
    "second",
    file,
    "--since",
    "first",
    "--json",
  );
  expect(events.at(-1)).toMatchObject({ entries: 1, deleted: 1, left: 0, exit: 0 });
  await box.expectExit(0, "import", file, "--label", "back");
  expect((await box.expectExit(0, "diff", "second", "back")).stdout).toContain("No difference");
  await box.expectExit(0, "export", "second", path.join(box.top, "y.tar"), "--paths", "notes");
  await box.expectExit(2, "export", "second", path.join(box.top, "z.tar"), "--paths", "b.txt");

  using other = new Box();
  other.write("x", "x");
  await other.expectExit(0, "capture");
  const refused = await other.expectExit(2, "import", file);
  expect(refused.stderr).toMatch(/holds only what changed since snapshot/);
  await box.expectExit(0, "export", "first", path.join(box.top, "base.tar"));
  await other.expectExit(0, "import", path.join(box.top, "base.tar"), "--label", "base");
  await other.expectExit(0, "import", file, "--base", "base", "--label", "all");
  expect((await other.expectExit(0, "cat", "all", "notes/a.txt")).stdout).toBe("changed");
});

test("N59: what is refused is listed with exit code 4; a dry run tells the same and takes nothing", async () => {
  using box = await captured();
  const source = path.join(box.top, "source");
  mkdirSync(source);
  for (const name of ["good", "far"]) writeFileSync(path.join(source, name), "fine");
  const file = path.join(box.top, "x.tar");
  execFileSync("tar", ["-P", "-cf", file, path.join(source, "far"), "-C", source, "good"]);
  const dry = await box.expectExit(4, "import", file, "--dry-run");
  expect(dry.stdout).toContain("its name is absolute");
  expect(dry.stdout).toContain("1 file, 0 folders, 4 B would be imported");
  expect((await box.expectExit(0, "list", "--reason", "import")).stdout).toContain(
    "No snapshot fits",
  );
  const { events } = await box.snap(["import", file, "--label", "partly", "--json"]);
  expect(events.at(-1)).toMatchObject({ left: 1, completeness: "partial", exit: 4 });
  expect((await box.expectExit(0, "show", "partly")).stdout).toMatch(/left aside: 1/);
  expect(box.tree()).toEqual({ "notes/a.txt": "changed" });
});

test("N59: what is no archive, and what is in no workspace, is refused", async () => {
  using box = await captured();
  const text = path.join(box.top, "text");
  writeFileSync(text, "hello ".repeat(200));
  expect((await box.expectExit(2, "import", text)).stderr).toContain("no tar archive");
  await box.expectExit(2, "import", path.join(box.top, "nowhere.tar"));
  await box.expectExit(2, "import", box.top);
  const outside = await box.snap(["import", text], { cwd: box.top });
  expect(outside.code).toBe(7);
  expect(outside.stderr).toContain("is in no workspace");
});

test("N58, N50: a repository that came by an archive is drilled and copied out as one", async () => {
  using from = new Box();
  using to = new Box();
  from.write("r/file", "one");
  const folder = path.join(from.workspace, "r");
  git(folder, "init", "-q", "-b", "main");
  git(folder, "add", ".");
  git(folder, "commit", "-q", "-m", "one");
  await from.expectExit(0, "capture");
  const file = path.join(from.top, "x.tar.zst");
  await from.expectExit(0, "export", "latest", file);
  to.write("other", "of its own");
  await to.expectExit(0, "capture");
  const told = await to.expectExit(0, "import", file, "--label", "moved");
  expect(told.stdout).toMatch(/, 1 repository, /u);
  const shown = await to.expectExit(0, "show", "moved");
  expect(shown.stdout).toMatch(/r\/\.git \(git\): on main at [0-9a-f]{8}, verified/u);
  await to.expectExit(0, "verify", "moved", "--level", "5");
  const out = path.join(to.top, "out");
  await to.expectExit(0, "restore", "moved", "--to", out);
  const head = (place: string): string => git(path.join(place, "r"), "rev-parse", "HEAD");
  expect(head(out)).toBe(head(from.workspace));
  expect(git(path.join(out, "r"), "fsck")).toBe("");

  // Another program's archive, without the object of the commit: whoever copies it out is told.
  const objects = path.join(folder, ".git/objects", head(from.workspace).slice(0, 2));
  rmSync(objects, { recursive: true });
  const plain = path.join(from.top, "plain.tar");
  execFileSync("tar", ["-cf", plain, "-C", from.workspace, "r"]);
  await to.expectExit(0, "import", plain, "--label", "torn");
  expect((await to.expectExit(0, "show", "torn")).stdout).toContain("unverified");
  const drill = await to.expectExit(5, "verify", "torn", "--level", "5");
  expect(drill.stdout).toContain("is a repository that is torn");
});
