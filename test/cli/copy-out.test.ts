import { spawn, spawnSync } from "node:child_process";
import fs from "node:fs";
import path from "node:path";
import { expect, test } from "vitest";
import { expectPlain, hostileNames } from "../support/hostile-names.ts";
import { Box, launcher } from "../support/snap-process.ts";

const staging = ".snap-tmp-restore";

/** A workspace with a snapshot of many files, so that threads write it. */
async function captured(files: number): Promise<Box> {
  const box = new Box();
  for (let number = 0; number < files; number += 1)
    box.write(`d${number % 7}/file ${number}`, contentOf(number));
  await box.expectExit(0, "capture");
  return box;
}

function contentOf(number: number): string {
  return `content ${number} `.repeat(200);
}

/** Start a copy and end it after some milliseconds. */
function endAfter(
  box: Box,
  to: string,
  end: { delayMs: number; signal: NodeJS.Signals },
): Promise<void> {
  return new Promise((resolve) => {
    const child = spawn(process.execPath, [launcher, "restore", "latest", "--to", to], {
      cwd: box.workspace,
      env: { ...process.env, SNAP_HOME: box.home },
      stdio: "ignore",
    });
    const timer = setTimeout(() => child.kill(end.signal), end.delayMs);
    child.on("close", () => {
      clearTimeout(timer);
      resolve();
    });
  });
}

function expectWhole(to: string): number {
  let files = 0;
  for (const name of fs.readdirSync(to, { recursive: true, encoding: "utf8" })) {
    const at = path.join(to, name);
    if (name.startsWith(staging) || !fs.statSync(at).isFile()) continue;
    expect(fs.readFileSync(at, "utf8"), name).toBe(contentOf(Number(name.split(" ")[1])));
    files += 1;
  }
  return files;
}

test.each(["SIGKILL", "SIGINT"] as const)(
  "T15: a copy ended by %s at any moment shows no half file",
  async (signal) => {
    using box = await captured(1_500);
    for (const delayMs of [150, 220, 260, 300, 340, 380, 420, 480, 560, 700]) {
      const to = path.join(box.top, `${signal}-${delayMs}`);
      await endAfter(box, to, { delayMs, signal });
      if (!fs.existsSync(to)) continue;
      const names = fs.readdirSync(to);
      const files = expectWhole(to);
      if (signal === "SIGINT") expect([0, 1_500]).toContain(files);
      if (signal === "SIGINT") expect(names).not.toContain(staging);
      const again = await box.snap(["restore", "latest", "--to", to]);
      expect(again.code).toBe(names.length === 0 ? 0 : 3);
      if (names.includes(staging)) expect(again.stderr).toMatch(/cut off, or that is under way/u);
    }
    const to = path.join(box.top, "whole");
    expect((await box.expectExit(0, "restore", "latest", "--to", to)).stdout).toContain(
      "1500 files, 7 folders",
    );
    expect(expectWhole(to)).toBe(1_500);
  },
);

test("T15, X16: names that do harm to a terminal come back as they are, and are told escaped", async () => {
  using box = new Box();
  for (const name of hostileNames) box.write(`n/${name}`, name);
  await box.expectExit(0, "capture");
  const to = path.join(box.top, hostileNames[0] ?? "");
  const ended = await box.expectExit(0, "restore", "latest", "--to", to);
  expectPlain(ended.stdout + ended.stderr, "restore --to");
  expect(fs.readdirSync(path.join(to, "n")).toSorted()).toEqual(hostileNames.toSorted());
  const refused = await box.expectExit(3, "restore", "latest", "--to", to);
  expectPlain(refused.stdout + refused.stderr, "refused");
});

test("T15: words, places and parts of a copy", async () => {
  using box = new Box();
  box.write("notes/a", "1");
  box.write("notes/b.md", "2");
  box.write("x", "3");
  await box.expectExit(0, "capture");
  const at = (name: string): string => path.join(box.top, name);
  await box.expectExit(2, "restore", "latest", "--to", "");
  await box.expectExit(2, "restore", "latest", "--all-workspaces");
  await box.expectExit(2, "restore", "latest", "--to", at("o"), "--delete");
  await box.expectExit(2, "restore", "latest", "nothing", "--to", at("o"));
  await box.expectExit(3, "restore", "latest", "--to", path.join(box.home, "store/in"));
  await box.expectExit(3, "restore", "latest", "--to", path.join(box.workspace, ".snap/in"));
  await box.expectExit(0, "restore", "latest", "--dry-run", "--to", at("o"));
  expect(fs.existsSync(at("o"))).toBe(false);
  const { events } = await box.expectExit(
    0,
    "restore",
    "latest",
    "notes/*.md",
    "x",
    "--to",
    at("o"),
    "--json",
  );
  expect(events.at(-1)).toMatchObject({
    type: "result",
    command: "restore",
    files: 2,
    folders: 1,
    exit: 0,
    to: at("o"),
  });
  expect(fs.readdirSync(at("o"), { recursive: true, encoding: "utf8" }).toSorted()).toEqual([
    "notes",
    "notes/b.md",
    "x",
  ]);
  // Outside every workspace, and in one that is not linked.
  const outside = await box.snap(["restore", "latest", "--to", at("p")], { cwd: box.top });
  expect(outside.code).toBe(0);
  await box.expectExit(0, "restore", "latest", "--to", path.join(box.workspace, "copy"));
  expect(box.read("copy/notes/a")).toBe("1");
});

test("T15: repositories come back whole, and are checked", async () => {
  using box = new Box();
  const git = (...words: readonly string[]): void => {
    const who = ["-c", "user.name=n", "-c", "user.email=n@example.org"];
    const ended = spawnSync("git", [...who, ...words], { cwd: box.workspace });
    if (ended.status !== 0) throw new Error(ended.stderr.toString());
  };
  git("init", "-q", "-b", "main");
  box.write("a", "1");
  git("add", "a");
  git("commit", "-qm", "one");
  await box.expectExit(0, "capture");
  const to = path.join(box.top, "out");
  const { events } = await box.expectExit(0, "restore", "latest", "--to", to, "--json");
  expect(events).toContainEqual({
    v: 1,
    type: "repository",
    path: ".git",
    word: "verified",
    reasons: [],
  });
  expect(spawnSync("git", ["status", "--porcelain"], { cwd: to, encoding: "utf8" }).stdout).toBe(
    "",
  );
  expect(spawnSync("git", ["fsck", "--strict"], { cwd: to }).status).toBe(0);
  await box.expectExit(3, "restore", "latest", ".git/HEAD", "--to", `${to}2`);
  await box.expectExit(0, "restore", "latest", ".git", "--to", `${to}2`);
});
