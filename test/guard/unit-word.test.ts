import {
  appendFileSync,
  chmodSync,
  existsSync,
  mkdirSync,
  readFileSync,
  readdirSync,
  rmSync,
  truncateSync,
  writeFileSync,
} from "node:fs";
import { join } from "node:path";
import { describe, expect, test, vi } from "vitest";
import { captureUnit } from "../../src/guard/git-unit.ts";
import { Stage } from "../../src/guard/unit-both.ts";
import type { UnitSink } from "../../src/core/repo/unit.ts";
import { git, now, Scratch } from "./repositories.ts";
import { captureInto, gitdirOf, optionsOf, placeOf, steppingClock } from "./units.ts";

vi.setConfig({ testTimeout: 120_000 });

describe("G51: the word", () => {
  const damage: Readonly<Record<string, (gitdir: string) => void>> = {
    "an object is missing": (gitdir) => {
      const blob = git(gitdir, "--git-dir", ".", "rev-parse", "HEAD:file1").trim();
      rmSync(join(gitdir, "objects", blob.slice(0, 2), blob.slice(2)));
    },
    "an object has other bytes": (gitdir) => {
      const [one = "", other = ""] = ["HEAD:file1", "HEAD:file2"].map((name) => {
        const oid = git(gitdir, "--git-dir", ".", "rev-parse", name).trim();
        return join(gitdir, "objects", oid.slice(0, 2), oid.slice(2));
      });
      rmSync(one);
      writeFileSync(one, readFileSync(other));
    },
    "only a reflog names what is missing": (gitdir) => {
      const line = `${"0".repeat(40)} ${"1".repeat(40)} A <a@b> 1700000000 +0000\tx\n`;
      appendFileSync(join(gitdir, "logs/HEAD"), line);
    },
    "HEAD is missing": (gitdir) => rmSync(join(gitdir, "HEAD")),
    "all objects are missing": (gitdir) => rmSync(join(gitdir, "objects"), { recursive: true }),
  };

  test.each(Object.keys(damage))("torn: %s", async (name) => {
    using scratch = new Scratch();
    scratch.base();
    damage[name]?.(gitdirOf(scratch));
    const into = join(scratch.root, "restored");
    const result = await captureInto(scratch, { place: placeOf(gitdirOf(scratch)), into });
    expect(result.word).toBe("torn");
    expect(result.reasons.length).toBeGreaterThan(0);
  });

  test("torn: a file of the state cannot be read", async () => {
    using scratch = new Scratch();
    scratch.base();
    chmodSync(join(gitdirOf(scratch), "config"), 0);
    const into = join(scratch.root, "restored");
    const result = await captureInto(scratch, { place: placeOf(gitdirOf(scratch)), into });
    // Nothing is unreadable to root.
    const isRoot = process.getuid?.() === 0;
    expect(result.word).toBe(isRoot ? "verified" : "torn");
  });

  test("what is not there in time is not said to be whole", async () => {
    using scratch = new Scratch();
    scratch.base();
    const into = join(scratch.root, "restored");
    const place = placeOf(gitdirOf(scratch));
    const result = await captureInto(scratch, { place, into, options: { deadline: 0 } });
    expect(result.word).toBe("unverified");
  });

  test("verified: the time that reading takes, a long pause included, is not taken from the check", async () => {
    using scratch = new Scratch();
    scratch.base();
    let time = now;
    const clock = { ...steppingClock(), now: () => time };
    const result = await captureInto(scratch, {
      place: placeOf(gitdirOf(scratch)),
      into: join(scratch.root, "restored"),
      options: { clock, deadline: now + 60_000 },
      meanwhile: (_, phase) => {
        if (phase === "done") time += 60 * 60_000;
      },
    });
    expect(result).toMatchObject({ word: "verified", reasons: [] });
  });

  test("without Git our own code follows the objects", async () => {
    using scratch = new Scratch();
    scratch.base();
    const into = join(scratch.root, "restored");
    const options = { git: () => Promise.resolve(undefined) };
    const place = placeOf(gitdirOf(scratch));
    expect(await captureInto(scratch, { place, into, options })).toMatchObject({
      word: "verified",
    });
    damage["an object is missing"]?.(gitdirOf(scratch));
    const again = join(scratch.root, "again");
    expect(await captureInto(scratch, { place, into: again, options })).toMatchObject({
      word: "torn",
    });
  });
});

