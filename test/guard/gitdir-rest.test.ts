/** Whether a repository that is synced by override rests (G45). */
import { readFileSync, rmSync, utimesSync, writeFileSync } from "node:fs";
import { expect, test } from "vitest";
import { parseRelPath } from "../../src/core/path/rel-path.ts";
import { gitdirRestMs, staleLockMs } from "../../src/core/repo/work-trees.ts";
import { openWorkTrees } from "../../src/guard/work-trees.ts";
import { Scratch } from "./repositories.ts";

const gitdir = parseRelPath(".git");

/** The guard's word, as much later as is said. */
async function resting(scratch: Scratch, laterMs: number, since?: number): Promise<string> {
  const clock = { now: () => Date.now() + laterMs, sleep: () => Promise.resolve() };
  const found = await openWorkTrees({ top: scratch.top, clock }).resting(gitdir, since);
  return found === undefined ? "rests" : `${found.reason} ${found.hint ?? ""}`.trim();
}

/** The last write was so much later: a disk does not tell two of one moment apart. */
function written(scratch: Scratch, laterS: number): void {
  const at = Date.now() / 1000 + laterS;
  utimesSync(scratch.at(".git/refs/heads"), at, at);
}

test("G45: a repository rests once nothing in it was written for five seconds", async () => {
  using scratch = new Scratch();
  scratch.base();
  expect(await resting(scratch, 0)).toBe("holds a repository that has just been written to");
  expect(await resting(scratch, gitdirRestMs + 1)).toBe("rests");
});

test("G45: what was written since the look counts, however long ago", async () => {
  using scratch = new Scratch();
  scratch.base();
  const hour = 3_600_000;
  expect(await resting(scratch, hour, Date.now() + 1)).toBe("rests");
  expect(await resting(scratch, hour, Date.now() - hour)).toContain("just been written");
});

test.each([
  ".git/objects/ab/cd",
  ".git/objects/pack/pack-1.pack",
  ".git/logs/HEAD",
  ".git/refs/x/y",
])("G45: a new %s is a write", async (path) => {
  using scratch = new Scratch();
  scratch.base();
  const before = Date.now() + 1_000;
  scratch.write(path, "x");
  const at = before / 1000 + 1;
  // The folder of an object, and the file itself elsewhere.
  const told = path.includes("objects") ? path.slice(0, path.lastIndexOf("/")) : path;
  utimesSync(scratch.at(told), at, at);
  expect(await resting(scratch, 3_600_000, before)).toContain("just been written");
});

test.each(["index.lock", "refs/heads/main.lock", "gc.pid", "objects/info/commit-graphs/x.lock"])(
  "G45: %s keeps a repository from moving, and is told with its age when it is old",
  async (name) => {
    using scratch = new Scratch();
    scratch.base();
    scratch.write(`.git/${name}`, "");
    expect(await resting(scratch, gitdirRestMs + 1)).toContain(`"${name}" is there`);
    const old = await resting(scratch, staleLockMs + 90_000);
    expect(old).toContain(`remove "${scratch.at(`.git/${name}`)}"`);
    rmSync(scratch.at(`.git/${name}`));
    expect(await resting(scratch, gitdirRestMs + 1_000)).toBe("rests");
  },
);

test("G4: a gitdir that cannot be read is busy; G3: nothing changes", async () => {
  using scratch = new Scratch();
  scratch.base();
  const before = scratch.fingerprint();
  await resting(scratch, 0);
  expect(scratch.fingerprint()).toBe(before);
  rmSync(scratch.at(".git"), { recursive: true });
  writeFileSync(scratch.at(".git"), "gitdir: nowhere\n");
  expect(await resting(scratch, 0)).toContain("cannot be read");
});

test("G45: a damaged repository is left alone, and goes on when it is whole again", async () => {
  using scratch = new Scratch();
  scratch.base();
  const clock = { now: () => Date.now() + 60_000, sleep: () => Promise.resolve() };
  const guard = openWorkTrees({ top: scratch.top, clock });
  expect(await guard.resting(gitdir)).toBeUndefined();
  const lost = "11".repeat(20);
  scratch.write(".git/refs/heads/lost", `${lost}\n`);
  written(scratch, 1);
  expect(await guard.resting(gitdir)).toMatchObject({
    reason: expect.stringContaining("tip-missing"),
    hint: expect.stringContaining("rescue"),
  });
  rmSync(scratch.at(".git/refs/heads/lost"));
  written(scratch, 2);
  expect(await guard.resting(gitdir)).toBeUndefined();
});

test("G45: what a sync leaves that was cut off is no reason to hold the rest of it", async () => {
  using scratch = new Scratch();
  scratch.base();
  scratch.write(".git/objects/pack/pack-1111111111111111111111111111111111111111.pack", "PACK");
  scratch.write(".git/logs/refs/heads/topic", readFileSync(scratch.at(".git/logs/HEAD"), "utf8"));
  expect(await resting(scratch, 3_600_000)).toBe("rests");
});
