import { execFileSync, spawnSync } from "node:child_process";
import {
  existsSync,
  mkdirSync,
  readFileSync,
  readdirSync,
  renameSync,
  statSync,
  writeFileSync,
} from "node:fs";
import { dirname, join } from "node:path";
import { describe, expect, test } from "vitest";
import { readRefs } from "../../src/guard/git-refs.ts";
import { parseGitConfig } from "../../src/guard/git-config.ts";
import {
  findGit,
  openShadow,
  type GitBinary,
  type ShadowPlaces,
} from "../../src/guard/shadow-git.ts";
import { makeShadowFolder } from "../../src/guard/shadow-folder.ts";
import { fixedClock, git, now, Scratch } from "./repositories.ts";

const clock = fixedClock;

async function binary(scratch: Scratch): Promise<GitBinary> {
  const found = await findGit(process.env["PATH"], { outside: scratch.top, clock });
  if (found === undefined) throw new Error("these tests need git");
  return found;
}

function placesOf(folder: string, more: Partial<ShadowPlaces> = {}): ShadowPlaces {
  const gitdir = Buffer.from(join(folder, ".git"));
  const format = { objects: "sha1", refs: "files", partial: false } as const;
  return { gitdir, common: gitdir, worktree: Buffer.from(folder), configs: [], format, ...more };
}

const bounds = { bytesMax: 1024 * 1024, deadline: now + 60_000 };

function tmpOf(scratch: Scratch): string {
  const tmp = join(scratch.root, "tmp");
  mkdirSync(tmp, { recursive: true });
  return tmp;
}