test("G5: nothing that the repository configures is run", async () => {
  using scratch = new Scratch();
  scratch.base();
  const gitdir = gitdirOf(scratch);
  const canary = join(scratch.root, "canary");
  const program = join(scratch.root, "program");
  writeFileSync(program, `#!/bin/sh\ntouch '${canary}'\n`);
  chmodSync(program, 0o755);
  for (const name of ["core.fsmonitor", "core.alternateRefsCommand", "core.sshCommand"]) {
    git(gitdir, "config", "--file", join(gitdir, "config"), name, program);
  }
  for (const name of ["post-index-change", "reference-transaction", "pre-auto-gc"]) {
    writeFileSync(join(gitdir, "hooks", name), readFileSync(program), { mode: 0o755 });
  }
  const into = join(scratch.root, "restored");
  expect(await captureInto(scratch, { place: placeOf(gitdir), into })).toMatchObject({
    word: "verified",
  });
  expect(existsSync(canary)).toBe(false);
});

/** Counts, and keeps nothing. */
function countingSink(): UnitSink & { readonly paths: string[] } {
  const paths: string[] = [];
  const nothing = (): Promise<void> => Promise.resolve();
  return {
    paths,
    file: ({ path }) => {
      paths.push(path.toString());
      return Promise.resolve({ write: nothing, done: nothing, drop: nothing });
    },
    plain: nothing,
    remove: nothing,
  };
}

test("G51: what is too large to be copied for a check is captured, and not said to be whole", async () => {
  using scratch = new Scratch();
  scratch.base();
  const gitdir = gitdirOf(scratch);
  const large = join(gitdir, "lfs/objects/aa/bb/large");
  mkdirSync(join(large, ".."), { recursive: true });
  writeFileSync(large, "");
  truncateSync(large, 1024 ** 3 + 1);
  const sink = countingSink();
  const options = optionsOf(scratch);
  const result = await captureUnit(placeOf(gitdir), sink, options);
  expect(result).toMatchObject({ word: "unverified", reasons: ["too large to be checked"] });
  expect(sink.paths).toContain("lfs/objects/aa/bb/large");
  expect(readdirSync(options.tmp)).toEqual([]);
  const head = git(scratch.top, "rev-parse", "HEAD").trim();
  rmSync(join(gitdir, "objects", head.slice(0, 2), head.slice(2)));
  const again = await captureUnit(placeOf(gitdir), countingSink(), options);
  expect(again).toMatchObject({ word: "torn" });
});

test("G51: a full disk under the copy for the check ends the copy, not the capture", async () => {
  const calls: string[] = [];
  const full = Object.assign(new Error("no space"), { code: "ENOSPC" });
  const disk: UnitSink = {
    ...countingSink(),
    file: () =>
      Promise.resolve({
        write: () => Promise.reject(full),
        done: () => Promise.resolve(void calls.push("done")),
        drop: () => Promise.resolve(void calls.push("drop")),
      }),
    plain: () => Promise.resolve(void calls.push("plain")),
  };
  const stage = new Stage(disk, () => Promise.resolve(void calls.push("cleared")));
  const common = { path: Buffer.from("x"), mode: 0o644, mtimeNs: 0n };
  const writer = await stage.file({ ...common, kind: "file", size: 3 });
  await writer.write(Buffer.from("abc"));
  await writer.done();
  await stage.plain({ ...common, kind: "folder" });
  expect(stage.isFull).toBe(true);
  expect(calls).toEqual(["cleared", "drop"]);
});
