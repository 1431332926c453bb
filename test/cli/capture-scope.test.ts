import { hash } from "node:crypto";
import {
  existsSync,
  lstatSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  readlinkSync,
  rmSync,
  symlinkSync,
  writeFileSync,
} from "node:fs";
import path from "node:path";
import { expect, test } from "vitest";
import { Box } from "../support/snap-process.ts";

/** Every file and folder below a folder, with what tells that it was written to; but not what SQLite needs to read. */
function stateOf(folder: string): Readonly<Record<string, string>> {
  const names = readdirSync(folder, { recursive: true }).map(String).toSorted();
  const own = names.filter((name) => !/-(?:wal|shm)$/u.test(name));
  return Object.fromEntries(
    own.map((name) => {
      const place = path.join(folder, name);
      const { mode, size, mtimeMs, ino } = lstatSync(place);
      const content = lstatSync(place).isFile() ? hash("sha256", readFileSync(place)) : "";
      const time = content === "" && name.includes("workspaces/") ? "" : mtimeMs;
      return [name, [mode, size, time, ino, content].join(" ")];
    }),
  );
}

async function idOf(box: Box, ...words: readonly string[]): Promise<string> {
  const { events } = await box.expectExit(0, "capture", ...words, "--json");
  return String(events.at(-1)?.["id"]);
}

async function pathsIn(box: Box, id: string): Promise<readonly unknown[]> {
  const { events } = await box.expectExit(0, "ls", id, "-R", "--json");
  return events.filter(({ type }) => type === "entry").map((entry) => entry["path"]);
}

test("N33: a capture of some paths holds them alone, says so, and a restore of it removes nothing elsewhere", async () => {
  using box = new Box();
  for (const name of ["a/one", "a/two", "b/three", "top"]) box.write(name, name);
  const id = await idOf(box, "--paths", "a", "a/one", "top", "--label", "part");
  expect(await pathsIn(box, id)).toEqual(["a", "a/one", "a/two", "top"]);
  expect((await box.expectExit(0, "show", id)).stdout).toMatch(/only +a, top/u);
  expect((await box.expectExit(0, "list")).stdout).toContain("full, only 2 paths");
  await box.expectExit(2, "show", "latest");
  box.write("a/new", "new");
  box.write("b/new", "new");
  box.write("a/one", "changed");
  const changes = await box.expectExit(0, "diff", id, "local");
  expect(changes.stdout).not.toContain("b/");
  await box.expectExit(0, "restore", id, "--yes");
  expect(Object.keys(box.tree())).toEqual(["a/one", "a/two", "b/new", "b/three", "top"]);
  expect(box.read("a/one")).toBe("a/one");
});

test("N33, N39: the parent of a capture of some paths is one of the same paths", async () => {
  using box = new Box();
  box.write("a/one", "one");
  box.write("b", "two");
  const whole = await idOf(box);
  const part = await idOf(box, "--paths", "a");
  const again = await box.expectExit(0, "capture", "--paths", "a", "--json");
  expect(again.events.at(-1)).toMatchObject({ id: part, created: false });
  const other = await box.expectExit(0, "capture", "--paths", "b", "--json");
  expect(other.events.at(-1)).toMatchObject({ created: true });
  expect((await box.expectExit(0, "show", "latest")).stdout).toContain(whole);
});

test("N33: paths that are not there, not taken, outside or of a repository are refused before anything is captured", async () => {
  using box = new Box();
  box.write("a", "one");
  box.write(".mignore", "out\n");
  box.write("out/x", "x");
  mkdirSync(path.join(box.workspace, "r/.git"), { recursive: true });
  box.write("r/.git/HEAD", "ref: refs/heads/main\n");
  for (const named of ["nothing", "out", "../elsewhere", "", "r/.git/HEAD", ".snap/x"]) {
    expect((await box.snap(["capture", "--paths", named])).code, named).toBe(2);
  }
  expect((await box.expectExit(0, "list")).stdout).toContain("No snapshots yet");
  rmSync(path.join(box.workspace, "r"), { recursive: true });
  expect(await pathsIn(box, await idOf(box, "--paths", "a", "."))).toEqual([".mignore", "a"]);
});

