import { mkdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { expect, test } from "vitest";
import type { ElsewherePlaces } from "../../src/guard/elsewhere.ts";
import { guardExit, verdictOf } from "../../src/guard/report.ts";
import { git, Scratch } from "./repositories.ts";

const nothing: ElsewherePlaces = {
  home: undefined,
  configHome: undefined,
  dataHome: undefined,
  gitDir: undefined,
  gitWorkTree: undefined,
  cwd: "/",
};

async function found(
  scratch: Scratch,
  places: Partial<ElsewherePlaces>,
): Promise<readonly string[]> {
  const report = await scratch.check(scratch.top, { elsewhere: { ...nothing, ...places } });
  expect(guardExit(report, "warn")).toBe(0);
  expect(verdictOf(report)).toBe("clear");
  return report.findings.map(({ path, form, severity }) => `${path} ${form} ${severity}`);
}

/** A repository whose files are in another folder. */
function history(gitdir: string, worktree: string): void {
  mkdirSync(gitdir, { recursive: true });
  git(gitdir, "init", "-q", "--bare", ".");
  writeFileSync(join(gitdir, "config"), `[core]\n\tbare = false\n\tworktree = ${worktree}\n`);
}

test("G11: known homes count where their work tree covers the workspace", async () => {
  using scratch = new Scratch();
  const home = join(scratch.root, "home");
  const yadm = join(home, ".local/share/yadm/repo.git");
  const vcsh = join(home, ".config/vcsh/repo.d/vim.git");
  history(yadm, scratch.root);
  history(vcsh, scratch.top);
  history(join(home, ".dotfiles"), "/somewhere/else");
  history(join(home, ".cfg"), "../..");
  expect(await found(scratch, { home })).toEqual([
    `${join(home, ".cfg")} elsewhere info`,
    `${vcsh} elsewhere info`,
    `${yadm} elsewhere info`,
  ]);
});

test("G11: GIT_DIR counts with its work tree, or without one that is known", async () => {
  using scratch = new Scratch();
  const gitDir = join(scratch.root, "g");
  mkdirSync(gitDir);
  const told = [`${gitDir} elsewhere info`];
  expect(await found(scratch, { gitDir })).toEqual(told);
  expect(await found(scratch, { gitDir: "g", cwd: scratch.root })).toEqual(told);
  expect(await found(scratch, { gitDir, gitWorkTree: scratch.at("sub") })).toEqual(told);
  expect(await found(scratch, { gitDir, gitWorkTree: "/somewhere/else" })).toEqual([]);
  expect(await found(scratch, { gitWorkTree: scratch.top })).toEqual([]);
});

test("G11: a history in the workspace is found by looking, and told once", async () => {
  using scratch = new Scratch();
  const folder = scratch.base();
  const elsewhere = { ...nothing, gitDir: join(folder, ".git") };
  const report = await scratch.check(scratch.top, { elsewhere });
  expect(report.findings.map(({ form }) => form)).toEqual(["dir"]);
});