describe("G33: a shadow", () => {
  test("has the refs that were read before, where they were", async () => {
    using scratch = new Scratch();
    const folder = scratch.base();
    const { refs } = readRefs(placesOf(folder));
    git(folder, "branch", "later");
    const seen: string[] = [];
    for (const known of [refs, undefined]) {
      const places = placesOf(folder, { refs: known });
      await using shadow = await openShadow(await binary(scratch), places, {
        tmp: tmpOf(scratch),
        clock,
      });
      const { stdout } = await shadow.run(["for-each-ref", "--format=%(refname)"], bounds);
      seen.push(stdout.toString());
    }
    expect(seen).toEqual(["refs/heads/main\n", "refs/heads/later\nrefs/heads/main\n"]);
  });

  test("tells what git itself tells, and nothing of the repository changes", async () => {
    using scratch = new Scratch();
    const folder = scratch.base();
    scratch.pushed(folder);
    git(folder, "pack-refs", "--all");
    scratch.commit(folder, "later");
    writeFileSync(join(folder, "file1"), "changed");
    writeFileSync(join(folder, "new"), "");
    using other = new Scratch();
    const tmp = tmpOf(other);
    const [status, log] = [git(folder, "status", "--porcelain"), git(folder, "log", "--all")];
    const before = scratch.fingerprint();
    {
      await using shadow = await openShadow(await binary(scratch), placesOf(folder), {
        tmp,
        clock,
      });
      expect(statSync(dirname(shadow.gitdir)).mode & 0o777).toBe(0o700);
      expect((await shadow.run(["status", "--porcelain"], bounds)).stdout.toString()).toBe(status);
      expect((await shadow.run(["log", "--all"], bounds)).stdout.toString()).toBe(log);
      const fsck = await shadow.run(["fsck", "--full"], bounds);
      expect(fsck).toMatchObject({ end: "exited", code: 0 });
    }
    expect(readdirSync(tmp)).toEqual([]);
    expect(scratch.fingerprint()).toBe(before);
  });

  test("serves a linked worktree: its own HEAD and index, the common refs", async () => {
    using scratch = new Scratch();
    const folder = scratch.base();
    git(folder, "worktree", "add", "-q", "-b", "topic", join(folder, "wt"));
    writeFileSync(join(folder, "wt/file2"), "changed");
    const common = Buffer.from(join(folder, ".git"));
    const gitdir = Buffer.from(join(folder, ".git/worktrees/wt"));
    const places = placesOf(folder, { common, gitdir, worktree: Buffer.from(join(folder, "wt")) });
    await using shadow = await openShadow(await binary(scratch), places, {
      tmp: tmpOf(scratch),
      clock,
    });
    const { stdout } = await shadow.run(["status", "-sb"], bounds);
    expect(stdout.toString()).toBe("## topic\n M file2\n");
  });

  test("finds objects through the user's own alternates, and in folders with odd names", async () => {
    using scratch = new Scratch();
    scratch.base("first");
    const odd = scratch.folder('with "quotes"\nand a line');
    git(scratch.top, "clone", "-q", "--shared", "first", join(odd, "second"));
    const folder = join(odd, "second");
    await using shadow = await openShadow(await binary(scratch), placesOf(folder), {
      tmp: tmpOf(scratch),
      clock,
    });
    const { stdout } = await shadow.run(["rev-list", "--count", "HEAD"], bounds);
    expect(stdout.toString()).toBe("3\n");
  });

  test("serves a work tree whose path is no text", async () => {
    using scratch = new Scratch();
    scratch.base("plain");
    const odd = Buffer.concat([Buffer.from(`${scratch.top}/caf`), Buffer.from([0xe9])]);
    renameSync(scratch.at("plain"), odd);
    const gitdir = Buffer.concat([odd, Buffer.from("/.git")]);
    const places = placesOf(scratch.top, { gitdir, common: gitdir, worktree: odd });
    await using shadow = await openShadow(await binary(scratch), places, {
      tmp: tmpOf(scratch),
      clock,
    });
    const { stdout, code } = await shadow.run(["status", "--porcelain"], bounds);
    expect([code, stdout.toString()]).toEqual([0, ""]);
  });

  test("runs nothing that the repository configures, and takes over only harmless values", async () => {
    using scratch = new Scratch();
    const folder = scratch.base();
    const canary = join(scratch.root, "canary");
    const touch = `touch ${canary}`;
    for (const [name, value] of [
      ["core.fsmonitor", touch],
      ["core.hooksPath", join(folder, "hooks")],
      ["filter.x.clean", touch],
      ["filter.x.process", touch],
      ["core.pager", touch],
      ["diff.external", touch],
      ["core.sshCommand", touch],
      ["core.fileMode", "false"],
      ["core.autocrlf", "input"],
    ] as const) {
      git(folder, "config", name, value);
    }
    scratch.write(".gitattributes", "* filter=x diff=x\n");
    writeFileSync(join(folder, "file1"), "changed");
    const config = parseGitConfig(readFileSync(join(folder, ".git/config"), "utf8"));
    await using shadow = await openShadow(
      await binary(scratch),
      placesOf(folder, { configs: [config] }),
      { tmp: tmpOf(scratch), clock },
    );
    for (const words of [["status", "--porcelain"], ["diff"], ["log", "-p"], ["fsck"]]) {
      expect(await shadow.run(words, bounds)).toMatchObject({ end: "exited", code: 0 });
    }
    expect(existsSync(canary)).toBe(false);
    const { stdout } = await shadow.run(["config", "--list", "--name-only"], bounds);
    expect(stdout.toString()).toContain("core.autocrlf");
    expect(stdout.toString()).not.toMatch(/filter|pager|external|ssh/u);
  });

  test("shows no sparse index to git, which would set the time of packs", async () => {
    using scratch = new Scratch();
    scratch.base("source");
    scratch.write("source/a/b", "x");
    git(scratch.at("source"), "add", "a");
    git(scratch.at("source"), "commit", "-q", "-m", "a");
    git(scratch.top, "clone", "-q", `file://${scratch.at("source")}`, "r");
    const folder = scratch.at("r");
    git(folder, "sparse-checkout", "set", "--cone", "--sparse-index", "c");
    const before = scratch.fingerprint();
    {
      await using shadow = await openShadow(await binary(scratch), placesOf(folder), {
        tmp: scratch.programs().tmp ?? "",
        clock,
      });
      expect((await shadow.run(["fsck", "--full"], bounds)).code).toBe(0);
      expect((await shadow.run(["ls-files"], bounds)).stdout.toString()).toBe("");
    }
    expect(scratch.fingerprint()).toBe(before);
  });

  test("takes no variable of this process", async () => {
    using scratch = new Scratch();
    const folder = scratch.base();
    process.env["GIT_DIR"] = "/nowhere";
    try {
      await using shadow = await openShadow(await binary(scratch), placesOf(folder), {
        tmp: tmpOf(scratch),
        clock,
      });
      const { stdout } = await shadow.run(["rev-parse", "--git-dir"], bounds);
      expect(stdout.toString().trim()).toBe(shadow.gitdir);
    } finally {
      delete process.env["GIT_DIR"];
    }
  });

  test("output beyond the bound, the budget and an abort end a run", async () => {
    using scratch = new Scratch();
    const folder = scratch.base();
    const abort = new AbortController();
    await using shadow = await openShadow(await binary(scratch), placesOf(folder), {
      tmp: tmpOf(scratch),
      clock,
      signal: abort.signal,
    });
    const much = await shadow.run(["log", "-p"], { ...bounds, bytesMax: 10 });
    expect(much).toMatchObject({ end: "too-much", code: undefined });
    expect(much.stdout).toHaveLength(10);
    const late = await shadow.run(["log"], { ...bounds, deadline: now });
    expect(late).toMatchObject({ end: "budget", code: undefined });
    const waiting = shadow.run(["log"], bounds);
    abort.abort();
    expect((await waiting).end).toBe("interrupted");
    expect((await shadow.run(["log"], bounds)).end).toBe("interrupted");
  });

  test("that a killed run left behind is removed by the next; others stay", async () => {
    using scratch = new Scratch();
    const folder = scratch.base();
    const tmp = tmpOf(scratch);
    const dead = spawnSync("true").pid;
    const name = (pid: number): string =>
      makeShadowFolder(tmp, placesOf(folder)).replace(`-${process.pid}-`, `-${pid}-`);
    const live = makeShadowFolder(tmp, placesOf(folder));
    const left = name(dead);
    mkdirSync(join(left, "git"), { recursive: true });
    mkdirSync(join(tmp, "snap-guard-shadow-other"));
    const made = makeShadowFolder(tmp, placesOf(folder));
    expect([left, live, made].map((path) => existsSync(path))).toEqual([false, true, true]);
    expect(existsSync(join(tmp, "snap-guard-shadow-other"))).toBe(true);
  });

  test("is not made inside the repository", async () => {
    using scratch = new Scratch();
    const folder = scratch.base();
    scratch.folder("src");
    const before = scratch.fingerprint();
    for (const tmp of [folder, join(folder, ".git"), join(folder, "src")]) {
      await expect(
        openShadow(await binary(scratch), placesOf(folder), { tmp, clock }),
      ).rejects.toMatchObject({ reason: "temp-inside" });
    }
    expect(scratch.fingerprint()).toBe(before);
  });

  test("is removed where it cannot be made", async () => {
    using scratch = new Scratch();
    const folder = scratch.base();
    execFileSync("mkfifo", [scratch.at(".git/shallow")]);
    const tmp = tmpOf(scratch);
    await expect(
      openShadow(await binary(scratch), placesOf(folder), { tmp, clock }),
    ).rejects.toMatchObject({ reason: "file-not-read" });
    expect(readdirSync(tmp)).toEqual([]);
  });
});
