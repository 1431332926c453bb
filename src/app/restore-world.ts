import { repositoryMarker } from "../core/repo/marker.ts";
import { baseName, isRelPath } from "../core/path/rel-path.ts";
import { leftOutOfKeep } from "../engine/guards/disk-exclusions.ts";
import { acceptGeneration, checkRollback } from "../engine/guards/rollback.ts";
import { placeHolder } from "../local/hold-places.ts";
import { openWriters } from "../local/open-writers.ts";
import { recover } from "../restore/recover.ts";
import { sweepUndo } from "../restore/sweep.ts";
import type {
  Outside,
  RestoreDeps,
  RestoreEvent,
  RollbackControl,
  Writer,
} from "../restore/restore-deps.ts";
import type { AttributeControl } from "../core/snapshot/attribute-control.ts";
import { isUnfinished } from "../core/snapshot/restore-state.ts";
import { attributeControl } from "../snapshot/attribute-control.ts";
import { keepIndex, sweepKeptIndexes } from "../state/backup.ts";
import { workspaceFiles } from "../state/locations.ts";
import type { Listener, Work } from "../std/events.ts";
import { findAttributeTools } from "./attribute-tools.ts";
import { boundaryOf } from "./boundary.ts";
import { isLinked } from "./find-workspace.ts";
import { restoreHooks } from "./hooks.ts";
import { keepUndoDefaultMs } from "../core/settings/catalogue.ts";
import { restoreUnits } from "./restore-units.ts";
import { settingsOf } from "./settings-of.ts";
import { captureSaving } from "./save-before.ts";
import { diskRoom } from "./restore-room.ts";
import { openSnapshotStore, storeFolder } from "./store.ts";
import { type OpenWorkspace } from "./open-workspace.ts";
import { hasEngine, type LinkedWorkspace } from "./workspace.ts";

/** Put together what a restore of an open workspace needs. */
export async function restoreDeps(
  workspace: OpenWorkspace,
  onEvent: Listener<RestoreEvent>,
): Promise<RestoreDeps> {
  const { environment, record, local, state } = workspace;
  const store = await openSnapshotStore(environment);
  const linked = hasEngine(workspace) ? workspace : undefined;
  return {
    local,
    index: state.index,
    journal: state.journal,
    store,
    engine: linked?.engine,
    remote: linked?.remote,
    kept: linked?.remote,
    rollback: linked && rollbackOf(linked),
    capture: (request, work) => captureSaving(workspace, request, work),
    scope: () => outsideOf(workspace),
    ignored: async () => (await boundaryOf(workspace)).isIgnored,
    rules: async () => (await boundaryOf(workspace)).rules.digest,
    writers: () => Promise.resolve(writersIn(record.path)),
    contents: linked === undefined ? workspace.contents : undefined,
    room: diskRoom(record.path, storeFolder(environment)),
    workspace: record.id,
    owners: environment.isRoot,
    attributes: attributesOf(workspace),
    link: isLinked(record) ? { account: record.account, folder: record.remote } : undefined,
    device: environment.settings.read().device.name,
    units: restoreUnits(workspace, store),
    keepIndex: (restore) => keepIndex(indexOf(workspace), restore),
    hooks: ({ id, kind, snapshot }) =>
      restoreHooks(workspace, {
        restore: id,
        snapshot: kind === "restore" ? snapshot : undefined,
      }),
    clock: environment.clock,
    rng: environment.rng,
    onEvent,
  };
}

function attributesOf({ environment, local }: OpenWorkspace): AttributeControl | undefined {
  const tools = findAttributeTools(environment, local.top);
  if (typeof tools === "string") return undefined;
  const { top } = local;
  return attributeControl({ top, whileHeld: placeHolder(top), tools, isRoot: environment.isRoot });
}

function writersIn(top: string): readonly Writer[] {
  return openWriters(top).flatMap(({ path, pid, program }) => {
    const place = path.slice(top.length + 1);
    return isRelPath(place) ? [{ path: place, program: `${program} (${pid})` }] : [];
  });
}

function rollbackOf({ engineDeps }: LinkedWorkspace): RollbackControl {
  return {
    isRolledBack: async () => (await checkRollback(engineDeps)) !== undefined,
    leftOutOfKeep: () => leftOutOfKeep(engineDeps),
    accept: (choice) => acceptGeneration(engineDeps, choice),
  };
}

/**
 * Finish or take back what an earlier run left half done: every command that moves something does this first (T2). Undo
 * areas that are old enough go (T32).
 */
export async function recoverRestore(
  workspace: OpenWorkspace,
  work: Work,
  onEvent: Listener<RestoreEvent> = () => {},
): Promise<void> {
  const deps = await restoreDeps(workspace, onEvent);
  await recover(deps, work);
  await sweepUndoOf(workspace);
}

/** Undo areas of an open workspace that are older than the setting `restore.keepUndo` go (T32), and indexes kept with them (T36). */
export async function sweepUndoOf(workspace: OpenWorkspace): Promise<void> {
  const { environment, record, local, state } = workspace;
  const { clock } = environment;
  const keepMs = settingsOf(environment, record)["restore.keepUndo"] ?? keepUndoDefaultMs;
  await sweepUndo({ local, journal: state.journal, clock }, keepMs);
  sweepKeptIndexes(indexOf(workspace), (restore) => {
    const row = state.journal.restore(restore);
    return row !== undefined && (isUnfinished(row) || clock.now() - row.madeAt <= keepMs);
  });
}

function indexOf({ environment, record }: OpenWorkspace): string {
  return workspaceFiles(environment.locations, record.id).index;
}

/** Ignored, or a repository's own files: nobody's business in a restore (T8). */
async function outsideOf(workspace: OpenWorkspace): Promise<Outside> {
  const boundary = await boundaryOf(workspace);
  return (path, kind) =>
    boundary.isOutside(path, kind) ||
    (repositoryMarker(baseName(path), kind) !== undefined && !boundary.isRepositorySynced(path));
}
