import {
  chmodSync,
  lstatSync,
  mkdirSync,
  readdirSync,
  rmSync,
  symlinkSync,
  utimesSync,
  writeFileSync,
} from "node:fs";
import { dirname, join } from "node:path";
import { expect, test } from "vitest";
import { randomFraction, seededRng } from "../../src/std/random.ts";
import { git, Scratch } from "./repositories.ts";
import { expectHonest, truthOf, type Truth } from "./truth.ts";

const seeds = [1, 2, 3, 4, 5, 6];
const paths = ["a", "b", "d/a", "d/b", "d/e/a", "d/e/b", "x/y/z", "x/b", "ü"];

/** Files, links, folders in the place of files, modes, staged or not; with branches and a remote. */
function disturb(scratch: Scratch, seed: number): string {
  const rng = seededRng(seed);
  const pick = <T>(from: readonly T[]): T =>
    from[Math.floor(randomFraction(rng) * from.length)] as T;
  const folder = scratch.folder("r");
  git(folder, "init", "-q", "-b", "main");
  git(folder, "remote", "add", "origin", "/nowhere");
  const act = (): void => {
    const path = join(folder, pick(paths));
    switch (pick(["write", "write", "write", "touch", "remove", "link", "folder", "mode", "add"])) {
      case "touch":
        if (isFile(path)) utimesSync(path, 1e9, 1e9);
        return;
      case "remove":
        return rmSync(path, { recursive: true, force: true });
      case "link":
        makeRoom(path);
        return symlinkSync(pick(["a", "d", "nowhere"]), path);
      case "folder":
        makeRoom(path);
        return mkdirSync(path);
      case "mode":
        if (isFile(path)) chmodSync(path, pick([0o644, 0o755]));
        return;
      case "add":
        git(
          folder,
          "add",
          "-A",
          ...pick(
            [[], ["d"], ["x"]].filter((words) =>
              words.every((word) => isThere(join(folder, word))),
            ),
          ),
        );
        return;
      case "write":
        makeRoom(path);
        writeFileSync(path, pick(["one", "two", "three"]));
    }
  };
  for (let round = 0; round < 4; round += 1) {
    for (let step = 0; step < 8; step += 1) act();
    git(folder, "add", "-A");
    git(folder, "commit", "-q", "--allow-empty", "-m", `${round}`);
    if (pick([true, false])) git(folder, "checkout", "-q", "-b", `branch${round}`);
    if (pick([true, false])) git(folder, "update-ref", "refs/remotes/origin/main", "HEAD");
  }
  for (let step = 0; step < 10; step += 1) act();
  return folder;
}

function isThere(path: string): boolean {
  return lstatSync(path, { throwIfNoEntry: false }) !== undefined;
}

function isFile(path: string): boolean {
  return lstatSync(path, { throwIfNoEntry: false })?.isFile() === true;
}

/** Whatever stands in the way of a file is removed. */
function makeRoom(path: string): void {
  const above = dirname(path);
  for (const place of [dirname(above), above]) {
    const stats = lstatSync(place, { throwIfNoEntry: false });
    if (stats !== undefined && !stats.isDirectory()) rmSync(place);
  }
  mkdirSync(above, { recursive: true });
  rmSync(path, { recursive: true, force: true });
}

test.each(seeds)(
  "G36: after any change every engine counts as git does (seed %i)",
  async (seed) => {
    using scratch = new Scratch();
    const folder = disturb(scratch, seed);
    expect(readdirSync(folder)).toContain(".git");
    const truth = truthOf(folder);
    const before = scratch.fingerprint();
    for (const engine of ["git", "isomorphic-git"] as const) {
      const [finding] = (await scratch.check(scratch.top, { engine })).findings;
      for (const name of Object.keys(truth) as (keyof Truth)[]) {
        const told = finding?.facts?.work[name] ?? { precision: "notComputed", reason: "?" };
        expect(told.precision, `${engine} ${name}`).toBe("exact");
        expectHonest(`${engine} ${name}`, told, truth[name]);
      }
    }
    expect(scratch.fingerprint()).toBe(before);
  },
);

const edits: readonly (readonly [string, (folder: string) => void])[] = [
  ["a mode that is staged", (folder) => git(folder, "update-index", "--chmod=+x", "file1")],
  ["a mode that is not", (folder) => chmodSync(join(folder, "file1"), 0o755)],
  ["a staged rename", (folder) => git(folder, "mv", "file1", "moved")],
  ["a staged removal with the file kept", (folder) => git(folder, "rm", "-q", "--cached", "file1")],
  ["a file that was announced", (folder) => announce(folder)],
  ["a link in the place of a file", (folder) => replaceByLink(folder)],
  ["a file behind a folder that became a link", (folder) => hideBehindLink(folder)],
  ["the same content, written again", (folder) => writeFileSync(join(folder, "file1"), "file1\n")],
  ["an empty folder", (folder) => mkdirSync(join(folder, "empty/inner"), { recursive: true })],
  ["no index", (folder) => rmSync(join(folder, ".git/index"))],
];

function announce(folder: string): void {
  writeFileSync(join(folder, "announced"), "x");
  git(folder, "add", "--intent-to-add", "announced");
}

function replaceByLink(folder: string): void {
  rmSync(join(folder, "file1"));
  symlinkSync("file2", join(folder, "file1"));
}

function hideBehindLink(folder: string): void {
  mkdirSync(join(folder, "d"));
  writeFileSync(join(folder, "d/x"), "x");
  git(folder, "add", "d/x");
  git(folder, "commit", "-q", "-m", "d");
  rmSync(join(folder, "d"), { recursive: true });
  mkdirSync(join(folder, "other"));
  writeFileSync(join(folder, "other/x"), "x");
  symlinkSync("other", join(folder, "d"));
}

test.each(edits)("G36: every engine counts %s as git does", async (_, edit) => {
  using scratch = new Scratch();
  const folder = scratch.base();
  edit(folder);
  const truth = truthOf(folder);
  for (const engine of ["git", "isomorphic-git"] as const) {
    const [finding] = (await scratch.check(scratch.top, { engine })).findings;
    for (const name of Object.keys(truth) as (keyof Truth)[]) {
      expect(finding?.facts?.work[name], `${engine} ${name}`).toMatchObject({
        precision: "exact",
        value: truth[name],
      });
    }
  }
});
