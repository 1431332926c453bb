import {
  chmodSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  rmSync,
  symlinkSync,
  truncateSync,
  writeFileSync,
} from "node:fs";
import path from "node:path";
import { expect, test } from "vitest";
import { Box } from "../support/snap-process.ts";

async function linkedBox(): Promise<Box> {
  const box = new Box();
  box.write("a.txt", "one");
  box.write("sub/b.txt", "two");
  await box.expectExit(0, "login", "--local");
  await box.expectExit(0, "link", box.workspace, "/w");
  await box.expectExit(0, "sync");
  return box;
}

test("wrong words end with 2 and say what is right", async () => {
  using box = new Box();
  for (const words of [
    ["frobnicate"],
    [],
    ["sync", "--no-such-flag"],
    ["verify", "--level", "9"],
    ["show"],
  ]) {
    const ended = await box.expectExit(2, ...words);
    expect(ended.stderr).toContain("Error:");
    expect(ended.stderr).not.toMatch(/^\s+at /m);
  }
});

test("a missing path, a file, an empty or hostile name end with 2", async () => {
  using box = new Box();
  await box.expectExit(0, "login", "--local");
  box.write("file", "no folder");
  for (const folder of ["missing", "file", "", "a\nb\u001b[2J"]) {
    const ended = await box.expectExit(2, "link", folder, "/x");
    expect(ended.stderr).not.toContain("\u001b[2J");
  }
  for (const remote of ["/a/../b", "/a//b", "/..", "/a\\b", `/${"x".repeat(300)}`]) {
    await box.expectExit(2, "link", box.workspace, remote);
  }
  expect((await box.expectExit(0, "workspaces")).stdout).toContain("No workspaces");
});

test("a workspace in another, around another, or around our own folder is refused with 2", async () => {
  using box = await linkedBox();
  const inner = path.join(box.workspace, "sub");
  expect((await box.expectExit(2, "link", inner, "/inner")).stderr).toContain("lie in one another");
  await box.expectExit(2, "link", box.top, "/outer");
  await box.expectExit(2, "link", box.home, "/home");
  const again = await box.expectExit(2, "link", box.workspace, "/other");
  expect(again.stderr).toContain("snap unlink");
  const link = path.join(box.top, "alias");
  symlinkSync(inner, link);
  await box.expectExit(2, "link", link, "/alias");
});

test("outside a workspace, without a login, without snapshots: 7, 7 and 2, each with a way on", async () => {
  using box = new Box();
  expect((await box.expectExit(7, "sync")).stderr).toContain("snap link");
  expect((await box.expectExit(7, "link")).stderr).toContain("snap login");
  expect((await box.expectExit(7, "account")).stderr).toContain("snap login");
  expect((await box.expectExit(2, "show", "latest")).stderr).toContain("snap capture");
  expect((await box.expectExit(2, "login")).stderr).toContain("SNAP_APP_KEY");
});

test("a settings file that was broken by hand is refused with 2 and stays as it is", async () => {
  using box = await linkedBox();
  const file = path.join(box.home, "config.json");
  writeFileSync(file, "{ not json");
  const ended = await box.expectExit(2, "sync");
  expect(ended.stderr).toContain("config.json");
  expect(readFileSync(file, "utf8")).toBe("{ not json");
});

test("a home that cannot be made ends with 7 and names it", async () => {
  using box = new Box();
  box.write("file", "no folder");
  for (const home of ["/proc/nothing/here", path.join(box.workspace, "file", "home")]) {
    const ended = await box.snap(["account"], { env: { SNAP_HOME: home } });
    expect(ended.code, ended.stderr).toBe(7);
    expect(ended.stderr).toContain(home.split("/")[1] ?? "");
  }
});

test("X14: a token that others can read is refused, and the hint names chmod", async () => {
  using box = await linkedBox();
  const folder = path.join(box.home, "secrets");
  const [token] = readdirSync(folder);
  chmodSync(path.join(folder, token ?? ""), 0o644);
  const ended = await box.expectExit(2, "sync");
  expect(ended.stderr).toContain("chmod 600");
});

