import { lstatSync, realpathSync } from "node:fs";
import os from "node:os";
import path from "node:path";
import { repositoriesAt } from "../guard/detect.ts";
import { lookAt } from "../guard/examine.ts";
import type { GitPlaces } from "../guard/git-refs.ts";
import { shellWord } from "../core/path/shell-word.ts";
import { rescue, type Rescue } from "../guard/rescue.ts";
import { findGit, type GitBinary } from "../guard/shadow-git.ts";
import { Unproven } from "../guard/unproven.ts";
import { SnapError, systemCode } from "../std/error.ts";
import type { Environment } from "./environment.ts";
import { isAtOrBelow, resolveFolder, workspaceAround } from "./find-workspace.ts";

/** What a person wants saved. */
export type RescueWords = {
  readonly folder: string;
  /** The bundle; undefined only looks for what could be saved. */
  readonly out: string | undefined;
  readonly signal: AbortSignal;
};

/** What was saved, and from where. */
export type RescueReport = Rescue & {
  /** Absolute path of the repository's folder. */
  readonly path: string;
  /** Absolute path of the bundle. */
  readonly out: string | undefined;
  /** Command lines that bring the commits back and show them; none without a bundle. */
  readonly commands: readonly string[];
};

/** The first look at a repository takes no longer. */
const lookMs = 60_000;

/**
 * Save the commits of a Git repository that no ref leads to into a bundle (G42). Changes nothing but that file.
 *
 * @throws {SnapError} `usage` for a folder that is no Git repository and for a file inside it, `refused` without native Git, where
 *   the file is there already, and where no bundle can be made
 */
export async function rescueRepository(
  environment: Environment,
  words: RescueWords,
): Promise<RescueReport> {
  const top = resolveFolder(environment, words.folder);
  const places = placesAt(top);
  const out =
    words.out === undefined
      ? undefined
      : outFile(environment, words.out, [top, ...textsOf(places)]);
  const outside = workspaceAround(environment, top)?.path ?? top;
  const git = await requireGit(environment, outside);
  const { clock, host } = environment;
  const health = await lookAt(
    { places, withCommon: true },
    { clock, host, deadline: clock.now() + lookMs },
  );
  const { signal } = words;
  try {
    const done = await rescue({ places, health, out, git, tmp: os.tmpdir(), clock, signal });
    return { ...done, path: top, out, commands: waysBack(done, top, out) };
  } catch (error) {
    if (!(error instanceof Unproven)) throw error;
    throw new SnapError("refused", `This repository cannot be looked into: ${error.reason}`, {
      path: top,
      hint: "`snap guard check --deep` tells what is known of it. Nothing was written.",
    });
  }
}

function waysBack({ tips, bytes }: Rescue, top: string, out: string | undefined): string[] {
  const [first] = tips;
  if (out === undefined || bytes === 0 || first === undefined) return [];
  const git = `git -C ${shellWord(top)}`;
  return [
    `${git} fetch ${shellWord(out)} 'refs/rescue/*:refs/rescue/*'`,
    `${git} log ${first.ref}`,
  ];
}

/** @throws {SnapError} `usage` */
function placesAt(top: string): GitPlaces {
  const [subject] = repositoriesAt(top).flatMap(({ discovery }) => discovery.subject ?? []);
  if (subject?.vcs === "git") return subject;
  throw new SnapError("usage", `"${top}" is no Git repository`, {
    path: top,
    hint: "`snap guard check FOLDER` lists the repositories in a folder; name one of them.",
  });
}

function textsOf({ gitdir, common }: GitPlaces): string[] {
  return [gitdir, common].map((place) => realpathSync(place.toString()));
}

/** Where the bundle goes; never into the repository (G3). */
function outFile(environment: Environment, named: string, taboo: readonly string[]): string {
  const wanted = path.resolve(environment.cwd, named);
  const file = path.join(realFolder(path.dirname(wanted)), path.basename(wanted));
  if (taboo.some((folder) => isAtOrBelow(file, folder))) {
    throw new SnapError("usage", `"${file}" lies in the repository`, {
      path: file,
      hint: "Name a file outside of it: the guard changes nothing in a repository.",
    });
  }
  if (lstatSync(file, { throwIfNoEntry: false }) !== undefined) {
    throw new SnapError("refused", `"${file}" is there already`, {
      path: file,
      hint: "Choose another name: nothing is overwritten.",
    });
  }
  return file;
}

function realFolder(folder: string): string {
  try {
    return realpathSync(folder);
  } catch (error) {
    if (systemCode(error) === undefined) throw error;
    throw new SnapError("path-missing", `There is no folder "${folder}"`, {
      path: folder,
      hint: "Check the path, or make the folder first.",
      cause: error,
    });
  }
}

/** @throws {SnapError} `refused` */
async function requireGit(environment: Environment, outside: string): Promise<GitBinary> {
  const { variables, clock } = environment;
  const git = await findGit(variables["PATH"], { outside, clock });
  if (git !== undefined) return git;
  throw new SnapError("refused", "No Git was found, and only Git can make a bundle", {
    hint: "Install Git 2.30 or newer, so that `git --version` works, and run this again. Nothing was written.",
  });
}
