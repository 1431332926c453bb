import { tornUnits, type UnitFacts } from "../core/snapshot/unit.ts";
import type { CaptureFacts, SnapshotRoot } from "../core/snapshot/root.ts";
import type { CaptureSource } from "../ports.ts";
import type { Work } from "../std/events.ts";
import { previewCapture, type CapturePreview } from "../snapshot/capture-preview.ts";
import { capturePaths } from "./capture-paths.ts";
import { captureSource } from "./capture-source.ts";
import { ensureWorkspace } from "./ensure-workspace.ts";
import type { Environment } from "./environment.ts";
import { refuseHalfRestored } from "./half-restored.ts";
import { checkLabel } from "./label.ts";
import { openSnapshotStore } from "./store.ts";
import { lookAtWorkspace } from "./look-workspace.ts";
import type { OpenWorkspace } from "./open-workspace.ts";
import { openForCapture } from "./open-for-capture.ts";
import { knownSync, seenSync } from "./pending-sync.ts";
import { waitUntilClean } from "./wait-clean.ts";

/** What a person asks for. */
export type CaptureRequest = {
  readonly place: string;
  readonly label?: string;
  readonly tags: readonly string[];
  readonly force: boolean;
  /** What the capture is limited to, as a person writes it; everything if none is named (N33). */
  readonly paths?: readonly string[];
  /** What the rules leave out is taken too (N33). */
  readonly ignored?: boolean;
  /** Extended attributes too (N38). */
  readonly xattrs?: boolean;
  readonly dryRun: boolean;
  /** How long to wait until the workspace is up to date, ms; not at all if absent (N34). */
  readonly waitCleanMs?: number | undefined;
};

/** A snapshot, or with `dryRun` what one would hold. */
export type CaptureOutcome =
  | { readonly preview: CapturePreview }
  | {
      readonly preview?: undefined;
      readonly root: SnapshotRoot;
      /** false: nothing had changed, and `root` is the newest snapshot. */
      readonly created: boolean;
      /** Something could not be read, or changed while it was read (N36, N37). */
      readonly isPartial: boolean;
      /** Repositories that may not be whole in it (N45). */
      readonly torn: readonly UnitFacts[];
    };

/**
 * Take a snapshot of the workspace around a place. No account is needed, nothing is synced.
 *
 * @throws {SnapError} as `capturePaths`; `refused` while a restore is half done, `busy`, `workspace-missing`, `disk-full`, `store-inside-workspace`, `interrupted`
 */
export async function captureWorkspace(
  environment: Environment,
  request: CaptureRequest,
  work: Work,
): Promise<CaptureOutcome> {
  if (request.label !== undefined) checkLabel(request.label);
  if (request.dryRun) return { preview: await preview(environment, request, work) };
  const record = ensureWorkspace(environment, request.place);
  if (request.waitCleanMs !== undefined)
    await waitUntilClean(environment, record, request.waitCleanMs);
  await using workspace = await openForCapture(environment, record);
  refuseHalfRestored(workspace.state, record);
  const sync = workspace.isLive ? knownSync(workspace.state) : await seenSync(workspace, work);
  const source = await sourceOf(workspace, request, { ...work, sync });
  const store = await openSnapshotStore(environment);
  const { label, tags, force } = request;
  const { confirm } = workspace;
  const options = { tags, force, confirm, ...(label === undefined ? {} : { label }), ...work };
  const { root, created } = await store.capture(source, { ...options, reason: "manual" });
  const torn = tornUnits(root.git ?? []);
  return { root, created, isPartial: root.completeness === "partial", torn };
}

/** Without a lock, and without a file that is written. */
async function preview(
  environment: Environment,
  request: CaptureRequest,
  work: Work,
): Promise<CapturePreview> {
  await using workspace = lookAtWorkspace(environment, request.place);
  refuseHalfRestored(workspace.state, workspace.record);
  const source = await sourceOf(workspace, request, work);
  return await previewCapture(await openSnapshotStore(environment), source, work);
}

async function sourceOf(
  workspace: OpenWorkspace,
  request: CaptureRequest,
  { sync, signal }: Pick<Work, "signal"> & { readonly sync?: CaptureFacts["sync"] },
): Promise<CaptureSource> {
  const { ignored, dryRun: lookOnly } = request;
  const paths = await capturePaths(workspace, request);
  const scope = { side: "local", units: true, paths, ignored, lookOnly, sync } as const;
  const attributes = request.xattrs;
  return await captureSource(workspace, { ...scope, attributes, signal });
}
