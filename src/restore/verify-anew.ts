import type { SyncReport } from "../core/plan/sync-report.ts";
import type { PlanItem } from "../core/snapshot/restore-item.ts";
import type { EngineControl } from "../ports.ts";
import { verifyRemote, type Confirmation } from "./confirm.ts";
import { draftOf, type Order } from "./draft.ts";
import type { Run } from "./run.ts";

/**
 * Compare every path of both sides with the snapshot (T36, step 5): the plan is made once more, and has to be empty. What differs
 * and is the same on both sides is somebody's edit since.
 */
export async function verifyAnew(
  run: Run,
  engine: EngineControl,
  { order, pushed }: { readonly order: Order; readonly pushed: SyncReport | undefined },
): Promise<Confirmation> {
  const touched = await verifyRemote(run, engine, pushed);
  const { plan } = await draftOf(run.deps, order, run.work);
  const known = new Set<string>([
    ...touched.late,
    ...touched.wrong,
    ...[...touched.left, ...run.facts.left, ...plan.left].map(({ path }) => path),
    ...(pushed?.left ?? []).map(({ path }) => path),
    ...(pushed?.conflicts ?? []).flatMap(({ path, copy }) => [path, copy]),
    ...run.items.filter(({ step }) => step === "left").map(({ path }) => path),
  ]);
  const open = plan.items.filter((item) => !known.has(item.path) && isApart(item));
  const [late, wrong] = [open.filter(isAgreed), open.filter((item) => !isAgreed(item))];
  const paths = (items: readonly PlanItem[]): readonly string[] => items.map(({ path }) => path);
  return {
    ...touched,
    late: [...touched.late, ...paths(late)].toSorted(),
    wrong: [...touched.wrong, ...paths(wrong)],
  };
}

/** Mode and time alone were set before. */
function isApart({ local, remote }: PlanItem): boolean {
  const differs = (action: string | undefined): boolean =>
    action === "create" || action === "replace" || action === "delete";
  return differs(local.action) || differs(remote?.action);
}

function isAgreed({ local, remote }: PlanItem): boolean {
  const here = local.before;
  const there = remote?.before;
  if (here === undefined || there === undefined) return here === there;
  return here.stat.kind === there.kind && (there.kind === "folder" || here.hash === there.hash);
}
