import type { Readiness } from "../core/snapshot/readiness.ts";
import { readinessOf, type ReadinessRequest } from "../restore/readiness.ts";
import type { RestoreDeps, RestoreEvent } from "../restore/restore-deps.ts";
import type { WorkspaceRecord } from "../state/config.ts";
import { lookAtIndex } from "../state/database.ts";
import { workspaceFiles } from "../state/locations.ts";
import { isLockHeld, lockHolder } from "../state/process-lock.ts";
import { SnapError } from "../std/error.ts";
import type { Listener, Work } from "../std/events.ts";
import type { Environment } from "./environment.ts";
import { isLinked, requireWorkspace } from "./find-workspace.ts";
import { openAside } from "./open-aside.ts";
import type { OpenWorkspace } from "./open-workspace.ts";
import { restoreDeps } from "./restore-world.ts";
import { snapshotPath } from "./snapshot-path.ts";

/** Whether a restore would go through, and of what. */
export type ReadyReport = Readiness & {
  /** Id of the snapshot. */
  readonly snapshot: string;
  readonly workspace: string;
  readonly remote: { readonly account: string; readonly path: string } | undefined;
};

/** What a person asks of `snap verify SNAPSHOT [PATH…] --for-restore`. */
export type ReadyWords = Pick<ReadinessRequest, "budgetMs" | "onCheck" | "onItem"> & {
  readonly place: string;
  readonly reference: string;
  readonly paths: readonly string[];
  readonly requireQuiet: boolean;
  readonly onEvent: Listener<RestoreEvent>;
};

/**
 * Ask everything that a restore asks before it changes something, without a lock and without a trace (T33).
 *
 * @throws {SnapError} `snapshot-not-found`, `path-missing`, `workspace-missing`, and what `openAside` throws
 */
export async function verifyForRestore(
  environment: Environment,
  words: ReadyWords,
  work: Work,
): Promise<ReadyReport> {
  const record = requireWorkspace(environment, words.place);
  await using workspace = await openAside(environment, record);
  const deps = besideOthers(workspace, await restoreDeps(workspace, words.onEvent));
  const { id } = await deps.store.find(words.reference, { workspace: record.id });
  const readiness = await readinessOf(
    deps,
    {
      ...words,
      snapshot: id,
      paths: words.paths.map(snapshotPath),
      daemon: () => refuseBusy(environment, record),
    },
    work,
  );
  const remote = isLinked(record) ? { account: record.account, path: record.remote } : undefined;
  return { ...readiness, snapshot: id, workspace: record.id, remote };
}

/**
 * A sync that goes on meanwhile counts its changes in the index first, then on both sides (S116): what looks newer than this copy of the
 * index may just be that.
 */
function besideOthers(
  { environment, record, state }: OpenWorkspace,
  deps: RestoreDeps,
): RestoreDeps {
  const { rollback } = deps;
  const isNewest = (): boolean => {
    using present = lookAtIndex(workspaceFiles(environment.locations, record.id).index);
    return present?.index.meta("generation") === state.index.meta("generation");
  };
  const isRolledBack = async (): Promise<boolean> =>
    rollback !== undefined && (await rollback.isRolledBack()) && isNewest();
  return { ...deps, rollback: rollback && { ...rollback, isRolledBack } };
}

/** The background sync lends what it holds; nobody else does. @throws {SnapError} `busy` */
async function refuseBusy(
  { locations, lender }: Environment,
  { id, path }: WorkspaceRecord,
): Promise<void> {
  const { lock } = workspaceFiles(locations, id);
  if (!isLockHeld(lock) || (await lender?.has(id)) === true) return;
  const who = lockHolder(lock)?.what ?? "another snap process";
  throw new SnapError("busy", `"${who}" is at work in the workspace`, {
    path,
    hint: "Wait until it has ended.",
  });
}
