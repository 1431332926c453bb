import type { PlanItem, SideAction } from "../core/snapshot/restore-item.ts";
import type { RelPath } from "../core/path/rel-path.ts";
import { SnapError } from "../std/error.ts";
import type { Draft } from "./draft.ts";
import type { Run } from "./run.ts";

/** More paths than this are not named one by one: the whole side is captured, which reads only what changed (N35). */
const namedPathsMax = 256;

/**
 * Take the safety snapshots: the local content that will be replaced or removed, and a thin one of what differs from it
 * in Dropbox (T3, N48). Before a rollback is settled the whole disk is saved (S119).
 *
 * @throws {SnapError} `refused` when one cannot be taken; nothing was changed then
 */
export async function takeSafety(run: Run, { plan, wanted }: Draft): Promise<void> {
  const local = plan.items.filter(({ local: step }) => losesSomething(step.action));
  const remote = plan.items.filter((item) => losesSomething(item.remote?.action) && differs(item));
  const { safety } = run.facts;
  const isIgnored = local.some(({ path }) => wanted.localOnly?.has(path) === true);
  const units = (plan.units ?? []).filter(({ action }) => losesSomething(action));
  const [hasUnits, paths] = [units.length > 0, units.map(({ path }) => path)];
  const here = { side: "local", isIgnored, hasUnits } as const;
  const there = { side: "remote", isIgnored: false, hasUnits: false } as const;
  const saved = {
    local: (await save(run, here, [...pathsOf(local), ...paths])) ?? safety.local,
    remote: (await save(run, there, pathsOf(remote))) ?? safety.remote,
  };
  run.note({ safety: saved });
}

function pathsOf(items: readonly PlanItem[]): readonly RelPath[] {
  return items.map(({ path }) => path);
}

function losesSomething(action: SideAction | undefined): boolean {
  return action === "replace" || action === "delete";
}

/** What equals the local content is in the local safety snapshot, or stays where it is. */
function differs({ local, remote }: PlanItem): boolean {
  const { action, before } = local;
  const same = before !== undefined && before.hash === remote?.before?.hash;
  return !same || !losesSomething(action);
}

type Saved = {
  readonly side: "local" | "remote";
  readonly isIgnored: boolean;
  /** Repositories are among what is lost. */
  readonly hasUnits: boolean;
};

async function save(
  run: Run,
  { side, isIgnored, hasUnits }: Saved,
  paths: readonly RelPath[],
): Promise<string | undefined> {
  const isWhole = side === "local" && isRollback(run.row);
  if (paths.length === 0 && !isWhole) return undefined;
  const what = run.row.kind === "rollback" && !isRollback(run.row) ? "link" : run.row.kind;
  const label = `before ${what} ${run.id}`;
  const reason = what === "link" ? "before-link" : "before-restore";
  const { root } = await captured(run, {
    side,
    reason,
    paths: isWhole ? undefined : namedPaths(paths),
    label,
    ...(isIgnored ? { ignored: true } : {}),
    ...(hasUnits ? { units: true } : {}),
  });
  run.deps.onEvent({ type: "saved", side, snapshot: root.id });
  return root.id;
}

/** A first sync to one side's state goes by the same name in the journal, and takes away no more than it names (S44). */
function isRollback({ kind, snapshot }: Run["row"]): boolean {
  return kind === "rollback" && snapshot !== "push" && snapshot !== "pull";
}

/** Paths as a safety snapshot is limited to them; undefined for the whole side. */
export function namedPaths(paths: readonly RelPath[]): readonly RelPath[] | undefined {
  return paths.length > namedPathsMax ? undefined : paths;
}

async function captured(
  run: Run,
  request: Parameters<Run["deps"]["capture"]>[0],
): ReturnType<Run["deps"]["capture"]> {
  try {
    return await run.deps.capture(request, run.work);
  } catch (error) {
    // What cannot be saved is not touched; trouble of the whole machine keeps its own code.
    if (!(error instanceof SnapError) || error.class !== "item") throw error;
    const what = request.side === "local" ? "the workspace" : "the linked folder";
    throw new SnapError("refused", `Nothing was changed: ${what} could not be saved first`, {
      cause: error,
      hint: "The reason is shown with --verbose.",
    });
  }
}
