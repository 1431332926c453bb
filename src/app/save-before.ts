import { parseRelPath, type RelPath } from "../core/path/rel-path.ts";
import type { SnapshotReason, SnapshotRoot } from "../core/snapshot/root.ts";
import type { CaptureResult } from "../core/snapshot/store-request.ts";
import { unsavedStake, type UnsavedStake } from "../core/snapshot/unsaved-stake.ts";
import type { HeldItem } from "../core/tree/index-rows.ts";
import { pathOf } from "../core/tree/tree-view.ts";
import { namedPaths } from "../restore/safety.ts";
import { isSnapError, SnapError } from "../std/error.ts";
import type { Work } from "../std/events.ts";
import { takesAttributes } from "./attribute-habit.ts";
import { captureSource } from "./capture-source.ts";
import { nodeAt } from "./exclude-globs.ts";
import type { OpenWorkspace } from "./open-workspace.ts";
import { openSnapshotStore } from "./store.ts";

/** What of a workspace is saved before an act: these paths of one side, everything if undefined. */
export type Saving = {
  readonly reason: Extract<SnapshotReason, `before-${string}`>;
  readonly side: "local" | "remote";
  readonly paths: readonly RelPath[] | undefined;
  readonly label: string;
  /** Some of them are ignored (N33). */
  readonly ignored?: true;
  /** Repositories are taken, too (N43). */
  readonly units?: true;
};

/**
 * Take a safety snapshot: of the local side with its content, of the remote one a thin one of what the index knows. What is displaced is
 * worth keeping even where nothing changed since the last snapshot: it always has a root of its own.
 */
export async function captureSaving(
  workspace: OpenWorkspace,
  { reason, label, ...what }: Saving,
  work: Work,
): Promise<CaptureResult> {
  const store = await openSnapshotStore(workspace.environment);
  const attributes = what.side === "local" && (await takesAttributes(workspace, store));
  const source = await captureSource(workspace, { ...what, attributes, signal: work.signal });
  return await store.capture(source, { ...work, reason, label, force: true });
}

/** What may be lost, side by side, before something is done that a person asked for. */
export type Stakes = Pick<Saving, "reason" | "label"> & {
  readonly local: readonly RelPath[];
  readonly remote: readonly RelPath[];
};

/**
 * Save what an act may destroy (N48): each side on which something is at stake.
 *
 * @returns the snapshots @throws {SnapError} `refused` when one cannot be taken, or lacks something of that: then nothing may be done; `interrupted`
 */
export async function saveBefore(
  workspace: OpenWorkspace,
  { reason, label, ...stakes }: Stakes,
  work: Work,
): Promise<readonly SnapshotRoot[]> {
  const saved: SnapshotRoot[] = [];
  for (const side of ["local", "remote"] as const) {
    if (stakes[side].length === 0) continue;
    const saving = { reason, side, paths: namedPaths(stakes[side]), label };
    try {
      const { root } = await captureSaving(workspace, saving, work);
      const lacking = unsavedStake(root, stakes[side]);
      if (lacking !== undefined) throw lackingError(root, lacking);
      saved.push(root);
    } catch (error) {
      if (!isSnapError(error) || error.code === "interrupted") throw error;
      throw unsaved(side, error);
    }
  }
  return saved;
}

function lackingError({ id }: SnapshotRoot, lacking: UnsavedStake): SnapError {
  if (lacking === "not-listed") {
    const message = "more of it than can be listed could not be read, or may be torn";
    const hint = `\`snap show ${id.slice(0, 8)}\` lists the first of them. Make them readable, then try again.`;
    return new SnapError("refused", message, { hint });
  }
  const { path, reason } = lacking;
  const hint = `Make "${path}" readable, and let no program write to it meanwhile; then try again.`;
  return new SnapError("refused", `"${path}": ${reason}`, { path, hint });
}

function unsaved(side: "local" | "remote", cause: SnapError): SnapError {
  const what = side === "local" ? "the workspace" : "the linked folder";
  const message = `Nothing was changed: ${what} could not be saved first (${cause.message})`;
  const { hint } = cause;
  return new SnapError("refused", message, { cause, ...(hint === undefined ? {} : { hint }) });
}

/** What a held set would remove or replace, on the side where it would (S80). */
export function stakesOfHeld(items: readonly HeldItem[]): Pick<Stakes, "local" | "remote"> {
  const on = (side: string): readonly RelPath[] =>
    items.filter(({ op }) => op.startsWith(side)).map(({ path }) => parseRelPath(path));
  return { local: on("L."), remote: on("R.") };
}

/** Folders of Dropbox as they are called on this disk; those that it does not have are left out. */
export function placesHere(
  { state }: Pick<OpenWorkspace, "state">,
  folders: readonly RelPath[],
): readonly RelPath[] {
  return folders.flatMap((folder) => {
    const known = nodeAt(state.index, folder);
    return (known && pathOf(state.index.local, known.node)) ?? [];
  });
}
