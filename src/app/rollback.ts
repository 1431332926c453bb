import { isTopGone, remakeTop } from "../engine/guards/presence.ts";
import { checkRollback, type RollbackState } from "../engine/guards/rollback.ts";
import { planRollbackOf, settleRollback, type RollbackChoice } from "../restore/rollback.ts";
import { SnapError } from "../std/error.ts";
import type { Work } from "../std/events.ts";
import type { Environment } from "./environment.ts";
import { requireLink } from "./find-workspace.ts";
import type { PlannedRequest, RestoreReport } from "./restore.ts";
import { recoverRestore, restoreDeps } from "./restore-world.ts";
import { openLinked, type LinkedWorkspace } from "./workspace.ts";

/** What was found of a disk that somebody else put back, in words. */
export type RollbackFound = { readonly found: RollbackState["found"]; readonly message: string };

/** Whether the workspace around a place was rolled back behind our back; undefined: it was not. */
export async function showRollback(
  environment: Environment,
  place: string,
  work: Work,
): Promise<RollbackFound | undefined> {
  await using workspace = await openLinked(
    environment,
    requireLink(environment, place),
    "rollback show",
  );
  await recoverRestore(workspace, work);
  await workspace.engine.observe(work);
  const state = await checkRollback(workspace.engineDeps);
  return state && { found: state.found, message: messageOf(state) };
}

function messageOf({ found, generation, marker, beacon }: RollbackState): string {
  switch (found) {
    case "index-behind":
      return `This disk was rolled back: it has seen ${generation} changing syncs, Dropbox ${beacon?.generation ?? "more"} (the last at ${beacon?.time ?? "an unknown time"}).`;
    case "workspace-behind":
      return `The workspace was rolled back: its marker knows ${marker} changing syncs, the index ${generation}.`;
    case "remote-emptied":
      return "The remote folder was emptied: nothing that both sides once agreed on is there.";
  }
}

/** Which side is wanted. */
export type RollbackWords = PlannedRequest & { readonly choice: RollbackChoice };

/**
 * Settle a rollback: keep the disk as it is, or take the cloud's state; `nothing` where none happened. Keeping the disk also
 * makes a linked folder again that is gone.
 *
 * @throws {SnapError} `remote-missing` for `discard` where the linked folder is gone, as `settleRollback`, and what opening
 * the workspace can throw
 */
export async function rollBack(
  environment: Environment,
  words: RollbackWords,
  work: Work,
): Promise<RestoreReport | "planned" | "nothing"> {
  const record = requireLink(environment, words.place);
  await using workspace = await openLinked(environment, record, `rollback ${words.choice}`);
  return await rollBackOpen(workspace, words, work);
}

/** The same, of a workspace that is held already. */
export async function rollBackOpen(
  workspace: LinkedWorkspace,
  words: Omit<RollbackWords, "place">,
  work: Work,
): Promise<RestoreReport | "planned" | "nothing"> {
  await recoverRestore(workspace, work, words.onEvent);
  const isGone = words.choice === "keep" && (await isTopGone(workspace.engineDeps));
  if (isGone && words.dryRun) return "planned";
  if (isGone) await makeTopAgain(workspace, words);
  const deps = await restoreDeps(workspace, words.onEvent);
  if (words.dryRun) {
    return (await planRollbackOf(deps, words.choice, work)) === undefined ? "nothing" : "planned";
  }
  const report = await settleRollback(deps, words, work);
  const { index } = workspace.state;
  index.transaction(() => index.setMeta("rolled_back", undefined));
  return report ?? "nothing";
}

/** The plan can only be made against a folder that is there; an empty one harms nobody. */
async function makeTopAgain(
  workspace: LinkedWorkspace,
  { consent, onEvent }: Omit<RollbackWords, "place">,
): Promise<void> {
  const remote = workspace.record.remote;
  if (consent.by === "none") {
    throw new SnapError("consent-needed", `The linked folder "${remote}" is gone from Dropbox`, {
      path: remote,
      hint: "`snap rollback keep --yes` makes it again, and uploads what this disk holds.",
    });
  }
  await remakeTop(workspace.engineDeps);
  onEvent({
    type: "warning",
    message: `The linked folder "${remote}" was gone, and is made again`,
  });
}
