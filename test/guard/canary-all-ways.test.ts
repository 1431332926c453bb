import { execFileSync, spawnSync } from "node:child_process";
import { chmodSync, existsSync, mkdirSync, readdirSync, utimesSync, writeFileSync } from "node:fs";
import { delimiter, join } from "node:path";
import { expect, test, vi } from "vitest";
import { lookAt } from "../../src/guard/examine.ts";
import { openGuard } from "../../src/guard/repo-guard.ts";
import { rescue } from "../../src/guard/rescue.ts";
import { findGit } from "../../src/guard/shadow-git.ts";
import { fixedClock, git, gitEnvironment, now, Scratch } from "./repositories.ts";
import { captureInto, placeOf } from "./units.ts";

vi.setConfig({ testTimeout: 60_000 });

/** A work tree of Git and Mercurial in which whatever can name a program names one. */
class Trap implements Disposable {
  readonly scratch = new Scratch();
  readonly canary: string = join(this.scratch.root, "canary");

  constructor() {
    const { scratch } = this;
    const folder = scratch.base();
    scratch.commit(folder, "lost");
    git(folder, "reset", "-q", "--hard", "HEAD~1");
    git(folder, "branch", "side", "HEAD~1");
    git(folder, "update-index", "--add", "--cacheinfo", `160000,${"a1".repeat(20)},sub`);
    const program = this.#program(scratch.at("bait"));
    for (const name of settings) git(folder, "config", "--file", this.config, name, program);
    for (const name of commands) git(folder, "config", "--file", this.config, name, `${program} x`);
    for (const [name, value] of [
      ["core.hooksPath", scratch.at("hooks")],
      ["filter.x.required", "true"],
      ["merge.default", "x"],
      ["diff.external", program],
      ["diff.submodule", "diff"],
      ["include.path", "../more-config"],
      [`includeIf.gitdir:${scratch.top}/.path`, "../more-config"],
      ["submodule.recurse", "true"],
      ["submodule.sub.url", `ext::${program}`],
      ["submodule.sub.update", `!${program}`],
      ["remote.origin.url", `ext::${program} %S`],
      ["remote.origin.uploadpack", program],
      ["remote.origin.promisor", "true"],
      ["remote.origin.partialclonefilter", "blob:none"],
      ["extensions.partialClone", "origin"],
      ["extensions.worktreeConfig", "true"],
      ["core.repositoryFormatVersion", "1"],
      ["protocol.allow", "always"],
      ["uploadpack.packObjectsHook", program],
      ["gpg.program", program],
      ["log.showSignature", "true"],
      ["core.untrackedCache", "true"],
    ] as const) {
      git(folder, "config", "--file", this.config, name, value);
    }
    const more = `[core]\n\tfsmonitor = ${program}\n[filter "x"]\n\tclean = ${program}\n\tprocess = ${program}\n`;
    scratch.write("more-config", more);
    scratch.write(".git/config.worktree", more);
    scratch.write(".gitattributes", "* filter=x diff=x merge=x\n");
    scratch.write(".git/info/attributes", "* filter=x diff=x merge=x\n");
    const sub = `[submodule "sub"]\n\tpath = sub\n\turl = ext::${program}\n\tupdate = !${program}\n`;
    scratch.write(".gitmodules", sub);
    scratch.base("sub");
    git(scratch.at("sub"), "config", "core.fsmonitor", program);
    for (const hook of hooks) {
      this.#program(scratch.at(`hooks/${hook}`));
      this.#program(scratch.at(`.git/hooks/${hook}`));
    }
    for (const name of ["git", "hg", "sh", "python3", "ssh", "git-upload-pack"]) {
      this.#program(scratch.at(`bin/${name}`));
    }
    scratch.write(".git/refs/heads/missing", `${"c".repeat(40)}\n`);
    for (const name of readdirSync(folder)) {
      if (name.startsWith("file")) utimesSync(scratch.at(name), 1e9, 1e9);
    }
    this.#mercurial();
  }

  get config(): string {
    return this.scratch.at(".git/config");
  }

  #program(path: string): string {
    mkdirSync(join(path, ".."), { recursive: true });
    writeFileSync(path, `#!/bin/sh\n: > '${this.canary}'\n`);
    chmodSync(path, 0o755);
    return path;
  }

  #mercurial(): void {
    const { scratch } = this;
    const env = { PATH: process.env["PATH"], HGRCPATH: "", HGUSER: "a" };
    const hg = (...words: string[]): unknown =>
      execFileSync("hg", ["-R", scratch.at("m"), ...words], { env, stdio: "ignore" });
    execFileSync("hg", ["init", scratch.at("m")], { env });
    scratch.write("m/x", "x");
    hg("commit", "-q", "-A", "-m", "x");
    scratch.write("m/extension.py", `open(${JSON.stringify(this.canary)}, "w").close()\n`);
    const all = `[extensions]\nc = ${scratch.at("m/extension.py")}\n[hooks]\npre-log = touch ${this.canary}\npre-verify = touch ${this.canary}\n[alias]\nlog = !touch ${this.canary}\nverify = !touch ${this.canary}\n`;
    for (const name of [".hg/hgrc", ".hg/hgrc-not-shared", "rc"]) scratch.write(`m/${name}`, all);
  }

  /** Nothing of it was run. */
  check(): void {
    expect(existsSync(this.canary)).toBe(false);
  }

  [Symbol.dispose](): void {
    this.scratch[Symbol.dispose]();
  }
}

