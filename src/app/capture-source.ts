import type { RelPath } from "../core/path/rel-path.ts";
import type { CaptureFacts } from "../core/snapshot/root.ts";
import { withAttributes } from "../snapshot/attribute-source.ts";
import { localSource } from "../snapshot/local-source.ts";
import { remoteSource } from "../snapshot/remote-source.ts";
import type { CaptureSource } from "../ports.ts";
import { requireAttributeTools } from "./attribute-tools.ts";
import { boundaryOf, type Boundary } from "./boundary.ts";
import { isLinked } from "./find-workspace.ts";
import { repositoryUnits } from "./repository-units.ts";
import type { OpenWorkspace } from "./open-workspace.ts";
import { spoolsOf } from "./spools.ts";

/** What of a workspace is captured: its disk, or the remote rows of its index (N40); all of it, or some paths. */
export type CaptureScope = {
  readonly side: "local" | "remote";
  readonly paths?: readonly RelPath[] | undefined;
  /** What the rules leave out is taken too, and flagged (N33). The local side only. */
  readonly ignored?: boolean | undefined;
  /** Nothing is written, not even to learn how fine the times of the disk are; nothing that is read is remembered. */
  readonly lookOnly?: boolean | undefined;
  /** Repositories are units of it (N43); without that their histories are left aside. */
  readonly units?: boolean | undefined;
  /** Extended attributes are read too (N38). The local side only. */
  readonly attributes?: boolean | undefined;
  /** Ends the programs that read them. */
  readonly signal?: AbortSignal | undefined;
  /** What was still to be synced; nothing if absent (N34). */
  readonly sync?: CaptureFacts["sync"] | undefined;
};

/** The source that a capture of a workspace reads. */
export async function captureSource(
  workspace: OpenWorkspace,
  scope: CaptureScope,
): Promise<CaptureSource> {
  const boundary = await boundaryOf(workspace);
  const facts = factsOf(workspace, boundary, scope);
  const { local, state } = workspace;
  if (scope.side === "remote") return remoteSource(state.index.remote, { facts });
  const { isOutside, isRepositorySynced } = boundary;
  const isIgnored = scope.ignored === true ? boundary.isIgnored : undefined;
  const granularityNs = scope.lookOnly === true ? 0n : await local.granularityNs();
  const contents = { memory: workspace.contents, granularityNs };
  const { environment, record } = workspace;
  const unitParts = { ...contents, makeSpool: spoolsOf(environment, record) };
  const units =
    scope.units === true ? repositoryUnits(environment, local.top, unitParts) : undefined;
  const keepsOwners = environment.isRoot;
  const options = { local, index: state.index, facts, contents, units, keepsOwners };
  const source = localSource({ ...options, isOutside, isIgnored, isRepositorySynced });
  return scope.attributes === true ? attributed(workspace, source, scope) : source;
}

/** @throws {SnapError} `usage` where this machine has no programs that read them */
function attributed(
  { environment, local }: OpenWorkspace,
  source: CaptureSource,
  { signal }: CaptureScope,
): CaptureSource {
  const tools = requireAttributeTools(environment, local.top);
  const from = { top: local.top, tools, isRoot: environment.isRoot };
  return withAttributes(source, signal === undefined ? from : { ...from, signal });
}

/** What a snapshot of this workspace says about where it comes from. */
export function factsOf(
  { environment, record }: Pick<OpenWorkspace, "environment" | "record">,
  boundary: Boundary,
  { side, paths, ignored, sync = "clean" }: CaptureScope,
): CaptureFacts {
  const device = environment.settings.read().device.name;
  return {
    workspace: { id: record.id, path: record.path, device, host: environment.host },
    ...(isLinked(record) ? { link: { account: record.account, path: record.remote } } : {}),
    side,
    rules: boundary.rules.digest,
    sync,
    ...(paths === undefined ? {} : { paths }),
    ...(ignored === true && side === "local" ? { ignored } : {}),
  };
}
