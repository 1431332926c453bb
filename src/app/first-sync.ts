import type { RestorePlan } from "../core/snapshot/restore-plan.ts";
import { isUnfinished } from "../core/snapshot/restore-state.ts";
import { agreeToFirst, runFirst } from "../restore/first-sync.ts";
import { SnapError } from "../std/error.ts";
import type { Work } from "../std/events.ts";
import type { Environment } from "./environment.ts";
import type { LinkedRecord } from "./find-workspace.ts";
import { planFirstSync, type FirstPlan, type Initial, type UnitePlan } from "./first-plan.ts";
import { endInitial } from "./initial-mark.ts";
import { removeLink, type LinkPlan } from "./link.ts";
import { prepareLink } from "./prepare-link.ts";
import type { RestoreConsent, RestoreEvent, RestoreReport } from "./restore.ts";
import { recoverRestore, restoreDeps } from "./restore-world.ts";
import { syncWorkspace, type SyncOutcome } from "./sync.ts";
import { openLinked } from "./workspace.ts";

/** What a person asks for besides the link itself. */
export type FirstWords = {
  readonly initial: Initial;
  readonly dryRun: boolean;
  readonly consent: RestoreConsent;
  /** Whether two sides may be united as the plan says. Asked before anything is bound. @throws {SnapError} to refuse */
  readonly agree: (plan: UnitePlan) => Promise<void>;
  /** Told before anybody is asked. */
  readonly onPlan: (plan: FirstPlan) => void;
  readonly onEvent: (event: RestoreEvent) => void;
};

/** How it ended. */
export type FirstOutcome =
  | { readonly kind: "planned" }
  | { readonly kind: "united"; readonly record: LinkedRecord; readonly report: SyncOutcome }
  | { readonly kind: "one-sided"; readonly record: LinkedRecord; readonly report: RestoreReport };

/**
 * Bind two folders and make their first sync (S44): look, show the plan, ask, then do it. What the losing side had is saved as a
 * snapshot first, and `undo` takes it back.
 *
 * @throws {SnapError} `path-missing` for a pull from a folder that is not there, `consent-needed`, `refused`, `plan-drifted`: nothing
 * is bound then; and what a sync and a restore can throw
 */
export async function linkAndSync(
  environment: Environment,
  { link, words }: { readonly link: LinkPlan; readonly words: FirstWords },
  work: Work,
): Promise<FirstOutcome> {
  if (words.initial === "pull" && !link.remoteExists) throw nothingToPull(link);
  const agreed = await agreeAndBind(environment, { link, words }, work);
  if (agreed === undefined) return { kind: "planned" };
  const { record, plan } = agreed;
  if (plan.kind === "unite") {
    return { kind: "united", record, report: await syncWorkspace(environment, record.path, work) };
  }
  const report = await settle(environment, { record, words, agreed: plan }, work);
  return { kind: "one-sided", record, report };
}

function nothingToPull({ remote }: LinkPlan): SnapError {
  return new SnapError("path-missing", `There is no folder "${remote}" in Dropbox to pull from`, {
    path: remote,
    hint: "Check the path, or use --initial push or merge: they make the folder.",
  });
}

type Agreed = { readonly record: LinkedRecord; readonly plan: FirstPlan };

/** Undefined for a dry run. Nothing is bound before the answer, and nothing stays behind without one. */
async function agreeAndBind(
  environment: Environment,
  { link, words }: { readonly link: LinkPlan; readonly words: FirstWords },
  work: Work,
): Promise<Agreed | undefined> {
  const { initial } = words;
  // With nothing there to lose, a push unites.
  const side = initial === "merge" || !link.remoteExists ? undefined : initial;
  await using prepared = await prepareLink(environment, link, side);
  try {
    const plan = await planFirstSync(prepared, { link, initial, onEvent: () => {} }, work);
    words.onPlan(plan);
    if (!words.dryRun) {
      if (plan.kind === "unite") await words.agree(plan.plan);
      else await agreeToFirst(plan.plan, words.consent);
      prepared.finish();
      return { record: prepared.record, plan };
    }
  } catch (error) {
    await prepared.giveUp();
    throw error;
  }
  await prepared.giveUp();
  return undefined;
}

type Settling = {
  readonly record: LinkedRecord;
  readonly words: FirstWords;
  readonly agreed: Extract<FirstPlan, { kind: "one-sided" }>;
};

async function settle(
  environment: Environment,
  { record, words, agreed }: Settling,
  work: Work,
): Promise<RestoreReport> {
  const { side, plan } = agreed;
  let isBegun = false;
  try {
    await using workspace = await openLinked(environment, record, "link");
    await recoverRestore(workspace, work, words.onEvent);
    const onEvent = withoutFirstPlan(words.onEvent);
    const consent = consentTo(plan, words.consent);
    const deps = await restoreDeps(workspace, onEvent);
    try {
      const report = await runFirst(deps, { side, consent }, work);
      endInitial(environment, record);
      return report;
    } finally {
      isBegun = workspace.state.journal.restores().some(isUnfinished);
    }
  } catch (error) {
    // Nothing was done: then nothing is bound either.
    if (!isBegun) await removeLink(environment, record.path, { dryRun: false });
    throw error;
  }
}

/** The plan was shown before there was a link; made again, it is told only where it is another one. */
function withoutFirstPlan(onEvent: FirstWords["onEvent"]): FirstWords["onEvent"] {
  return (event) => {
    if (event.type !== "plan" || event.drifted) onEvent(event);
  };
}

/** Who was asked already is asked again only about another plan. */
function consentTo(agreed: RestorePlan, consent: RestoreConsent): RestoreConsent {
  if (consent.by !== "ask") return consent;
  return {
    by: "ask",
    ask: (plan, drifted) =>
      plan.digest === agreed.digest ? Promise.resolve(true) : consent.ask(plan, drifted ?? agreed),
  };
}
