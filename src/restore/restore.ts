/**
 * @module restore — makes the workspace and the Dropbox folder look as they did (`docs/restore-procedure.md`).
 *
 * A restore is planned, checked, saved, fenced, staged, swapped, handed over, pushed and verified. Each state is in the
 * journal before the next begins: before the first swap a crash takes everything back, after it the next start goes
 * forward (`recover.ts`). An undo is a restore whose wanted tree is the state before (`undo.ts`). Nothing here promises
 * that a push succeeds: what is left aside is listed in the report.
 */
import { randomHex } from "../std/random.ts";
import { isSnapError, SnapError, throwIfAborted } from "../std/error.ts";
import type { Work } from "../std/events.ts";
import type { RestoreFacts, RestoreReport } from "../core/snapshot/restore-report.ts";
import { commit } from "./commit.ts";
import { conclude, putOff } from "./conclude.ts";
import { askConsent, settleDrift } from "./consent.ts";
import { draftOf, type Draft, type Order } from "./draft.ts";
import { withForecast } from "./forecast.ts";
import { preflight, refuseUnfinished, refuseUnsaved, type ChosenSources } from "./preflight.ts";
import type { Consent, RestoreDeps } from "./restore-deps.ts";
import { Run } from "./run.ts";
import { takeSafety } from "./safety.ts";
import { stage } from "./stage.ts";
import { stageUnits, unitsFrom } from "./units.ts";
import { takeBackAfter } from "./take-back.ts";

/**
 * Carry out an order, step by step.
 *
 * @throws {SnapError} before the first swap, with nothing changed: `consent-needed`, `plan-drifted`, `refused`,
 * `damaged`, `disk-full`, `interrupted`, and whatever keeps the engine from observing. After it: `interrupted` and what
 * stops every path; the next start goes on.
 */
export async function runOrder(
  deps: RestoreDeps,
  order: Order,
  { consent, work }: { readonly consent: Consent; readonly work: Work },
): Promise<RestoreReport> {
  refuseUnfinished(deps);
  const run = await staged(deps, order, { consent, work });
  return await orTakenBack(run, async () => {
    await commit(run);
    if (order.isOffline === true && deps.engine !== undefined) return await putOff(run);
    return await conclude(run, () => Promise.resolve(order));
  });
}

/** All that comes before the first swap. The plan is in the journal then, and nobody holds it any more. */
async function staged(
  deps: RestoreDeps,
  order: Order,
  { consent, work }: { readonly consent: Consent; readonly work: Work },
): Promise<Run> {
  const agreed = await preview(deps, order, work);
  await askConsent(agreed.plan, consent);
  refuseUnsaved(agreed, order);
  const run = begin(deps, order, { draft: agreed, consent, work });
  await orTakenBack(run, async () => {
    const checked = await preflight({ deps, order, draft: agreed, work });
    // Before the safety snapshot: what the programs put in order belongs into it.
    await deps.hooks(run.row).before(work.signal);
    await takeSafety(run, agreed);
    run.enter("saved");
    const fenced = await fence(run, order, { agreed, checked, consent });
    await stageUnits(run, fenced.draft, unitsFrom(run, order));
    await stage(run, fenced.draft, fenced.chosen);
  });
  return run;
}

async function orTakenBack<T>(run: Run, act: () => Promise<T>): Promise<T> {
  try {
    return await act();
  } catch (error) {
    await takeBackAfter(run, error);
    throw error;
  }
}

/**
 * The plan of an order, announced; nothing is changed (T16).
 *
 * @throws {SnapError} `rolled-back` while that choice is open (T33)
 */
export async function preview(deps: RestoreDeps, order: Order, work: Work): Promise<Draft> {
  const { isOffline = false } = order;
  await observe(deps, order, work);
  if (order.subject.kind !== "rollback" && !isOffline) await refuseRolledBack(deps);
  const draft = await withForecast(deps, { order, draft: await draftOf(deps, order, work) }, work);
  deps.onEvent({ type: "plan", plan: draft.plan, drifted: false });
  return draft;
}

async function observe({ engine }: RestoreDeps, order: Order, work: Work): Promise<void> {
  const { isOffline = false, subject } = order;
  try {
    await engine?.observe({ ...work, isOffline });
  } catch (error) {
    if (!isSnapError(error, "offline") || subject.kind !== "restore") throw error;
    const hint = "--offline restores this disk now; Dropbox follows when it is in reach again.";
    throw new SnapError("offline", error.message, { hint, cause: error });
  }
}

/** @throws {SnapError} `rolled-back` while that choice is open */
export async function refuseRolledBack({ rollback }: RestoreDeps): Promise<void> {
  if (rollback === undefined || !(await rollback.isRolledBack())) return;
  throw new SnapError(
    "rolled-back",
    "Nothing was changed: the workspace was put back from outside",
    {
      hint: "Decide first which side you want: snap rollback keep, or snap rollback discard.",
    },
  );
}

function begin(
  deps: RestoreDeps,
  { subject, undoes, serverSide }: Order,
  given: { readonly draft: Draft; readonly consent: Consent; readonly work: Work },
): Run {
  const { plan } = given.draft;
  const id = randomHex(deps.rng, 8);
  const facts: RestoreFacts = {
    options: { ...subject.options, paths: [...subject.options.paths] },
    consent: given.consent.by,
    device: deps.device,
    undoes: undoes ?? null,
    safety: { local: null, remote: null },
    counts: { local: plan.counts.local, remote: plan.counts.remote ?? null },
    left: [...plan.left],
    ignored: plan.ignored,
    uploadedBytes: 0,
    late: [],
    ...(serverSide === undefined || serverSide === "prefer" ? {} : { serverSide }),
  };
  const { kind, snapshot } = subject;
  const row = { id, kind, snapshot, digest: plan.digest, options: JSON.stringify(facts) };
  deps.journal.putRestore({
    ...row,
    state: "planned",
    report: undefined,
    madeAt: deps.clock.now(),
  });
  deps.onEvent({ type: "state", restore: id, state: "planned" });
  return new Run(deps, id, given.work);
}

/** Let both sides stand still, and settle what changed since the plan was agreed to (T19). */
async function fence(
  run: Run,
  order: Order,
  given: { readonly agreed: Draft; readonly checked: ChosenSources; readonly consent: Consent },
): Promise<{ readonly draft: Draft; readonly chosen: ChosenSources }> {
  const { deps, work } = run;
  throwIfAborted(work.signal);
  await deps.engine?.raiseFence(run.id, { ...work, isOffline: order.isOffline === true });
  run.enter("fenced");
  const fenced = await draftOf(deps, order, work);
  const isAgreed = fenced.plan.digest === given.agreed.plan.digest;
  if (isAgreed) return { draft: fenced, chosen: given.checked };
  const draft = await withForecast(deps, { order, draft: fenced }, work);
  deps.onEvent({ type: "plan", plan: draft.plan, drifted: true });
  await settleDrift({ agreed: given.agreed.plan, present: draft.plan }, given.consent);
  const chosen = await preflight({ deps, order, draft, work });
  await takeSafety(run, draft);
  const { digest, counts, left, ignored } = draft.plan;
  run.note({
    counts: { local: counts.local, remote: counts.remote ?? null },
    left: [...left],
    ignored,
  });
  deps.journal.putRestore({ ...run.row, digest });
  return { draft, chosen };
}
