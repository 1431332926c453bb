import { accessSync, constants, mkdirSync, realpathSync, rmSync, statSync } from "node:fs";
import { delimiter, dirname, isAbsolute, join, sep } from "node:path";
import type { Clock } from "../std/time.ts";
import { programMemoryMax, runProgram, type ProgramEnd } from "./run-program.ts";
import { furnishShadow, type ShadowPlaces } from "./shadow-files.ts";
import { makeShadowFolder } from "./shadow-folder.ts";
import { requirePlainObjects } from "./special-files.ts";

export type { ShadowPlaces } from "./shadow-files.ts";

/** The program Git of this machine. */
export type GitBinary = {
  /** Absolute. */
  readonly file: string;
  /** `2.39.5` */
  readonly version: string;
};

/** Older ones do not know all of the options that keep them quiet (G33). */
const versionMin = [2, 30] as const;
const reftableVersionMin = [2, 45] as const;

const startDeadlineMs = 5_000;

/** What the search for Git goes by. */
export type GitSearch = {
  /** Absolute; a program at or below it is not used: it may have come from somebody else. */
  readonly outside: string;
  readonly clock: Clock;
};

/**
 * The first `git` on a `PATH` (G33). Relative parts of it are passed over. undefined where there is none, or it is too old.
 */
export async function findGit(
  path: string | undefined,
  search: GitSearch,
): Promise<GitBinary | undefined> {
  const file = findProgram("git", path, search.outside);
  if (file === undefined) return undefined;
  const { clock } = search;
  const { code, stdout } = await runProgram({
    file,
    words: ["--version"],
    env: { LC_ALL: "C", PATH: dirname(file) },
    cwd: sep,
    bytesMax: 4096,
    deadline: clock.now() + startDeadlineMs,
    clock,
  });
  const version = /^git version (\d+(?:\.\d+)+)/u.exec(stdout.toString("latin1"))?.[1];
  if (code !== 0 || version === undefined || !isAtLeast(version, versionMin)) return undefined;
  return { file, version };
}

/** An executable file by its name on a `PATH`, resolved; never one at or below the folder `outside`. */
export function findProgram(
  name: string,
  path: string | undefined,
  outside: string,
): string | undefined {
  for (const folder of (path ?? "").split(delimiter)) {
    const file = isAbsolute(folder) ? executableAt(join(folder, name)) : undefined;
    if (file !== undefined && ![file, join(folder, name)].some((one) => isBelow(one, outside))) {
      return file;
    }
  }
  return undefined;
}

function executableAt(path: string): string | undefined {
  try {
    const file = realpathSync(path);
    accessSync(file, constants.X_OK);
    return statSync(file).isFile() ? file : undefined;
  } catch {
    return undefined;
  }
}

function isBelow(path: string, folder: string): boolean {
  return `${path}${sep}`.startsWith(folder.endsWith(sep) ? folder : `${folder}${sep}`);
}

/** Whether a version of Git can read refs in tables (G34). */
export function readsReftable({ version }: GitBinary): boolean {
  return isAtLeast(version, reftableVersionMin);
}

function isAtLeast(version: string, [major, minor]: readonly [number, number]): boolean {
  const [ours = 0, less = 0] = version.split(".").map(Number);
  return ours > major || (ours === major && less >= minor);
}

/** How one run of Git is bounded. */
export type GitRun = {
  readonly input?: Uint8Array;
  /** Of its output. */
  readonly bytesMax: number;
  /** ms since 1970. */
  readonly deadline: number;
};

/** A gitdir of ours that sees another one's objects, refs and index. Removed when it is disposed of. */
export interface Shadow extends AsyncDisposable {
  /** Absolute path of the gitdir. Files of ours may be put beside it, in its parent. */
  readonly gitdir: string;
  /**
   * Run `git` in it. A run that fails is no error: the caller looks at how it ended. Only for commands that write no object: where
   * Git writes one that the other repository has, it sets the time of the file there (G3).
   */
  run(words: readonly string[], run: GitRun): Promise<ProgramEnd>;
}

/** What a shadow is made with. */
export type ShadowOptions = {
  /** An absolute folder that takes what is temporary. */
  readonly tmp: string;
  readonly clock: Clock;
  readonly signal?: AbortSignal | undefined;
};

/**
 * Make a shadow gitdir (G33): a bare repository of ours whose objects are those of another one, with copies of its refs and
 * index, our own configuration and no hooks. Whatever Git writes, it writes there; nothing that the other one configures is
 * run (G5). What a killed run left behind is removed first.
 *
 * @throws {Unproven} where the other one is of a kind that this cannot be done with
 */
export async function openShadow(
  git: GitBinary,
  places: ShadowPlaces,
  { tmp, clock, signal }: ShadowOptions,
): Promise<Shadow> {
  await requirePlainObjects(places);
  const folder = makeShadowFolder(tmp, places);
  const remove = (): void => rmSync(folder, { recursive: true, force: true });
  try {
    const gitdir = join(folder, "git");
    mkdirSync(join(folder, "home"));
    const worktree = await furnishShadow(gitdir, places, readsReftable(git));
    const env = environmentOf(git, { folder, gitdir, worktree });
    return {
      gitdir,
      run: (words: readonly string[], bounds: GitRun) =>
        runProgram({
          file: git.file,
          words: [...quiet, ...words],
          env,
          cwd: gitdir,
          clock,
          signal,
          ...bounds,
        }),
      [Symbol.asyncDispose]: () => Promise.resolve(remove()),
    };
  } catch (error) {
    remove();
    throw error;
  }
}

const quiet = [
  "--no-pager",
  "-c",
  "core.hooksPath=/dev/null",
  "-c",
  "gc.auto=0",
  "-c",
  "maintenance.auto=false",
] as const;

type Surroundings = {
  readonly folder: string;
  readonly gitdir: string;
  readonly worktree: string | undefined;
};

/** The whole environment: no variable of this process goes through. */
function environmentOf(git: GitBinary, at: Surroundings): Readonly<Record<string, string>> {
  const home = join(at.folder, "home");
  return {
    PATH: dirname(git.file),
    HOME: home,
    XDG_CONFIG_HOME: home,
    TMPDIR: at.folder,
    LC_ALL: "C",
    GIT_DIR: at.gitdir,
    ...(at.worktree === undefined ? {} : { GIT_WORK_TREE: at.worktree }),
    GIT_CONFIG_NOSYSTEM: "1",
    GIT_CONFIG_SYSTEM: "/dev/null",
    GIT_CONFIG_GLOBAL: "/dev/null",
    GIT_ATTR_NOSYSTEM: "1",
    GIT_OPTIONAL_LOCKS: "0",
    GIT_TERMINAL_PROMPT: "0",
    GIT_NO_LAZY_FETCH: "1",
    GIT_NO_REPLACE_OBJECTS: "1",
    GIT_ALLOW_PROTOCOL: "none",
    // What an object or a file declares to be is not believed: Git gives up before it asks for more at once.
    GIT_ALLOC_LIMIT: `${programMemoryMax}`,
  };
}
