import { execFileSync } from "node:child_process";
import { createHash } from "node:crypto";
import { chmodSync, mkdirSync, readdirSync, renameSync, symlinkSync, writeFileSync } from "node:fs";
import path from "node:path";
import { expect, test } from "vitest";
import { Box, launcher } from "../support/snap-process.ts";

/** A workspace with two snapshots: a.txt edited, b.txt moved, c.txt added in the second. */
async function looked(): Promise<Box> {
  const box = new Box();
  box.write("notes/a.txt", "one");
  box.write("notes/b.txt", "same");
  box.write("empty.txt", "");
  symlinkSync("notes/a.txt", path.join(box.workspace, "link"));
  await box.expectExit(0, "capture", "--label", "first", "--tag", "x");
  box.write("notes/a.txt", "two!");
  renameSync(path.join(box.workspace, "notes/b.txt"), path.join(box.workspace, "moved.txt"));
  box.write("other/c.txt", "new");
  chmodSync(path.join(box.workspace, "empty.txt"), 0o600);
  await box.expectExit(0, "capture", "--label", "second");
  return box;
}

test("a file of a snapshot is printed as it was, byte for byte", async () => {
  using box = await looked();
  const bytes = Buffer.from(Array.from({ length: 5_000_000 }, (_, at) => (at * at) % 251));
  writeFileSync(path.join(box.workspace, "large"), bytes);
  await box.expectExit(0, "capture", "--label", "third");
  expect((await box.expectExit(0, "cat", "first", "notes/a.txt")).stdout).toBe("one");
  expect((await box.expectExit(0, "cat", "second", "./notes/a.txt")).stdout).toBe("two!");
  expect((await box.expectExit(0, "cat", "first", "empty.txt")).stdout).toBe("");
  const env = { ...process.env, SNAP_HOME: box.home };
  const words = [launcher, "cat", "third", "large"];
  const options = { cwd: box.workspace, env, maxBuffer: 2 ** 24 };
  expect(execFileSync(process.execPath, words, options).equals(bytes)).toBe(true);
  const { events } = await box.expectExit(0, "cat", "third", "large", "--json");
  const pieces = events.filter(({ type }) => type === "content").map((event) => event["base64"]);
  expect(
    Buffer.concat(pieces.map((each) => Buffer.from(String(each), "base64"))).equals(bytes),
  ).toBe(true);
  expect(events.at(-1)).toMatchObject({ type: "result", bytes: bytes.length, exit: 0 });
});

test("a reader that goes away ends the printing without an error", async () => {
  using box = await looked();
  writeFileSync(path.join(box.workspace, "large"), Buffer.alloc(30_000_000, "0123456789\n"));
  await box.expectExit(0, "capture", "--label", "third");
  const line = `set -o pipefail; "${process.execPath}" "${launcher}" cat third large | head -c 5`;
  const env = { ...process.env, SNAP_HOME: box.home };
  const out = execFileSync("bash", ["-c", line], { cwd: box.workspace, env, stdio: "pipe" });
  expect(out.toString()).toBe("01234");
});

test("what is no file is refused in words", async () => {
  using box = await looked();
  const refused = async (code: number, ...words: readonly string[]): Promise<string> =>
    (await box.expectExit(code, "cat", ...words)).stderr;
  expect(await refused(2, "first", "notes")).toContain('"notes" is a folder');
  expect(await refused(2, "first", ".")).toContain("is a folder");
  expect(await refused(2, "first", "link")).toContain('a link to "notes/a.txt"');
  expect(await refused(2, "first", "nowhere")).toContain('holds no "nowhere"');
  expect(await refused(2, "first", "../x")).toContain("Not a path");
  expect(await refused(2, "never", "notes/a.txt")).toContain("No snapshot");
});

test("N8: a damaged block is told and never printed", async () => {
  using box = await looked();
  const folder = path.join(box.home, "store/data");
  for (const name of readdirSync(folder, { recursive: true, encoding: "utf8" })) {
    if (name.endsWith(".tar.zst")) writeFileSync(path.join(folder, name), "no pack");
  }
  const { stdout, stderr } = await box.expectExit(5, "cat", "first", "notes/a.txt");
  expect(stdout).toBe("");
  expect(stderr).toMatch(/damaged|in no pack/);
});

test("each version is found with the snapshots that hold it", async () => {
  using box = await looked();
  const found = async (...words: readonly string[]): Promise<readonly string[]> => {
    const { events } = await box.expectExit(0, "find", ...words, "--json");
    return events
      .slice(0, -1)
      .map(
        (event) => `${String(event["path"])} ${(event["snapshots"] as readonly string[]).length}`,
      );
  };
  expect(await found("a.txt")).toEqual(["notes/a.txt 1", "notes/a.txt 1"]);
  expect(await found("notes/*")).toEqual(["notes/a.txt 1", "notes/a.txt 1", "notes/b.txt 1"]);
  expect(await found("A.TXT")).toEqual([]);
  expect(await found("-i", "A.TXT")).toHaveLength(2);
  expect(await found("empty.txt")).toEqual(["empty.txt 2"]);
  const block = createHash("sha256").update("same").digest();
  const content = createHash("sha256").update(block).digest("hex");
  expect(await found(block.toString("hex"))).toEqual(["moved.txt 1", "notes/b.txt 1"]);
  expect(await found(content)).toEqual(["moved.txt 1", "notes/b.txt 1"]);
  const { stdout } = await box.expectExit(0, "find", "empty.txt");
  expect(stdout).toMatch(
    /^empty\.txt\n {2}\S+ \S+ \S+ – \S+ \S+ \S+ {2}0 B e3b0c44298fc {2}2 snapshots/,
  );
  expect((await box.expectExit(0, "find", "nothing*")).stdout).toContain("Nothing was found");
});

