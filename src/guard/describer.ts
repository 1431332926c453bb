import { tmpdir } from "node:os";
import type { RepositoryFacts, RepositoryState } from "../core/repo/finding.ts";
import type { Clock } from "../std/time.ts";
import type { Subject } from "./classify.ts";
import { describeGit, type Describing, type EngineChoice } from "./describe.ts";
import { describeHg } from "./hg.ts";
import { isOutOfReach, type Bytes } from "./read-only.ts";
import { findProgram, type GitBinary } from "./shadow-git.ts";
import { noSettings, userSettings, type UserPlaces } from "./user-config.ts";

/** The programs of this machine that may be asked, and where files of ours may be meanwhile. */
export type GuardPrograms = UserPlaces & {
  /** `PATH`: folders with programs. */
  readonly path: string | undefined;
  /** Absolute; the system's own where it is not given. */
  readonly tmp?: string | undefined;
};

/** How a check describes. */
export type DescriberOptions = {
  /** The folder that is checked, or the workspace around it: no program of its is used. */
  readonly outside: string;
  readonly engine: EngineChoice;
  /** Git, found when it is first asked for. */
  readonly git: () => Promise<GitBinary | undefined>;
  /** ms since 1970. */
  readonly deadline: number;
  readonly signal?: AbortSignal | undefined;
};

/** A repository to be described. */
export type Described = {
  readonly subject: Subject | undefined;
  readonly state: RepositoryState;
  /** Nothing is decided by its numbers: plain text is enough. */
  readonly plain: boolean;
  /** Folders with rules to ignore files that Git must not open. */
  readonly oddIgnores: readonly Bytes[];
};

/** Describes the repositories of one check, one after the other. */
export type Describer = (described: Described) => Promise<RepositoryFacts | undefined>;

/** One describer for one check; programs are looked for when they are first needed. */
export function openDescriber(
  { clock, programs }: { readonly clock: Clock; readonly programs?: GuardPrograms | undefined },
  { outside, engine, git, deadline, signal }: DescriberOptions,
): Describer {
  const path = programs?.path;
  const describing: Describing = {
    engine,
    clock,
    deadline,
    signal,
    git,
    hg: () => findProgram("hg", path, outside),
    tmp: programs?.tmp ?? tmpdir(),
    user: programs === undefined ? noSettings : userSettings(programs),
  };
  return async ({ subject, state, plain, oddIgnores }) => {
    if (subject === undefined) return undefined;
    // Git itself would not open a broken one.
    const isOpen = state === "live" || state === "displaced";
    const asked = plain || !isOpen ? ({ ...describing, engine: "none" } as const) : describing;
    try {
      return subject.vcs === "git"
        ? await describeGit(subject, { ...asked, oddIgnores })
        : await describeHg(subject.gitdir, asked);
    } catch (error) {
      // It was there a moment ago. What is not described is at risk.
      if (isOutOfReach(error)) return undefined;
      throw error;
    }
  };
}
