import { spawn } from "node:child_process";
import fs from "node:fs";
import path from "node:path";
import { setTimeout as wait } from "node:timers/promises";
import { expect, test } from "vitest";
import { Box, launcher } from "../support/snap-process.ts";

test.each([
  ["an unknown one", ["--resume", "0123456789abcdef"]],
  ["one with a snapshot", ["latest", "--resume", "0123456789abcdef"]],
  ["one that is only looked at", ["--resume", "0123456789abcdef", "--dry-run"]],
  ["one that is also given up", ["--resume", "0123456789abcdef", "--abandon", "0123456789abcdef"]],
  ["one beside a copy", ["latest", "--to", "x", "--resume", "0123456789abcdef"]],
])("T30: %s is no restore to go on with", async (_name, words) => {
  using box = new Box();
  box.write("a", "1");
  await box.expectExit(0, "capture");
  await box.expectExit(2, "restore", ...words);
});

const files = 300;

/** Begin a restore, and kill it as soon as something is staged. */
async function killedRestore(box: Box): Promise<void> {
  const child = spawn(process.execPath, [launcher, "restore", "latest", "--yes"], {
    cwd: box.workspace,
    env: { ...process.env, SNAP_HOME: box.home },
    stdio: "ignore",
  });
  const ended = new Promise((resolve) => child.on("close", resolve));
  const staging = path.join(box.workspace, ".snap", "staging");
  while (child.exitCode === null && !hasFiles(staging)) await wait(2);
  child.kill("SIGKILL");
  await ended;
}

function hasFiles(folder: string): boolean {
  return (
    fs.existsSync(folder) &&
    fs
      .readdirSync(folder, { recursive: true, encoding: "utf8" })
      .some((name) => /\d+\/\d/u.test(name))
  );
}

test("T30: a restore that was killed goes on, or says that it goes on by itself", async () => {
  using box = new Box();
  for (let file = 0; file < files; file += 1) box.write(`f${file}`, `first ${file}`);
  await box.expectExit(0, "capture");
  for (let file = 0; file < files; file += 1) box.write(`f${file}`, `second ${file}`);
  await killedRestore(box);
  const { events } = await box.expectExit(0, "restores", "--json");
  const last = events.findLast(({ type }) => type === "restore");
  const isStaging = last?.["state"] === "fenced" || last?.["state"] === "staged";
  await box.expectExit(isStaging ? 0 : 2, "restore", "--resume", String(last?.["id"]));
  if (!isStaging) await box.expectExit(0, "restore", "latest", "--yes");
  for (let file = 0; file < files; file += 1) {
    expect(fs.readFileSync(path.join(box.workspace, `f${file}`), "utf8")).toBe(`first ${file}`);
  }
});