test("N8: a search tells which snapshot it could not read, and what the others hold", async () => {
  using box = await looked();
  const roots = path.join(box.home, "store/roots");
  const [first = ""] = readdirSync(roots).toSorted();
  writeFileSync(path.join(roots, first), "no root");
  const { stdout, stderr } = await box.expectExit(5, "find", "a.txt");
  expect(stdout).toContain("notes/a.txt\n");
  expect(stderr).toContain(`Snapshot ${first} could not be read`);
});

test("N9: snapshots of another workspace are shown when they are asked for", async () => {
  using box = await looked();
  const other = path.join(box.top, "other");
  mkdirSync(other);
  writeFileSync(path.join(other, "far.txt"), "far");
  const away = { cwd: other };
  expect((await box.snap(["capture", "--label", "away"], away)).code).toBe(0);
  expect((await box.expectExit(0, "list")).stdout).not.toContain("away");
  expect((await box.expectExit(0, "list", "--all-workspaces")).stdout).toContain(other);
  await box.expectExit(2, "show", "away");
  await box.expectExit(0, "show", "away", "--all-workspaces");
  expect((await box.expectExit(0, "ls", "away", "--all-workspaces")).stdout).toContain("far.txt");
  expect((await box.expectExit(0, "cat", "away", "far.txt", "--all-workspaces")).stdout).toBe(
    "far",
  );
  expect((await box.expectExit(0, "find", "far.txt")).stdout).toContain("Nothing");
  expect((await box.expectExit(0, "find", "far.txt", "--all-workspaces")).stdout).toContain(
    "1 snapshot",
  );
  const diff = await box.expectExit(0, "diff", "first", "away", "--all-workspaces");
  expect(diff.stdout).toContain("+ far.txt");
});

test("a list is narrowed by tag, label, reason and side, and tells the last verification", async () => {
  using box = await looked();
  const count = async (...words: readonly string[]): Promise<unknown> =>
    (await box.expectExit(0, "list", "--json", ...words)).events.at(-1)?.["count"];
  expect(await count()).toBe(2);
  expect(await count("--tag", "x")).toBe(1);
  expect(await count("--tag", "y")).toBe(0);
  expect(await count("--label", "second")).toBe(1);
  expect(await count("--reason", "manual")).toBe(2);
  expect(await count("--reason", "import")).toBe(0);
  expect(await count("--side", "remote")).toBe(0);
  await box.expectExit(2, "list", "--reason", "whim");
  expect((await box.expectExit(0, "list")).stdout).toMatch(/ – +manual +first \[x\]/);
  await box.expectExit(0, "verify", "first", "--level", "1");
  expect((await box.expectExit(0, "list")).stdout).toMatch(/level 1 +manual +first/);
  await box.expectExit(0, "verify", "--level", "2");
  const { events } = await box.expectExit(0, "list", "--json");
  expect(events.slice(0, 2).map((event) => event["verified"])).toMatchObject([
    { level: 2, result: "sound" },
    { level: 2, result: "sound" },
  ]);
  const { stdout } = await box.expectExit(0, "show", "first");
  expect(stdout).toMatch(/verified +level 2/);
  expect(stdout).toMatch(/tags +x/);
  expect(stdout).toMatch(/content +full: all of it is in the store/);
});

test("entries are written as a format says, names as they are only behind {NUL}", async () => {
  using box = await looked();
  box.write("odd\nname", "x");
  await box.expectExit(0, "capture", "--label", "third");
  const written = async (format: string): Promise<string> =>
    (await box.expectExit(0, "ls", "third", "--format", format)).stdout;
  expect(await written("{mode} {size} {path}")).toContain("-rw------- 0 empty.txt\n");
  expect(await written("{path}{TAB}{target}{NL}")).toContain("link\tnotes/a.txt\n");
  expect(await written("{path}")).toContain("odd\\x0aname\n");
  expect(await written("{path}{NUL}")).toContain("odd\nname\0");
  await box.expectExit(2, "ls", "third", "--format", "{nothing}");
  expect((await box.expectExit(0, "ls", "third")).stdout).toMatch(
    /-rw------- +0 B +\S+ \S+ \S+ +empty\.txt/,
  );
});

test("a path narrows a diff of two snapshots and of the disk", async () => {
  using box = await looked();
  const changes = async (...words: readonly string[]): Promise<readonly string[]> =>
    (await box.expectExit(0, "diff", ...words)).stdout.trim().split("\n").slice(0, -1);
  expect(await changes("first", "second")).toEqual([
    "m empty.txt",
    "M notes/a.txt",
    "+ other",
    "R notes/b.txt -> moved.txt",
    "+ other/c.txt",
  ]);
  expect(await changes("first", "second", "notes")).toEqual(["M notes/a.txt", "- notes/b.txt"]);
  expect(await changes("first", "second", "other/c.txt")).toEqual(["+ other/c.txt"]);
  expect(await changes("first", "local", "notes/")).toEqual(["M notes/a.txt", "- notes/b.txt"]);
  expect(await changes("second", "local")).toEqual([]);
});