test("S22: an unmounted workspace ends with 7 and deletes nothing in the cloud", async () => {
  using box = await linkedBox();
  rmSync(box.workspace, { recursive: true });
  await box.snap(["sync"], { cwd: box.top }).then((ended) => expect(ended.code).toBe(7));
  mkdirSync(box.workspace);
  await box.expectExit(7, "sync");
  await box.expectExit(7, "status");
  using other = new Box();
  const env = { SNAP_HOME: box.home };
  expect((await other.snap(["link", other.workspace, "/w"], { env })).code).toBe(0);
  expect((await other.snap(["sync"], { env })).code).toBe(0);
  expect(other.tree()).toEqual({ "a.txt": "one", "sub/b.txt": "two" });
});

test("S77: a damaged index is moved aside, equal files are adopted, nothing is deleted or doubled", async () => {
  for (const harm of [halve, scribble]) {
    using box = await linkedBox();
    const [id] = readdirSync(path.join(box.home, "workspaces"));
    const index = path.join(box.home, "workspaces", id ?? "", "index.db");
    harm(index);
    const ended = await box.expectExit(0, "sync", "--json");
    expect(ended.events.at(-1)).toMatchObject({
      counts: { uploaded: 0, downloaded: 0, removedLocal: 0, removedRemote: 0 },
    });
    expect(box.tree()).toEqual({ "a.txt": "one", "sub/b.txt": "two" });
    expect(readdirSync(path.dirname(index)).some((name) => name.includes("damaged"))).toBe(true);
  }
});

function halve(index: string): void {
  const { length } = readFileSync(index);
  truncateSync(index, Math.floor(length / 2));
}

function scribble(index: string): void {
  writeFileSync(
    index,
    "this is no database, and it is longer than the sixteen bytes of the magic text",
  );
}

test("X27: a damaged pack is found by verify with 5, and a restore from it changes nothing", async () => {
  using box = await linkedBox();
  await box.expectExit(0, "capture", "--label", "whole");
  box.write("a.txt", "changed");
  const packs = path.join(box.home, "store", "data");
  const pack =
    readdirSync(packs, { recursive: true, encoding: "utf8" }).find((name) =>
      name.endsWith(".tar.zst"),
    ) ?? "";
  const bytes = readFileSync(path.join(packs, pack));
  bytes[40] = (bytes[40] ?? 0) ^ 0xff;
  chmodSync(path.join(packs, pack), 0o600);
  writeFileSync(path.join(packs, pack), bytes);
  expect((await box.expectExit(5, "verify")).stdout).toContain("damaged");
  const before = box.tree();
  await box.expectExit(5, "restore", "whole", "--yes");
  expect(box.tree()).toEqual(before);
});

test("a hostile .mignore is refused with its line and nothing is synced", async () => {
  using box = await linkedBox();
  box.write(".mignore", `ok\n${"*a".repeat(50)}\n`);
  box.write("new.txt", "waits");
  const ended = await box.expectExit(2, "sync");
  expect(ended.stderr).toContain("line 2");
});

test("X16: control characters in names never reach the terminal", async () => {
  using box = await linkedBox();
  box.write("evil\u001b[2J\nname\u202e.txt", "x");
  await box.expectExit(0, "sync");
  await box.expectExit(0, "capture");
  for (const words of [
    ["ls", "latest", "-R"],
    ["diff", "latest"],
    ["status"],
    ["sync", "--dry-run"],
  ]) {
    const ended = await box.expectExit(0, ...words);
    for (const raw of ["\u001b", "\u202e"]) expect(ended.stdout + ended.stderr).not.toContain(raw);
  }
  const json = await box.expectExit(0, "ls", "latest", "-R", "--json");
  for (const raw of ["\u001b", "\u202e"]) expect(json.stdout).not.toContain(raw);
  expect(json.events.some((event) => event["path"] === "evil\u001b[2J\nname\u202e.txt")).toBe(true);
});
