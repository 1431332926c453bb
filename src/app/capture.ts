import { isUnitTop, tornUnits, type UnitFacts } from "../core/snapshot/unit.ts";
import type { SnapshotRoot } from "../core/snapshot/root.ts";
import type { CaptureSource } from "../ports.ts";
import type { Work } from "../std/events.ts";
import { captureSource } from "./capture-source.ts";
import { ensureWorkspace } from "./ensure-workspace.ts";
import type { Environment } from "./environment.ts";
import { resolveFolder } from "./find-workspace.ts";
import { refuseHalfRestored } from "./half-restored.ts";
import { checkLabel } from "./label.ts";
import { openSnapshotStore } from "./store.ts";
import { openWorkspace } from "./open-workspace.ts";

/** What a person asks for. */
export type CaptureRequest = {
  readonly place: string;
  readonly label?: string;
  readonly tags: readonly string[];
  readonly force: boolean;
  readonly dryRun: boolean;
};

/** What a snapshot would hold; the files of repositories are not counted. */
export type CapturePreview = {
  readonly files: number;
  readonly bytes: number;
  readonly repositories: number;
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
 * @throws {SnapError} `refused` while a restore is half done, `busy`, `workspace-missing`, `disk-full`, `store-inside-workspace`, `interrupted`
 */
export async function captureWorkspace(
  environment: Environment,
  request: CaptureRequest,
  work: Work,
): Promise<CaptureOutcome> {
  if (request.label !== undefined) checkLabel(request.label);
  if (request.dryRun) resolveFolder(environment, request.place);
  const record = ensureWorkspace(environment, request.place);
  await using workspace = await openWorkspace(environment, record, "capture");
  refuseHalfRestored(workspace.state, record);
  const source = await captureSource(workspace, { side: "local", units: true });
  if (request.dryRun) return { preview: await weigh(source) };
  const store = await openSnapshotStore(environment);
  const { place: _place, dryRun: _dryRun, ...options } = request;
  const { root, created } = await store.capture(source, { ...options, ...work, reason: "manual" });
  const torn = tornUnits(root.git ?? []);
  return { root, created, isPartial: root.completeness === "partial", torn };
}

async function weigh(source: CaptureSource): Promise<CapturePreview> {
  let files = 0;
  let bytes = 0;
  let repositories = 0;
  for await (const entry of source.entries(() => {})) {
    if (entry.type === "folder" && isUnitTop(entry)) repositories += 1;
    if (entry.type !== "file") continue;
    files += 1;
    bytes += entry.size ?? 0;
  }
  return { files, bytes, repositories };
}
