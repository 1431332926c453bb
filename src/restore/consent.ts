import { digestDigits, namesDigest } from "../core/snapshot/restore-digest.ts";
import { changesNothing, type RestorePlan } from "../core/snapshot/restore-plan.ts";
import { SnapError } from "../std/error.ts";
import type { Consent } from "./restore-deps.ts";

/**
 * Get the user's consent to a plan before anything changes (T9). A plan that changes nothing needs none; emptying Dropbox is a change.
 *
 * @throws {SnapError} `consent-needed` without consent; `plan-drifted` when it was given to another plan; `refused`
 */
export async function askConsent(plan: RestorePlan, consent: Consent): Promise<void> {
  if (changesNothing(plan)) return;
  switch (consent.by) {
    case "yes":
      return;
    case "none":
      throw new SnapError("consent-needed", "Nothing was changed: the plan needs your consent", {
        hint: `Run the same command with --plan ${shown(plan)}, or with --yes.`,
      });
    case "plan":
      if (!namesDigest(consent.digest, plan.digest)) throw drifted(plan);
      return;
    case "ask":
      if (!(await consent.ask(plan, undefined))) throw declined();
  }
}

/**
 * Settle that the plan made behind the fence differs from the one agreed to (T19).
 *
 * @throws {SnapError} `plan-drifted`, `refused`
 */
export async function settleDrift(
  plans: { readonly agreed: RestorePlan; readonly present: RestorePlan },
  consent: Consent,
): Promise<void> {
  const { agreed, present } = plans;
  if (agreed.digest === present.digest) return;
  const ok =
    consent.by === "ask"
      ? await consent.ask(present, agreed)
      : consent.by === "yes" && losesNoMore(present, agreed);
  if (ok) return;
  throw consent.by === "ask" ? declined() : drifted(present);
}

/** Everything that the new plan takes away was to be taken away before; paths that vanished from the plan are fine. */
function losesNoMore(present: RestorePlan, agreed: RestorePlan): boolean {
  const announced = new Set(takenAway(agreed));
  return takenAway(present).every((loss) => announced.has(loss));
}

function takenAway({ items, units = [] }: RestorePlan): string[] {
  const repositories = units.map(({ path, before }) => `repository ${before ?? ""} ${path}`);
  const paths = items.flatMap(({ path, local, remote }) => {
    const takes = (action: string | undefined): boolean =>
      action === "replace" || action === "delete";
    const here = local.before?.hash ?? local.before?.stat.linkTarget ?? "";
    return [
      ...(takes(local.action) ? [`local ${here} ${path}`] : []),
      ...(takes(remote?.action) ? [`remote ${remote?.before?.rev ?? ""} ${path}`] : []),
    ];
  });
  return [...repositories, ...paths];
}

function shown({ digest }: RestorePlan): string {
  return digest.slice(0, digestDigits);
}

function drifted(plan: RestorePlan): SnapError {
  return new SnapError("plan-drifted", `Nothing was changed: the plan is now ${shown(plan)}`, {
    hint: `Look at it with --dry-run, then agree to it with --plan ${shown(plan)}.`,
  });
}

function declined(): SnapError {
  return new SnapError("refused", "Nothing was changed: you did not agree to the plan");
}
