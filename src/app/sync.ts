import type { Op } from "../core/plan/op.ts";
import type { LeftPath, SyncReport } from "../core/plan/sync-report.ts";
import { isSnapError } from "../std/error.ts";
import type { Work } from "../std/events.ts";
import type { Environment } from "./environment.ts";
import { requireLink } from "./find-workspace.ts";
import { formatLeft } from "./last-left.ts";
import { recoverRestore } from "./restore-world.ts";
import { openLinked, type LinkedWorkspace } from "./workspace.ts";

/** How a sync ended; a damaged index was moved aside to the path, and made anew from both sides (S77). */
export type SyncOutcome = SyncReport & { readonly indexMovedAside: string | undefined };

/**
 * Make the workspace around a place and its remote folder equal. A restore that was cut off is finished or taken back first.
 *
 * @throws {SnapError} `workspace-missing`, `busy`, `rolled-back`, and what makes a plan impossible
 */
export async function syncWorkspace(
  environment: Environment,
  place: string,
  work: Work,
): Promise<SyncOutcome> {
  await using workspace = await openLinked(environment, requireLink(environment, place), "sync");
  await recoverRestore(workspace, work);
  const report = await syncOpen(workspace, work);
  return { ...report, indexMovedAside: workspace.state.movedAside };
}

/** Sync a workspace that is held already, and note for the status what was left aside. */
export async function syncOpen(workspace: LinkedWorkspace, work: Work): Promise<SyncReport> {
  const { index } = workspace.state;
  try {
    const report = await workspace.engine.sync(work);
    index.transaction(() => {
      index.setMeta("last_left", formatLeft(report.left));
      index.setMeta("rolled_back", undefined);
    });
    return report;
  } catch (error) {
    if (isSnapError(error, "rolled-back")) {
      index.transaction(() => index.setMeta("rolled_back", error.message));
    }
    throw error;
  }
}

/** What a sync would do. */
export type SyncPreview = {
  readonly ops: readonly {
    readonly side: "local" | "remote";
    readonly does: string;
    readonly path: string;
  }[];
  readonly left: readonly LeftPath[];
};

/** Look at both sides and plan; nothing is moved. */
export async function previewSync(
  environment: Environment,
  place: string,
  work: Work,
): Promise<SyncPreview> {
  await using workspace = await openLinked(
    environment,
    requireLink(environment, place),
    "sync --dry-run",
  );
  const { ops, left } = await workspace.engine.dryRun(work);
  return { ops: ops.flatMap(describe), left };
}

const verbs: Readonly<Partial<Record<Op["kind"], string>>> = {
  "L.mkdir": "folder",
  "L.put": "download",
  "L.move": "move",
  "L.trash": "remove",
  "L.aside": "conflict",
  "R.mkdir": "folder",
  "R.put": "upload",
  "R.move": "move",
  "R.delete": "remove",
  "R.deleteDir": "remove",
};

function describe(op: Op): SyncPreview["ops"] {
  const does = verbs[op.kind];
  if (does === undefined) return [];
  return [{ side: op.kind.startsWith("L.") ? "local" : "remote", does, path: op.path }];
}
