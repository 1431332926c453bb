import { execFileSync } from "node:child_process";
import {
  chmodSync,
  existsSync,
  lstatSync,
  mkdirSync,
  readFileSync,
  readdirSync,
  readlinkSync,
  rmSync,
  symlinkSync,
  truncateSync,
  writeFileSync,
} from "node:fs";
import { join } from "node:path";
import { describe, expect, test, vi } from "vitest";
import { captureUnit } from "../../src/guard/git-unit.ts";
import { FolderSink } from "../../src/guard/unit-folder.ts";
import { git, Scratch } from "./repositories.ts";
import { captureInto, gitdirOf, isContent, optionsOf, placeOf } from "./units.ts";

vi.setConfig({ testTimeout: 120_000 });

/** Everything but the tens of nanoseconds that a number cannot hold. */
function entriesOf(folder: string, under = ""): string[] {
  return readdirSync(join(folder, under))
    .toSorted()
    .flatMap((name) => {
      const path = join(under, name);
      const full = join(folder, path);
      const stats = lstatSync(full);
      const fact = `${path} ${stats.mode.toString(8)} ${Math.floor(stats.mtimeMs)}`;
      if (stats.isDirectory()) return [fact, ...entriesOf(folder, path)];
      if (stats.isSymbolicLink()) return [`${fact} ${readlinkSync(full)}`];
      return [`${fact} ${readFileSync(full).toString("base64")}`];
    });
}

test("G51, G52: a repository is captured with every byte, mode, time, link and empty folder, and nothing in it changes", async () => {
  using scratch = new Scratch();
  scratch.base();
  git(scratch.top, "branch", "other");
  git(scratch.top, "gc", "-q");
  chmodSync(join(gitdirOf(scratch), "hooks/pre-push.sample"), 0o700);
  symlinkSync("../../../elsewhere", join(gitdirOf(scratch), "hooks/post-commit"));
  mkdirSync(join(gitdirOf(scratch), "unknown/empty"), { recursive: true });
  writeFileSync(join(gitdirOf(scratch), "unknown/data"), "kept");
  const before = scratch.fingerprint();
  const into = join(scratch.tmp, "..", "restored");
  using _cleaned = removed(into);
  const result = await captureInto(scratch, { place: placeOf(gitdirOf(scratch)), into });
  expect(result).toEqual({
    word: "verified",
    reasons: [],
    movedDuring: false,
    leftOut: [],
    locks: [],
  });
  expect(scratch.fingerprint()).toBe(before);
  expect(entriesOf(into)).toEqual(entriesOf(gitdirOf(scratch)));
  expect(readdirSync(join(into, "refs/heads"))).toEqual([]);
  expect(isContent(into)).toBe(true);
});

function removed(path: string): Disposable {
  rmSync(path, { recursive: true, force: true });
  return { [Symbol.dispose]: () => rmSync(path, { recursive: true, force: true }) };
}

describe("G51: each kind of gitdir is a unit", () => {
  const kinds: Readonly<Record<string, (scratch: Scratch) => string>> = {
    bare: (scratch) => {
      scratch.base("work");
      git(scratch.top, "clone", "-q", "--bare", "work", "b.git");
      return scratch.at("b.git");
    },
    "separate gitdir": (scratch) => {
      git(scratch.top, "init", "-q", "-b", "main", "--separate-git-dir", "history", "r");
      scratch.commit(scratch.at("r"), "one");
      return scratch.at("history");
    },
    "SHA-256": (scratch) => {
      git(scratch.folder("r"), "init", "-q", "-b", "main", "--object-format=sha256");
      scratch.commit(scratch.at("r"), "one");
      return gitdirOf(scratch, "r");
    },
    "with a submodule": (scratch) => {
      scratch.base("r");
      scratch.base("lib");
      git(
        scratch.at("r"),
        "-c",
        "protocol.file.allow=always",
        "submodule",
        "--quiet",
        "add",
        scratch.at("lib"),
        "l",
      );
      git(scratch.at("r"), "commit", "-q", "-m", "lib");
      return gitdirOf(scratch, "r");
    },
    "with a worktree": (scratch) => {
      scratch.base("r");
      git(scratch.at("r"), "worktree", "add", "-q", "-b", "topic", scratch.at("w"));
      scratch.commit(scratch.at("w"), "theirs");
      writeFileSync(scratch.at("w/staged"), "only in an index");
      git(scratch.at("w"), "add", "staged");
      return gitdirOf(scratch, "r");
    },
  };

  test.each(Object.keys(kinds))("%s", async (kind) => {
    using scratch = new Scratch();
    const gitdir = kinds[kind]?.(scratch) ?? "";
    const into = join(scratch.root, "restored");
    const result = await captureInto(scratch, { place: placeOf(gitdir), into });
    expect(result).toMatchObject({ word: "verified", reasons: [] });
    expect(isContent(into)).toBe(true);
    if (kind === "with a submodule") expect(isContent(join(into, "modules/l"))).toBe(true);
    if (kind === "with a worktree") expect(existsSync(join(into, "worktrees/w/index"))).toBe(true);
  });

  test("the gitdir of a worktree alone is captured, and not said to be whole", async () => {
    using scratch = new Scratch();
    kinds["with a worktree"]?.(scratch);
    const place = placeOf(join(gitdirOf(scratch, "r"), "worktrees/w"), gitdirOf(scratch, "r"));
    const into = join(scratch.root, "restored");
    const result = await captureInto(scratch, { place, into });
    expect(result).toMatchObject({ word: "unverified", reasons: ["its objects are elsewhere"] });
    expect(existsSync(join(into, "index"))).toBe(true);
  });

  test("a submodule that lacks an object tears the unit", async () => {
    using scratch = new Scratch();
    kinds["with a submodule"]?.(scratch);
    const lib = join(gitdirOf(scratch, "r"), "modules/l");
    const tree = git(scratch.at("r/l"), "rev-parse", "HEAD^{tree}").trim();
    const isPacked = readdirSync(join(lib, "objects/pack")).length > 0;
    if (isPacked) rmSync(join(lib, "objects/pack"), { recursive: true });
    else rmSync(join(lib, "objects", tree.slice(0, 2), tree.slice(2)));
    const into = join(scratch.root, "restored");
    const result = await captureInto(scratch, { place: placeOf(gitdirOf(scratch, "r")), into });
    expect(result.word).toBe("torn");
    expect(result.reasons[0]).toMatch(/^modules\/l: /u);
  });
});

