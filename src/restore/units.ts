import { readFacts, type LeftItem } from "../core/snapshot/restore-report.ts";
import type { UnitStep } from "../core/snapshot/unit-step.ts";
import { present } from "../std/assert.ts";
import type { Work } from "../std/events.ts";
import { throwIfAborted } from "../std/error.ts";
import type { Draft, Order } from "./draft.ts";
import type { RestoreUnits } from "./restore-deps.ts";
import type { Run } from "./run.ts";

/**
 * Write the repositories that are to be placed below the staging area, whole and checked (T38), and note all that is to be done.
 *
 * @param snapshot that they come from
 * @throws {SnapError} `damaged`, `refused`, `disk-full`, `interrupted`: nothing was changed
 */
export async function stageUnits(
  run: Run,
  { plan }: Draft,
  snapshot: string | undefined,
): Promise<void> {
  const { units: steps = [] } = plan;
  if (steps.length === 0) return;
  const { deps, id, work, facts } = run;
  const dropCommits = facts.options.dropCommits === true;
  const request = { restore: id, snapshot: snapshot ?? "", steps, dropCommits };
  await present(deps.units, "repositories to restore").stage(request, work);
  run.note({ units: steps });
}

/** The snapshot whose repositories are staged: of an undo, where its undo area is gone, the safety snapshot. */
export function unitsFrom({ deps }: Run, { subject, undoes }: Order): string | undefined {
  if (undoes === undefined) return subject.snapshot;
  const undone = deps.journal.restore(undoes);
  return (undone && readFacts(undone).safety.local) ?? undefined;
}

/** Swap them, behind the files: from the first one on there is no way back but undo (T30, T40). After a crash the same goes on. */
export async function swapUnits(run: Run): Promise<void> {
  const { units: steps = [] } = run.facts;
  if (steps.length === 0) return;
  const units = present(run.deps.units, "repositories to restore");
  const ended: UnitStep[] = [];
  const left: LeftItem[] = [];
  for (const [done, step] of steps.entries()) {
    throwIfAborted(run.work.signal);
    if (run.row.state !== "committing") run.enter("committing");
    const outcome = await units.swap(run.id, step, run.work);
    if (outcome === "done") ended.push(await witnessed(units, step, run.work));
    else left.push({ path: step.path, side: "local", reason: whyLeft[outcome] });
    run.progress("repositories", { done: done + 1, total: steps.length });
  }
  run.note({ units: ended, left: [...run.facts.left, ...left] });
}

const whyLeft = {
  taken: "somebody made another repository there",
  changed: "the repository was changed while it was restored",
} as const;

/** With a hash over what was left there (T45). */
async function witnessed(units: RestoreUnits, step: UnitStep, work: Work): Promise<UnitStep> {
  const { after: _wanted, ...rest } = step;
  const after = await units.contentAt(step, work);
  return after === undefined ? rest : { ...rest, after };
}
