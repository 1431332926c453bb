import { spawn, spawnSync, type ChildProcess } from "node:child_process";
import { once } from "node:events";
import { existsSync, mkdirSync } from "node:fs";
import { expect, test } from "vitest";
import { makeShadowFolder } from "../../src/guard/shadow-folder.ts";
import { Scratch } from "./repositories.ts";

test("G33: what a killed run left is taken from its programs, and those of others go on", async () => {
  using scratch = new Scratch();
  scratch.base();
  const gitdir = Buffer.from(scratch.at(".git"));
  const places = { gitdir, common: gitdir };
  const { tmp = "" } = scratch.programs();
  const dead = spawnSync("true").pid;
  const made = makeShadowFolder(tmp, places);
  const left = made.replace(`-${process.pid}-`, `-${dead}-`);
  mkdirSync(left);
  const start = (place: string): ChildProcess =>
    spawn("/bin/sleep", ["1000"], { cwd: scratch.top, env: { TMPDIR: place }, stdio: "ignore" });
  const [orphan, other] = [start(left), start(made)];
  const ended = once(orphan, "exit");
  try {
    makeShadowFolder(tmp, places);
    expect(await ended).toEqual([null, "SIGKILL"]);
    expect(existsSync(left)).toBe(false);
    expect(other.kill(0)).toBe(true);
  } finally {
    orphan.kill("SIGKILL");
    other.kill("SIGKILL");
  }
});
