import { mkdirSync } from "node:fs";
import { join } from "node:path";
import { SnapError } from "../std/error.ts";
import type { CheckOptions } from "./check-unit.ts";
import type { GitPlaces } from "./git-refs.ts";
import { kindAt, textOf, type Bytes } from "./read-only.ts";
import { removeTree } from "./remove-tree.ts";
import { makeShadowFolder } from "./shadow-folder.ts";
import { Attempts, handOn, requireGoing, type Attempt } from "./unit-attempt.ts";
import { Stage } from "./unit-both.ts";
import type { UnitSink, UnitVerdict } from "../core/repo/unit.ts";
import { FolderSink } from "./unit-folder.ts";
import { gitLayout, hgLayout, type UnitLayout } from "./unit-layout.ts";
import { walkHistory, walkState, type Part } from "./unit-listing.ts";

/** A repository that is captured as one unit (G51). */
export type UnitPlace =
  | {
      readonly vcs: "git";
      readonly places: GitPlaces;
      /** A folder in it, by its path, that is no part of the repository. */
      readonly foreign?: string;
    }
  | { readonly vcs: "hg"; readonly folder: Bytes };

/** What a capture came to (G51). Names are escaped. */
export type UnitCapture = UnitVerdict & {
  /** The repository was written to meanwhile and stands elsewhere by now; what was captured is consistent in itself. */
  readonly movedDuring: boolean;
  /** Pipes, sockets and devices in its folder: they are no part of it. */
  readonly leftOut: readonly string[];
  /** Locks that did not go in time: something is at work, or was killed. */
  readonly locks: readonly string[];
};

/** A lock is waited for so long, ms (G51, step 1). */
const lockWaitMs = 3_000;
const lockPauseMs = 50;

/** What turns out torn while it moved is captured anew so often. */
const attemptsMax = 3;
const attemptPauseMs = 200;

/**
 * Capture a repository while it may be in use (G51): its state first, its history last and again while that moves, then a
 * check of the very bytes that were handed on. Nothing is written into the repository and no lock of its own is taken (G3), so
 * a capture that is killed leaves nothing behind in it. The time until the deadline is what each check may take.
 *
 * @throws {SnapError} `too-large`, `interrupted`, `path-missing`; {Unproven} where `tmp` lies in it; whatever the sink throws
 */
export async function captureUnit(
  place: UnitPlace,
  sink: UnitSink,
  options: CheckOptions,
): Promise<UnitCapture> {
  const part = partOf(place);
  if (kindAt(part.root) !== "folder") {
    throw new SnapError("path-missing", `No repository is at "${textOf(part.root)}"`);
  }
  const taboo = place.vcs === "git" ? place.places : { gitdir: part.root, common: part.root };
  const shadow = makeShadowFolder(options.tmp, taboo);
  const remove = async (): Promise<void> => await removeTree(shadow);
  try {
    const locks = await waitForLocks(part, options);
    const folder = Buffer.from(join(shadow, "unit"));
    mkdirSync(folder);
    const stage = new Stage(new FolderSink(folder), remove);
    const staged = { vcs: place.vcs, folder };
    const attempts = new Attempts({ part, sink, stage, staged, options });
    const { state, pass, verdict, moved } = await attemptUntilWhole(attempts, options);
    await handOn(state, pass, sink);
    const leftOut = [...state.surroundings.leftOut, ...pass.leftOut];
    return { ...verdict, movedDuring: moved, leftOut, locks };
  } finally {
    await remove();
  }
}

async function attemptUntilWhole(
  attempts: Attempts,
  { clock, signal }: CheckOptions,
): Promise<Attempt> {
  for (let count = 1; count < attemptsMax; count += 1) {
    const attempt = await attempts.attempt();
    if (!isWorthAnother(attempt)) return attempt;
    await clock.sleep(attemptPauseMs, signal);
  }
  return await attempts.attempt();
}

function isWorthAnother({ verdict, moved }: Attempt): boolean {
  return verdict.word === "torn" && moved;
}

/** The folder of a unit, and how it is laid out. */
export function partOf(place: UnitPlace): Part {
  if (place.vcs === "hg") return { root: place.folder, layout: hgLayout };
  const { places, foreign } = place;
  const isLeftOut: UnitLayout["isLeftOut"] = (name, path) =>
    path === foreign || gitLayout.isLeftOut(name, path);
  return { root: places.gitdir, layout: { ...gitLayout, isLeftOut } };
}

function passOver(): void {}

/** @returns the locks that are still there */
async function waitForLocks(
  part: Part,
  { clock, signal }: CheckOptions,
): Promise<readonly string[]> {
  const end = clock.now() + lockWaitMs;
  for (;;) {
    requireGoing(signal);
    const state = await walkState(part, passOver);
    // Only Mercurial has one beside its history.
    const inHistory =
      part.layout === hgLayout ? await walkHistory(part, state.history, passOver) : undefined;
    const locks = [...state.locks, ...(inHistory?.locks ?? [])];
    if (locks.length === 0 || clock.now() >= end) return locks;
    await clock.sleep(lockPauseMs, signal);
  }
}
