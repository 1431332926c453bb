import { tmpdir } from "node:os";
import path from "node:path";
import type { UnitStep } from "../core/snapshot/unit-step.ts";
import { commonDirOf } from "../guard/gitdir.ts";
import { keepCommits } from "../guard/keep-commits.ts";
import { findGit } from "../guard/shadow-git.ts";
import { Unproven } from "../guard/unproven.ts";
import type { StageUnits } from "../restore/restore-deps.ts";
import { SnapError } from "../std/error.ts";
import type { Work } from "../std/events.ts";
import type { OpenWorkspace } from "./open-workspace.ts";

/** Longer than this nobody waits for the commits of one repository, ms. */
const keepMs = 120_000;

/** A repository that is staged in place of the present one. */
export type Replacing = {
  readonly step: UnitStep;
  /** Absolute path of its folder. */
  readonly staged: string;
  readonly request: Pick<StageUnits, "restore" | "dropCommits">;
};

/**
 * Bring the commits and stashes that only the present repository has into the staged one (T39).
 *
 * @throws {SnapError} `refused` where that cannot be done and they shall not be dropped
 */
export async function keepPresentCommits(
  workspace: OpenWorkspace,
  { step, staged, request }: Replacing,
  { signal }: Work,
): Promise<void> {
  const { environment, local } = workspace;
  const { clock, variables } = environment;
  if (step.action !== "replace" || request.dropCommits) return;
  if (step.vcs === "hg") throw notKept(step, "those of Mercurial cannot be brought over");
  const gitdir = Buffer.from(path.join(local.top, step.path));
  const common = commonDirOf(gitdir);
  try {
    const { left } = await keepCommits({
      staged: Buffer.from(staged),
      present: { gitdir, common: common === undefined ? gitdir : Buffer.from(common) },
      id: request.restore,
      git: await findGit(variables["PATH"], { outside: local.top, clock }),
      deadline: clock.now() + keepMs,
      clock,
      tmp: tmpdir(),
      signal,
    });
    const [first] = left;
    if (first !== undefined) throw notKept(step, `of "${first}" something is missing there`);
  } catch (error) {
    if (error instanceof Unproven) throw notKept(step, error.reason);
    throw error;
  }
}

function notKept({ path: place }: UnitStep, why: string): SnapError {
  const message = `Nothing was changed: commits that only "${place}" has now cannot be kept (${why})`;
  return new SnapError("refused", message, {
    path: place,
    hint: "--drop-commits goes back without them: they stay in the undo area and in the safety snapshot.",
  });
}
