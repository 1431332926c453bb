import { execFileSync, spawnSync } from "node:child_process";
import {
  existsSync,
  mkdirSync,
  mkdtempSync,
  readFileSync,
  rmSync,
  symlinkSync,
  writeFileSync,
} from "node:fs";
import os from "node:os";
import path from "node:path";
import { afterAll, beforeAll, expect, test } from "vitest";

const root = path.join(import.meta.dirname, "../..");
const scratch = mkdtempSync(path.join(os.tmpdir(), "snap-packed-"));
const installed = path.join(scratch, "node_modules/snap-sync/dist/cli/launch.cjs");
const home = path.join(scratch, "home");

/**
 * Unpack the tarball where npm would, beside the packages that it declares and no others. Fetching them again would show nothing
 * more, and hang where the network does.
 */
beforeAll(() => {
  const pack = ["pack", "--json", "--ignore-scripts", "--pack-destination", scratch];
  const [{ filename }] = JSON.parse(execFileSync("npm", pack, { cwd: root, encoding: "utf8" }));
  const folder = path.join(scratch, "node_modules/snap-sync");
  mkdirSync(folder, { recursive: true });
  const tarball = path.join(scratch, filename);
  execFileSync("tar", ["-xzf", tarball, "-C", folder, "--strip-components=1"]);
  const { dependencies } = JSON.parse(readFileSync(path.join(folder, "package.json"), "utf8"));
  for (const name of Object.keys(dependencies)) {
    const link = path.join(scratch, "node_modules", name);
    mkdirSync(path.dirname(link), { recursive: true });
    symlinkSync(path.join(root, "node_modules", name), link);
  }
}, 60_000);

afterAll(() => rmSync(scratch, { recursive: true }));

function run(
  node: string,
  words: readonly string[],
): { code: number | null; stdout: string; stderr: string } {
  const cwd = path.join(scratch, "work");
  mkdirSync(cwd, { recursive: true });
  const { status, stdout, stderr } = spawnSync(node, [installed, ...words], {
    cwd,
    encoding: "utf8",
    env: { ...process.env, SNAP_HOME: home, SNAP_NODE: "" },
  });
  return { code: status, stdout, stderr };
}

test("the packed and installed program does its main job", () => {
  const cwd = path.join(scratch, "work");
  mkdirSync(cwd, { recursive: true });
  writeFileSync(path.join(cwd, "a.txt"), "one");
  for (const words of [
    ["login", "--local"],
    ["link"],
    ["sync"],
    ["capture"],
    ["restore", "latest", "--yes"],
    ["verify", "latest", "--level", "4"],
  ]) {
    const ended = run(process.execPath, words);
    expect(ended.code, ended.stdout + ended.stderr).toBe(0);
  }
});

test("on an older Node it says in one sentence what it needs", () => {
  const older = olderNode();
  if (older === undefined) {
    console.warn("No Node older than 24 is installed here: the refusal was not tried.");
    return;
  }
  const ended = run(older, ["version"]);
  expect(ended.code).toBe(2);
  expect(ended.stderr).toMatch(/^snap needs Node\.js 24 or newer; this is v\d+\.\d+\.\d+\..*\n$/);
  const relaunched = spawnSync(older, [installed, "version"], {
    encoding: "utf8",
    env: { ...process.env, SNAP_HOME: home, SNAP_NODE: process.execPath },
  });
  expect(relaunched.stdout).toContain(process.version);
});

/** The system's own Node, where it is older than the program needs. */
function olderNode(): string | undefined {
  for (const file of ["/usr/bin/node", "/usr/local/bin/node"]) {
    if (!existsSync(file)) continue;
    const version = execFileSync(file, ["--version"], { encoding: "utf8" });
    if (Number(version.slice(1).split(".")[0]) < 24) return file;
  }
  return undefined;
}
