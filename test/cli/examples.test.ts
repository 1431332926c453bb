import { execFileSync, spawnSync } from "node:child_process";
import { chmodSync, mkdirSync, readFileSync, rmSync, symlinkSync, writeFileSync } from "node:fs";
import path from "node:path";
import { expect, test } from "vitest";
import { Box, launcher } from "../support/snap-process.ts";

const examples = path.join(import.meta.dirname, "../../scripts/examples");

/** The program under its name, as an installation has it. */
function withProgram(box: Box): NodeJS.ProcessEnv {
  const bin = path.join(box.top, "bin");
  mkdirSync(bin);
  const program = path.join(bin, "snap");
  writeFileSync(program, `#!/bin/sh\nexec '${process.execPath}' '${launcher}' "$@"\n`);
  chmodSync(program, 0o755);
  const { PATH = "" } = process.env;
  return { ...process.env, PATH: `${bin}:${PATH}`, SNAP_HOME: box.home, NO_COLOR: "1" };
}

function run(
  box: Box,
  env: NodeJS.ProcessEnv,
  words: readonly [script: string, ...rest: readonly string[]],
): { readonly code: number | null; readonly text: string; readonly lines: readonly string[] } {
  const [script, ...rest] = words;
  const ended = spawnSync(path.join(examples, script), rest, {
    cwd: box.workspace,
    env,
    encoding: "utf8",
  });
  const lines = ended.stdout.trim().split("\n");
  return { code: ended.status, text: ended.stdout + ended.stderr, lines };
}

function commit(folder: string): void {
  execFileSync("git", ["init", "-q", "-b", "main", folder], { stdio: "pipe" });
  const author = ["-c", "user.name=A", "-c", "user.email=a@example.org"];
  const words = [...author, "commit", "-q", "--allow-empty", "-m", "first"];
  execFileSync("git", ["-C", folder, ...words], { stdio: "pipe" });
}

test("G54: the example check-before-linking.sh links what is clean, and explains what is not", async () => {
  using box = new Box();
  await box.expectExit(0, "login", "--local");
  const env = withProgram(box);
  const library = path.join(box.workspace, "lib");
  mkdirSync(library);
  commit(library);
  const refused = run(box, env, ["check-before-linking.sh", box.workspace, "/w"]);
  expect(refused.code).toBe(3);
  expect(refused.text).toContain(`git -C ${library} push origin main`);
  expect((await box.expectExit(0, "workspaces")).stdout).toContain("No workspaces");
  box.write(".mignore", "/lib/\n");
  const linked = run(box, env, ["check-before-linking.sh", box.workspace, "/w"]);
  expect(linked.code, linked.text).toBe(0);
  expect((await box.expectExit(0, "workspaces")).stdout).toContain("/w");
});

test("G54: the example ci-guard-job.sh fails for work at risk, and tells the findings as data", async () => {
  using box = new Box();
  const env = withProgram(box);
  expect(run(box, env, ["ci-guard-job.sh", box.workspace]).code).toBe(0);
  commit(box.workspace);
  const failed = run(box, env, ["ci-guard-job.sh", box.workspace, "1m"]);
  expect(failed.code).toBe(3);
  expect(failed.lines.map((line) => JSON.parse(line).type)).toEqual(["start", "finding", "result"]);
  const origin = path.join(box.top, "origin.git");
  execFileSync("git", ["init", "-q", "--bare", origin], { stdio: "pipe" });
  execFileSync("git", ["-C", box.workspace, "remote", "add", "origin", origin]);
  execFileSync("git", ["-C", box.workspace, "push", "-q", "origin", "main"], { stdio: "pipe" });
  expect(run(box, env, ["ci-guard-job.sh", box.workspace]).code).toBe(0);
});

/** What the shell blocks of a page of the guide print, run as they stand there, in their order. */
function runPage(box: Box, name: string, after = ""): readonly string[] {
  const page = readFileSync(path.join(examples, "../../docs/guide", name), "utf8");
  const blocks = [...page.matchAll(/^```sh\n(.*?)^```$/gmsu)].map(([, block = ""]) => block);
  expect(blocks.length).toBeGreaterThan(3);
  const [first = "", ...rest] = blocks;
  const script = path.join(box.top, "page.sh");
  writeFileSync(script, [first + after, ...rest].join("\necho ---\n"));
  const env = { ...withProgram(box), HOME: box.top };
  const ended = spawnSync("bash", ["-e", script], { cwd: box.workspace, env, encoding: "utf8" });
  expect(ended.status, ended.stdout + ended.stderr).toBe(0);
  return ended.stdout.split("---\n");
}

test("the commands of the page on Git and Dropbox run as they stand there, in their order", () => {
  using box = new Box();
  const [look, pushed, leftOut, override, revoke] = runPage(box, "git-and-dropbox.md");
  expect(look).toContain("main: 1 commit not pushed, no remote");
  expect(look).toContain("exit code 3");
  expect(pushed).toContain("everything pushed");
  expect(leftOut).toContain("left out");
  expect(override).toContain("is in force");
  expect(revoke).toContain("Revoked");
});

test("N51, N53: the example nightly-verify.sh is silent about a sound store, and repairs a damaged one", async () => {
  using box = new Box();
  const env = withProgram(box);
  box.write("a.txt", "one");
  await box.expectExit(0, "capture");
  expect(run(box, env, ["nightly-verify.sh"]).code).toBe(0);
  rmSync(path.join(box.home, "store", "data"), { recursive: true });
  const saved = run(box, env, ["nightly-verify.sh", "1m"]);
  expect(saved.code, saved.text).toBe(0);
  expect(saved.text).toContain("everything was saved");
  rmSync(path.join(box.home, "store", "data"), { recursive: true });
  box.write("a.txt", "two");
  const lost = run(box, env, ["nightly-verify.sh"]);
  expect(lost.code, lost.text).toBe(5);
  expect(lost.text).toContain('"type":"missing"');
});

test("T35: the example verified-restore.sh restores what it has looked at, and nothing where something is in the way", async () => {
  using box = new Box();
  const env = withProgram(box);
  box.write("a", "1");
  await box.expectExit(0, "capture", "--label", "S");
  box.write("a", "9");
  const restored = run(box, env, ["verified-restore.sh", "S"]);
  expect(restored.code, restored.text).toBe(0);
  expect(box.read("a")).toBe("1");
  box.write("a", "8");
  rmSync(path.join(box.home, "store", "data"), { recursive: true });
  const refused = run(box, env, ["verified-restore.sh", "S", "a"]);
  expect(refused.code, refused.text).toBe(5);
  expect(JSON.parse(refused.lines.at(-1) ?? "")).toMatchObject({ ready: false, exit: 5 });
  expect(box.read("a")).toBe("8");
});

test("the commands of the page on rolling back run as they stand there, in their order", async () => {
  using box = new Box();
  await box.expectExit(0, "login", "--local");
  await box.expectExit(0, "link", box.workspace, "/w");
  symlinkSync(box.workspace, path.join(box.top, "project"));
  box.write("a", "1");
  const later = "echo 2 > a; echo 3 > b; snap sync";
  const [, restored, undone, ready] = runPage(box, "rolling-back.md", later);
  expect(restored).toContain("+ b");
  expect(restored).toContain("Restored, and verified");
  expect(undone?.match(/Taken back, and verified/g)).toHaveLength(2);
  expect(ready).toContain("Ready.");
  expect(box.read("a")).toBe("1");
});