describe("G51: what is no part of a repository at rest", () => {
  test("locks are waited for, told, and not captured; neither are gc.pid and unfinished objects", async () => {
    using scratch = new Scratch();
    scratch.base();
    const gitdir = gitdirOf(scratch);
    for (const name of ["index.lock", "gc.pid", "objects/pack/tmp_pack_x", "objects/aa-lock"]) {
      writeFileSync(join(gitdir, name), "");
    }
    const into = join(scratch.root, "restored");
    const options = optionsOf(scratch);
    const start = options.clock.now();
    const result = await captureInto(scratch, { place: placeOf(gitdir), into, options });
    expect(result.locks).toEqual(["index.lock"]);
    expect(options.clock.now() - start).toBe(3_000);
    for (const name of ["index.lock", "gc.pid", "objects/pack/tmp_pack_x"]) {
      expect(existsSync(join(into, name)), name).toBe(false);
    }
  });

  test("a lock that goes is waited for no longer", async () => {
    using scratch = new Scratch();
    scratch.base();
    const lock = join(gitdirOf(scratch), "HEAD.lock");
    writeFileSync(lock, "");
    const options = optionsOf(scratch);
    const start = options.clock.now();
    const clock = {
      now: () => options.clock.now(),
      sleep: async (ms: number, signal?: AbortSignal): Promise<void> => {
        if (options.clock.now() - start > 500) rmSync(lock, { force: true });
        await options.clock.sleep(ms, signal);
      },
    };
    const into = join(scratch.root, "restored");
    const place = placeOf(gitdirOf(scratch));
    const result = await captureInto(scratch, { place, into, options: { clock } });
    expect(result).toMatchObject({ word: "verified", locks: [] });
    expect(options.clock.now() - start).toBeLessThan(1_000);
  });

  test("pipes are told and left out; links out of the gitdir stay links", async () => {
    using scratch = new Scratch();
    scratch.base();
    const gitdir = gitdirOf(scratch);
    execFileSync("mkfifo", [join(gitdir, "pipe"), join(gitdir, "objects/pack/pack-x.pack")]);
    symlinkSync("/", join(gitdir, "everything"));
    const name = Buffer.concat([Buffer.from(`${gitdir}/`), Buffer.from([0xff, 0xfe])]);
    writeFileSync(name, "bytes");
    const into = join(scratch.root, "restored");
    const result = await captureInto(scratch, { place: placeOf(gitdir), into });
    expect(result).toMatchObject({
      word: "verified",
      leftOut: ["pipe", "objects/pack/pack-x.pack"],
    });
    expect(readlinkSync(join(into, "everything"))).toBe("/");
    const copy = Buffer.concat([Buffer.from(`${into}/`), Buffer.from([0xff, 0xfe])]);
    expect(readFileSync(copy, "utf8")).toBe("bytes");
  });

  test("objects behind a link are not followed, and the unit is not said to be whole", async () => {
    using scratch = new Scratch();
    scratch.base();
    const gitdir = gitdirOf(scratch);
    execFileSync("mv", [join(gitdir, "objects"), join(scratch.root, "objects")]);
    symlinkSync(join(scratch.root, "objects"), join(gitdir, "objects"));
    const into = join(scratch.root, "restored");
    const result = await captureInto(scratch, { place: placeOf(gitdir), into });
    expect(result.word).toBe("unverified");
    expect(lstatSync(join(into, "objects")).isSymbolicLink()).toBe(true);
  });

  test("alternates make it unverified: what they lead to is another repository", async () => {
    using scratch = new Scratch();
    scratch.base("source");
    git(scratch.top, "clone", "-q", "--shared", "source", "r");
    const into = join(scratch.root, "restored");
    const place = placeOf(gitdirOf(scratch, "r"));
    const result = await captureInto(scratch, { place, into });
    expect(result).toMatchObject({
      word: "unverified",
      reasons: ["objects of another repository"],
    });
  });

  test("more state than is held in memory is refused", async () => {
    using scratch = new Scratch();
    scratch.base();
    writeFileSync(join(gitdirOf(scratch), "huge"), "");
    truncateSync(join(gitdirOf(scratch), "huge"), 300 * 1024 * 1024);
    const sink = new FolderSink(Buffer.from(join(scratch.root, "restored")));
    const place = placeOf(gitdirOf(scratch));
    await expect(captureUnit(place, sink, optionsOf(scratch))).rejects.toMatchObject({
      code: "too-large",
    });
  });

  test("nothing is captured after an interruption", async () => {
    using scratch = new Scratch();
    scratch.base();
    const stop = new AbortController();
    const options = { signal: stop.signal };
    const into = join(scratch.root, "restored");
    const place = placeOf(gitdirOf(scratch));
    const capture = captureInto(scratch, {
      place,
      into,
      options,
      meanwhile: () => stop.abort(),
    });
    await expect(capture).rejects.toMatchObject({ code: "interrupted" });
    expect(existsSync(join(into, "HEAD"))).toBe(false);
  });
});
