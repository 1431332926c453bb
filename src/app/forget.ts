import type { ForgetRecord } from "../core/snapshot/forget-record.ts";
import type { LastCopy } from "../core/snapshot/keep-request.ts";
import { judge } from "../core/snapshot/retention.ts";
import type { RetentionPolicy, Verdict } from "../core/snapshot/retention.ts";
import type { OpenedStore } from "../snapshot/store.ts";
import { SnapError } from "../std/error.ts";
import type { Work } from "../std/events.ts";
import { contentElsewhere } from "./content-elsewhere.ts";
import type { Environment } from "./environment.ts";
import { requireWorkspace } from "./find-workspace.ts";
import { openSnapshotStore, snapshotFilter } from "./store.ts";

/** What a person asks of `snap forget`: snapshots by name, or a policy that says which are kept. */
export type ForgetRequest = {
  readonly place: string;
  /** Snapshots of every workspace. */
  readonly all: boolean;
  readonly references: readonly string[];
  /** undefined: no `--keep-…` was given. */
  readonly policy: RetentionPolicy | undefined;
  readonly evenLastCopy: boolean;
  readonly dryRun: boolean;
  /** How long to wait for another writer, ms. */
  readonly wait: number | undefined;
};

/** What was judged, and what became of it. */
export type ForgetOutcome = {
  /** Each snapshot that was judged, oldest first: those named, or all that the policy is for. */
  readonly verdicts: readonly Verdict[];
  /** What would be lost for good; for a dry run only. */
  readonly lastCopies: readonly LastCopy[];
  /** Absent for a dry run, and where there was nothing to forget. */
  readonly record?: ForgetRecord;
};

/**
 * Forget snapshots (N54, N55). They can be taken back for the grace time.
 *
 * @throws {SnapError} `usage` for a policy that keeps nothing; `refused` for a pinned snapshot or the last copy of something;
 *   `snapshot-not-found`, `snapshot-ambiguous`, `busy`, `workspace-missing`
 */
export async function forgetSnapshots(
  environment: Environment,
  request: ForgetRequest,
  work: Work,
): Promise<ForgetOutcome> {
  checkWords(request);
  const store = await openSnapshotStore(environment, request);
  const verdicts = await verdictsOf(environment, { store, request });
  const forgotten = verdicts.filter(({ keptBy }) => keptBy.length === 0).map(({ root }) => root);
  const ids = forgotten.map(({ id }) => id);
  if (ids.length === 0) return { verdicts, lastCopies: [] };
  const workspaces = new Set(forgotten.map(({ workspace }) => workspace.id));
  const elsewhere = contentElsewhere(environment, workspaces);
  const options = { ...work, ids, elsewhere };
  if (request.dryRun) return { verdicts, lastCopies: await store.keeping.lastCopies(options) };
  const { evenLastCopy } = request;
  const record = await store.keeping.forget({ ...options, reason: "manual", evenLastCopy });
  return { verdicts, lastCopies: [], record };
}

function checkWords({ references, policy }: ForgetRequest): void {
  if ((references.length === 0) !== (policy === undefined)) return;
  const message =
    policy === undefined
      ? "Name the snapshots to forget, or say which are kept"
      : "Name snapshots or give a policy, not both";
  throw new SnapError("usage", message, {
    hint: "snap forget 1a2b3c4d, or snap forget --keep-daily 14 --dry-run",
  });
}

type Asked = { readonly store: OpenedStore; readonly request: ForgetRequest };

async function verdictsOf(
  environment: Environment,
  { store, request }: Asked,
): Promise<readonly Verdict[]> {
  const { policy, all, place } = request;
  if (policy === undefined) return await namedVerdicts(environment, { store, request });
  // Elsewhere a policy would be for the snapshots of all workspaces, which must be said.
  if (!all) requireWorkspace(environment, place);
  const roots = await store.list(snapshotFilter(environment, request));
  return judge(roots, policy, { nowMs: environment.clock.now(), offset: localOffset });
}

async function namedVerdicts(
  environment: Environment,
  { store, request }: Asked,
): Promise<readonly Verdict[]> {
  const filter = snapshotFilter(environment, request);
  const named = new Map<string, Verdict>();
  for (const reference of request.references) {
    const root = await store.find(reference, filter);
    named.set(root.id, { root, keptBy: [] });
  }
  return [...named.values()];
}

/** Minutes that the local time of this machine is ahead of UTC. */
export function localOffset(timeMs: number): number {
  return -new Date(timeMs).getTimezoneOffset();
}
