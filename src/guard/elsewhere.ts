import { join, resolve } from "node:path";
import { configValue } from "./git-config.ts";
import { readConfig } from "./git-layout.ts";
import { inside, isAtOrBelow, isOutOfReach, kindAt, readFolder } from "./read-only.ts";
import type { Surrounding } from "./surroundings.ts";
import type { UserPlaces } from "./user-config.ts";

/** Where repositories are that keep their history away from their files. */
export type ElsewherePlaces = UserPlaces & {
  /** `XDG_DATA_HOME`; undefined for `.local/share` in the home. */
  readonly dataHome: string | undefined;
  /** `GIT_DIR` and `GIT_WORK_TREE`, as written. */
  readonly gitDir: string | undefined;
  readonly gitWorkTree: string | undefined;
  /** Absolute; relative ones of the two start here. */
  readonly cwd: string;
};

/** Repositories of vcsh that are looked at. */
const vcshMax = 1_000;

/**
 * Repositories whose history lies outside a workspace while its files are in it (G11 `elsewhere`): that of the environment, and
 * those that yadm, vcsh and people who version their settings keep in known places. Others cannot be found by looking.
 */
export function findElsewhere(top: string, places: ElsewherePlaces): Surrounding[] {
  const named = fromEnvironment(top, places);
  const known = knownGitdirs(places).filter((gitdir) => isWorkTreeOf(gitdir, top));
  const gitdirs = [...new Set([...named, ...known])].filter((gitdir) => !isIn(gitdir, top));
  return gitdirs.toSorted().map((path) => ({
    path,
    marker: "",
    discovery: { vcs: "git", form: "elsewhere", state: "live", severity: "info", gitdir: path },
  }));
}

/** Without a work tree that is named, every folder may be it. */
function fromEnvironment(top: string, places: ElsewherePlaces): string[] {
  const { gitDir, gitWorkTree, cwd } = places;
  if (gitDir === undefined || gitDir === "") return [];
  const gitdir = resolve(cwd, gitDir);
  if (gitWorkTree !== undefined && gitWorkTree !== "")
    return overlaps(resolve(cwd, gitWorkTree), top) ? [gitdir] : [];
  const configured = workTreeOf(gitdir);
  return configured === undefined || overlaps(configured, top) ? [gitdir] : [];
}

function knownGitdirs({ home, configHome, dataHome }: ElsewherePlaces): string[] {
  if (home === undefined || !home.startsWith("/")) return [];
  const config = configHome?.startsWith("/") === true ? configHome : join(home, ".config");
  const data = dataHome?.startsWith("/") === true ? dataHome : join(home, ".local/share");
  const single = [
    join(data, "yadm/repo.git"),
    join(config, "yadm/repo.git"),
    join(home, ".yadm/repo.git"),
    join(home, ".dotfiles"),
    join(home, ".cfg"),
  ];
  return [...single, ...gitdirsIn(join(config, "vcsh/repo.d"))].filter(
    (path) => kindAt(Buffer.from(path)) === "folder",
  );
}

function gitdirsIn(folder: string): string[] {
  try {
    const entries = readFolder(Buffer.from(folder)).slice(0, vcshMax);
    return entries
      .filter(({ name }) => name.endsWith(".git"))
      .map(({ name }) => join(folder, name));
  } catch (error) {
    if (isOutOfReach(error)) return [];
    throw error;
  }
}

function isWorkTreeOf(gitdir: string, top: string): boolean {
  const worktree = workTreeOf(gitdir);
  return worktree !== undefined && overlaps(worktree, top);
}

function workTreeOf(gitdir: string): string | undefined {
  const written = configValue(readConfig(inside(Buffer.from(gitdir), "config")), "core.worktree");
  return written === undefined || written === "" ? undefined : resolve(gitdir, written);
}

/** One of the two holds the other, or is it. */
function overlaps(worktree: string, top: string): boolean {
  return isIn(worktree, top) || isIn(top, worktree);
}

function isIn(path: string, folder: string): boolean {
  return isAtOrBelow(Buffer.from(path), Buffer.from(folder));
}