const settings = ["core.fsmonitor", "core.sshCommand", "core.askPass", "core.gitProxy"] as const;
const commands = [
  "core.pager",
  "core.editor",
  "filter.x.clean",
  "filter.x.smudge",
  "filter.x.process",
  "diff.x.textconv",
  "diff.x.command",
  "merge.x.driver",
  "credential.helper",
  "core.alternateRefsCommand",
  "alias.status",
] as const;
const hooks = [
  "post-index-change",
  "fsmonitor-watchman",
  "reference-transaction",
  "pre-auto-gc",
  "post-checkout",
  "proc-receive",
] as const;

/** What a hostile or careless environment brings. */
function poison({ scratch, canary }: Trap): void {
  const bait = scratch.at("bait");
  for (const [name, value] of Object.entries({
    GIT_DIR: scratch.at(".git"),
    GIT_WORK_TREE: scratch.top,
    GIT_CONFIG: scratch.at("more-config"),
    GIT_CONFIG_GLOBAL: scratch.at("more-config"),
    GIT_CONFIG_SYSTEM: scratch.at("more-config"),
    GIT_CONFIG_COUNT: "1",
    GIT_CONFIG_KEY_0: "core.fsmonitor",
    GIT_CONFIG_VALUE_0: bait,
    GIT_CONFIG_PARAMETERS: `'core.fsmonitor=${bait}'`,
    GIT_EXEC_PATH: scratch.at("bin"),
    GIT_EXTERNAL_DIFF: bait,
    GIT_SSH: bait,
    GIT_SSH_COMMAND: bait,
    GIT_ASKPASS: bait,
    GIT_PAGER: bait,
    GIT_EDITOR: bait,
    GIT_PROXY_COMMAND: bait,
    GIT_ALTERNATE_OBJECT_DIRECTORIES: scratch.at(".git/objects"),
    GIT_TRACE: canary,
    GIT_TRACE2_EVENT: canary,
    HGRCPATH: scratch.at("m/rc"),
    HGPLAIN: "",
    HG: scratch.at("bin/hg"),
    PYTHONPATH: scratch.at("m"),
    PYTHONSTARTUP: scratch.at("m/extension.py"),
    ENV: bait,
    BASH_ENV: bait,
  })) {
    vi.stubEnv(name, value);
  }
}

test.each(["auto", "git", "isomorphic-git", "none"] as const)(
  "A13: nothing that can name a program gets it run, in any environment, with engine %s",
  async (engine) => {
    using trap = new Trap();
    const { scratch } = trap;
    const before = scratch.fingerprint();
    const usual = process.env["PATH"] ?? "";
    const path = ["bin", ".", "", scratch.at("bin"), usual].join(delimiter);
    poison(trap);
    try {
      const programs = { ...scratch.programs(), path };
      const guard = openGuard({ clock: fixedClock, host: "desk", programs });
      const options = { rules: () => false, overrides: [], engine } as const;
      const report = await guard.check(scratch.top, { ...options, deep: true });
      expect(report.findings.map(({ path: at }) => at)).toEqual([".", "m", "sub"]);
      trap.check();
      await guard.examine(scratch.top, options);
      await guard.examine(scratch.at("m"), { ...options, outside: scratch.top });
      trap.check();
    } finally {
      vi.unstubAllEnvs();
    }
    expect(scratch.fingerprint()).toBe(before);
  },
);

test("A13: nothing of it is run for a rescue or a capture", async () => {
  using trap = new Trap();
  const { scratch } = trap;
  const gitdir = Buffer.from(scratch.at(".git"));
  const places = { gitdir, common: gitdir };
  const { tmp = "", path } = scratch.programs();
  const clock = fixedClock;
  const found = await findGit(path, { outside: scratch.top, clock });
  if (found === undefined) throw new Error("the tests need Git");
  poison(trap);
  try {
    const health = await lookAt(
      { places, withCommon: true },
      { clock, host: "", deadline: now + 60_000 },
    );
    const out = join(scratch.root, "lost.bundle");
    const { tips } = await rescue({ places, health, out, git: found, tmp, clock });
    expect(tips.map(({ subject }) => subject)).toEqual(["lost"]);
    trap.check();
    for (const place of [
      placeOf(scratch.at(".git")),
      { vcs: "hg", folder: Buffer.from(scratch.at("m/.hg")) } as const,
    ]) {
      await captureInto(scratch, { place, into: join(scratch.root, `into-${place.vcs}`) });
      trap.check();
    }
  } finally {
    vi.unstubAllEnvs();
  }
});

test("A13: Git by itself runs what the other tests look out for", () => {
  using trap = new Trap();
  spawnSync("git", ["-C", trap.scratch.top, "status"], { env: gitEnvironment });
  expect(existsSync(trap.canary)).toBe(true);
});
