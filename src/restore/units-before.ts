import type { RelPath } from "../core/path/rel-path.ts";
import { readFacts } from "../core/snapshot/restore-report.ts";
import type { RestoreRow } from "../core/snapshot/restore-state.ts";
import type { UnitStep } from "../core/snapshot/unit-step.ts";
import type { Work } from "../std/events.ts";
import { changedSince } from "./changed-since.ts";
import type { PlannedUnits } from "../core/snapshot/restore-plan.ts";
import type { RestoreDeps } from "./restore-deps.ts";

/**
 * What taking a restore back does with repositories: each goes back where nobody worked in it since (T45).
 *
 * @throws {SnapError} `refused` where somebody did, unless those are skipped
 */
export async function unitsBefore(
  { units }: RestoreDeps,
  { undone, skipChanged }: { readonly undone: RestoreRow; readonly skipChanged: boolean },
  work: Work,
): Promise<PlannedUnits> {
  const changed: RelPath[] = [];
  const steps: UnitStep[] = [];
  if (units === undefined) return { steps, left: [], elsewhere: [] };
  for (const step of readFacts(undone).units ?? []) {
    const now = await units.contentAt(step, work);
    if (now === step.after) {
      steps.push(takenBack(step, units.isKept(step, undone.id) ? undone.id : undefined));
    } else changed.push(step.path);
  }
  if (changed.length > 0 && !skipChanged) throw changedSince(changed);
  const reason = "the repository was changed since the restore";
  return { steps, left: changed.map((path) => ({ path, side: "local", reason })), elsewhere: [] };
}

const back = { create: "delete", replace: "replace", delete: "create" } as const;

function takenBack(step: UnitStep, source: string | undefined): UnitStep {
  const { path, vcs, before, after, from, to } = step;
  const action = back[step.action];
  return {
    path,
    vcs,
    action,
    ...(after === undefined ? {} : { before: after }),
    ...(before === undefined ? {} : { after: before }),
    ...(source === undefined || action === "delete" ? {} : { source }),
    ...(to === undefined ? {} : { from: to }),
    ...(from === undefined ? {} : { to: from }),
  };
}