test("N33: where other rules hold now, a snapshot of some paths removes nothing", async () => {
  using box = new Box();
  box.write(".mignore", "build\n");
  box.write("a/build/x", "never captured");
  box.write("a/one", "one");
  const id = await idOf(box, "--paths", "a");
  box.write(".mignore", "");
  box.write("a/one", "changed");
  const { stderr } = await box.expectExit(3, "restore", id, "--delete", "--yes");
  expect(stderr).toContain("Other files are ignored now");
  await box.expectExit(0, "restore", id, "--yes");
  expect(box.tree()).toMatchObject({ "a/build/x": "never captured", "a/one": "one" });
});

test("N33: --ignored takes what the rules leave out, with a flag, and never what is snap's own", async () => {
  using box = new Box();
  box.write(".mignore", "out\n*.o\n");
  box.write("out/deep/x", "x");
  box.write("a.o", "object");
  box.write(".snap-tmp-1", "unfinished");
  box.write("kept", "kept");
  const plain = await idOf(box);
  expect(await pathsIn(box, plain)).toEqual([".mignore", "kept"]);
  const id = await idOf(box, "--ignored");
  const { events } = await box.expectExit(0, "ls", id, "-R", "--json");
  const flagged = events.filter((entry) => String(entry["flags"]).includes("ignored"));
  expect(flagged.map((entry) => entry["path"])).toEqual(["a.o", "out", "out/deep", "out/deep/x"]);
  expect(await pathsIn(box, id)).not.toContain(".snap-tmp-1");
  expect((await box.expectExit(0, "show", id)).stdout).toContain("ignored files are in it");
  await box.expectExit(0, "verify", id, "--level", "3");
  expect((await box.expectExit(0, "diff", id, "local")).stdout).not.toContain("out");
  box.write("a.o", "other");
  expect((await box.expectExit(0, "diff", id, "local")).stdout).toContain("M a.o");
  expect(await pathsIn(box, await idOf(box, "--ignored", "--paths", "out"))).toEqual([
    "out",
    "out/deep",
    "out/deep/x",
  ]);
  rmSync(path.join(box.workspace, "out"), { recursive: true });
  await box.expectExit(0, "restore", id, "--yes");
  expect(existsSync(path.join(box.workspace, "out"))).toBe(false);
});

test("a dry run of a capture counts and writes nothing, no lock and no workspace either", async () => {
  using box = new Box();
  box.write("a", "one");
  box.write("b", "two");
  await box.expectExit(0, "capture", "--dry-run");
  expect(readdirSync(path.join(box.home, "workspaces"))).toEqual([]);
  await box.expectExit(0, "login", "--local");
  await box.expectExit(0, "link");
  await box.expectExit(0, "sync");
  await idOf(box);
  box.write("a", "three");
  box.write("c", "four!");
  box.remove("b");
  const before = stateOf(box.top);
  const { events } = await box.expectExit(0, "capture", "--dry-run", "--json");
  expect(stateOf(box.top)).toEqual(before);
  expect(events.at(-1)).toMatchObject({
    files: 2,
    added: { files: 1, bytes: 5 },
    changed: { files: 1, bytes: 5 },
    gone: { files: 1, bytes: 3 },
    read: { files: 2, bytes: 10 },
  });
});

