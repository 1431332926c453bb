import { SqliteContentMemory } from "../state/content-memory.ts";
import type { WorkspaceRecord } from "../state/config.ts";
import type { OpenIndex } from "../state/database.ts";
import { workspaceFiles } from "../state/locations.ts";
import { isLockHeld } from "../state/process-lock.ts";
import { isSnapError } from "../std/error.ts";
import type { Environment } from "./environment.ts";
import { isLinked, type LinkedRecord } from "./find-workspace.ts";
import { lookAtIndexOf } from "./look-index.ts";
import { openedOf, openWorkspace, type OpenWorkspace } from "./open-workspace.ts";

/** A workspace that is captured: `isLive` where its sync goes on meanwhile. */
export type CapturedWorkspace = OpenWorkspace & {
  readonly isLive: boolean;
  /** Rejects where a sync may have written there since this was opened. @throws {SnapError} `busy` */
  readonly confirm: () => Promise<void>;
};

/**
 * Open a workspace to walk over its disk (N34). Where a sync keeps it, that writes no file until this is disposed of and goes on with
 * everything else; where none does, or none that can do this, the workspace is held.
 *
 * @throws {SnapError} as `openWorkspace`
 */
export async function openForCapture(
  environment: Environment,
  record: WorkspaceRecord,
): Promise<CapturedWorkspace> {
  const live = await openBeside(environment, record);
  if (live !== undefined) return live;
  const held = await openWorkspace(environment, record, "capture");
  return { ...held, isLive: false, confirm: async () => {} };
}

async function openBeside(
  environment: Environment,
  record: WorkspaceRecord,
): Promise<CapturedWorkspace | undefined> {
  const files = workspaceFiles(environment.locations, record.id);
  if (!isLinked(record) || !isLockHeld(files.lock)) return undefined;
  await using stack = new AsyncDisposableStack();
  const still = await environment.lender?.still(record.id, "capture");
  if (still === undefined) return undefined;
  stack.use(still);
  const state = lookAtSound(environment, record);
  if (state === undefined) return undefined;
  stack.use(state);
  const contents = stack.use(new SqliteContentMemory(files.contents, environment.logger));
  const owned = stack.move();
  const opened = openedOf({ environment, record, contents, state }, () => owned.disposeAsync());
  return { ...opened, isLive: true, confirm: () => still.confirm() };
}

/** An index that cannot be looked at is for who holds the workspace: undefined. */
function lookAtSound(environment: Environment, record: LinkedRecord): OpenIndex | undefined {
  try {
    return lookAtIndexOf(environment, record);
  } catch (error) {
    if (isSnapError(error, "damaged")) return undefined;
    throw error;
  }
}
