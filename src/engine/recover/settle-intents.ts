import type { RelPath } from "../../core/path/rel-path.ts";
import type { Intent } from "../../core/tree/index-rows.ts";
import { commitAct } from "../execute/commit-act.ts";
import type { EngineDeps } from "../engine-deps.ts";
import { spendTokens } from "../guards/holds-tokens.ts";
import { detailOf, type IntentDetail } from "../execute/intents.ts";
import { commitLateEdit, noteDisplaced } from "../execute/late-writers.ts";
import { logAct, loggingOf } from "../execute/op-log.ts";
import { removeSkeleton } from "../execute/skeleton.ts";
import { removeCopy } from "../execute/staged-copy.ts";
import { isOfItem } from "../trouble.ts";
import { bringHome } from "./bring-home.ts";

/**
 * Finish or take back every act that was cut off (S74). May be repeated: each intent ends only with what it was about.
 *
 * @throws {SnapError} systemic and transient errors
 */
export async function settleIntents(deps: EngineDeps): Promise<void> {
  const intents = deps.index.intents();
  const moving = movingFrom(intents);
  for (const intent of inSettlingOrder(intents)) {
    try {
      await settle(deps, intent, moving);
    } catch (error) {
      if (!isOfItem(error)) throw error;
      // What was displaced stays in the trash; the place is observed like any other.
      const facts = { op: intent.op, kind: intent.kind, reason: error.message };
      deps.logger.error("an interrupted op could not be finished", facts);
      // What nobody syncs under its staging name would be forgotten there without its intent (S92): it is tried again.
      if (await isStaged(deps, intent)) continue;
    }
    deps.index.transaction(() => deps.index.removeIntent(intent.op));
  }
}

/**
 * A look at the disk may have found what waits in a ring somewhere else, where its user moved it (S74).
 *
 * @returns whether anything was settled: then the look is out of date
 */
export async function settleAfterLook(deps: EngineDeps): Promise<boolean> {
  const before = deps.index.intents();
  const isWaiting = before.map(detailOf).some((one) => one.step === "ring" && one.side === "local");
  if (!isWaiting) return false;
  await settleIntents(deps);
  return deps.index.intents().length < before.length;
}

/** Where moves that were cut off took something from. */
function movingFrom(intents: readonly Intent[]): ReadonlySet<RelPath> {
  const details = intents.map(detailOf);
  return new Set(
    details.flatMap((one) => (one.step === "act" && one.act.act === "move" ? [one.act.from] : [])),
  );
}

/**
 * Single acts first: the last one of a ring may have given its node the name that it belongs at, beside the staged one, and
 * that name must not look taken.
 */
function inSettlingOrder(intents: readonly Intent[]): readonly Intent[] {
  const rank = (intent: Intent): number => Number(detailOf(intent).step !== "act");
  return intents.toSorted((a, b) => rank(a) - rank(b));
}

/** Whether something of this intent waits where nobody looks for it: below `.snap/`, or at a name that every client leaves alone. */
async function isStaged({ local, remote }: EngineDeps, intent: Intent): Promise<boolean> {
  const detail = detailOf(intent);
  if (detail.step === "act" || detail.step === "late") return false;
  if (detail.step === "ring" && detail.side === "local") {
    return (await local.stat(detail.staged)) !== undefined;
  }
  return (await remote.get(detail.staged)) !== undefined;
}

async function settle(
  deps: EngineDeps,
  intent: Intent,
  moving: ReadonlySet<RelPath>,
): Promise<void> {
  const detail = detailOf(intent);
  switch (detail.step) {
    case "act":
      return await settleAct(deps, intent, detail);
    case "ring":
      if (detail.act !== undefined) await deps.local.settle(detail.act);
      return await bringHome(deps, {
        node: intent.node,
        ring: detail,
        wasArriving: moving.has(detail.staged),
      });
    case "late":
      return commitLateEdit(deps, { intent, detail, outcome: await deps.local.settle(detail.act) });
    case "copy":
      return await removeCopy(deps.remote, detail.staged);
    case "skeleton":
      if ((await deps.remote.get(detail.staged)) !== undefined) await removeSkeleton(deps, detail);
  }
}

/** The disk is settled first; then the act is committed like any other, in one transaction with the end of its intent. */
async function settleAct(
  deps: EngineDeps,
  intent: Intent,
  { act, op }: IntentDetail & { readonly step: "act" },
): Promise<void> {
  const { local, index } = deps;
  const outcome = await local.settle(act);
  index.transaction(() => {
    index.removeIntent(intent.op);
    if (outcome.state === "cancelled") return;
    spendTokens(deps, op);
    noteDisplaced(deps, op, outcome);
    commitAct(index, op, outcome);
    logAct(loggingOf(deps), op, { act, outcome });
  });
}