test("N33: restore --ignored puts ignored files back on the disk alone, and an undo takes that back", async () => {
  using box = new Box();
  box.write(".mignore", "out\n*.o\n");
  for (const name of ["out/x", "out/d/y", "a.o", "kept"]) box.write(name, "then");
  await box.expectExit(0, "login", "--local");
  await box.expectExit(0, "link");
  await box.expectExit(0, "sync");
  const id = await idOf(box, "--ignored");
  box.write("out/x", "now, and in no snapshot");
  box.write("out/new", "mine");
  box.write("kept", "now");
  for (const name of ["a.o", "out/d"]) box.remove(name);
  await box.expectExit(0, "sync");
  const now = box.tree();
  const { stdout } = await box.expectExit(0, "restore", id, "--ignored", "--delete", "--yes");
  expect(stdout).not.toContain("late");
  expect(box.tree()).toEqual({
    ".mignore": "out\n*.o\n",
    "a.o": "then",
    kept: "then",
    "out/d/y": "then",
    "out/new": "mine",
    "out/x": "then",
  });
  await box.expectExit(0, "sync");
  expect((await box.expectExit(0, "ls", "latest", "-R")).stdout).not.toContain("in no snapshot");
  await box.expectExit(0, "undo", "--yes");
  expect(box.tree()).toEqual(now);
  await box.expectExit(0, "sync");
  expect(box.tree()).toEqual(now);
  const { events } = await box.expectExit(0, "list", "--reason", "before-restore", "--json");
  const saved = events.filter(({ type }) => type === "snapshot").map((one) => String(one["id"]));
  const contents = await Promise.all(saved.map((one) => box.snap(["cat", one, "out/x"])));
  expect(contents.some((one) => one.stdout === "now, and in no snapshot")).toBe(true);
});

const noText = Buffer.from([0x6e, 0xff]);

test("N23: names and targets that are no UTF-8 are captured, found, copied out and checked like others", async () => {
  using box = new Box();
  const at = (name: Buffer, top = box.workspace): Buffer =>
    Buffer.concat([Buffer.from(`${top}/`), name]);
  const inFolder = Buffer.concat([noText, Buffer.from("/"), noText]);
  mkdirSync(at(noText));
  writeFileSync(at(inFolder), "captured");
  symlinkSync(noText, path.join(box.workspace, "link"));
  const { events } = await box.expectExit(0, "capture", "--json");
  expect(events.at(-1)).toMatchObject({ counts: { files: 1 }, completeness: "full", left: 0 });
  expect((await box.expectExit(0, "cat", "latest", "n\ufffdff/n\ufffdff")).stdout).toBe("captured");
  await box.expectExit(0, "diff", "latest", "local");
  await box.expectExit(0, "verify", "latest", "--level", "5", "--all");
  const copy = path.join(box.home, "copy");
  await box.expectExit(0, "restore", "latest", "--to", copy);
  expect(readFileSync(at(inFolder, copy), "utf8")).toBe("captured");
  expect(readlinkSync(path.join(copy, "link"), { encoding: "buffer" })).toEqual(noText);
  writeFileSync(at(inFolder), "another");
  expect((await box.snap(["diff", "latest", "local"])).stdout).toContain("n\ufffdff/n\ufffdff");
});

test("N23, T13: a restore in place leaves names that are no UTF-8 as they are and says so; links come back", async () => {
  using box = new Box();
  box.write("a", "one");
  const odd = Buffer.concat([Buffer.from(`${box.workspace}/`), noText]);
  writeFileSync(odd, "then");
  const link = path.join(box.workspace, "link");
  symlinkSync(noText, link);
  await box.expectExit(0, "capture");
  box.write("a", "two");
  writeFileSync(odd, "now");
  rmSync(link);
  const { stdout } = await box.expectExit(4, "restore", "latest", "--yes");
  expect(stdout).toContain("n\ufffdff");
  expect(box.read("a")).toBe("one");
  expect(readFileSync(odd, "utf8")).toBe("now");
  expect(readlinkSync(link, { encoding: "buffer" })).toEqual(noText);
  await box.expectExit(0, "undo", "--yes");
  expect(box.read("a")).toBe("two");
});

test("N37: a snapshot of some paths has no gap where a name beside them is no UTF-8", async () => {
  using box = new Box();
  box.write("d/a", "one");
  writeFileSync(Buffer.concat([Buffer.from(`${box.workspace}/`), noText]), "beside");
  const { events } = await box.expectExit(0, "capture", "--paths", "d", "--json");
  expect(events.at(-1)).toMatchObject({ completeness: "full", left: 0 });
});
