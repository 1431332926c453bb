/**
 * @module remote-only — makes a folder of Dropbox look as it did, without a workspace (T28).
 *
 * Planned, agreed to, saved, carried out and verified like any restore, but with no journal: each call is one that may be
 * repeated, and changes only what the plan showed, so that the same command goes on where it was cut off. It is taken back
 * by restoring the snapshot that it made first.
 */
import { baseName, type RelPath } from "../core/path/rel-path.ts";
import { repositoryMarker } from "../core/repo/marker.ts";
import type { PlanItem, PlanSubject } from "../core/snapshot/restore-item.ts";
import { wantedOf } from "../core/snapshot/restore-manifest.ts";
import { placeKey, type RemotePicture } from "../core/snapshot/restore-picture.ts";
import type { RestorePlan } from "../core/snapshot/restore-plan.ts";
import type { LeftItem } from "../core/snapshot/restore-report.ts";
import { remoteWitnessOf } from "../core/snapshot/restore-record.ts";
import { selectionOf } from "../core/snapshot/restore-select.ts";
import type { Wanted } from "../core/snapshot/restore-wanted.ts";
import { planRemote } from "../core/snapshot/remote-plan.ts";
import type { SnapshotRoot } from "../core/snapshot/root.ts";
import { withoutUnits } from "../core/snapshot/unit.ts";
import type { CaptureSource, KeptRemote, RemoteSide, SnapshotStore } from "../ports.ts";
import type { ExitCode } from "../std/error.ts";
import type { Listener, Work } from "../std/events.ts";
import type { Clock } from "../std/time.ts";
import { askConsent, settleDrift } from "./consent.ts";
import { applyRemotely, type RemoteDone } from "./remote-apply.ts";
import { listedPicture } from "./remote-look.ts";
import type { Consent, Outside, RestoreEvent } from "./restore-deps.ts";
import {
  boundaryOf,
  heldEntries,
  isRemoving,
  refuseUnmatched,
  scopeWith,
} from "./restore-snapshot.ts";
import { soundSources } from "./sources.ts";

/** A folder of Dropbox and the store, as such a restore sees them. */
export type RemoteOnlyDeps = {
  readonly store: SnapshotStore;
  readonly remote: RemoteSide & KeptRemote;
  /** All that the folder holds now. */
  look(work: Work): Promise<Disposable & { readonly source: CaptureSource }>;
  readonly link: { readonly account: string; readonly folder: string };
  /** Name of this device, for conflicted copies. */
  readonly device: string;
  readonly clock: Clock;
  readonly onEvent: Listener<RestoreEvent>;
};

/** What is to be restored there. */
export type RemoteOnlyRequest = {
  readonly root: SnapshotRoot;
  readonly paths: readonly string[];
  readonly delete?: boolean;
};

/** How it ended. */
export type RemoteReport = {
  readonly state: "done" | "partial";
  readonly snapshot: string;
  readonly digest: string;
  /** What stood there before, where something was lost. */
  readonly safety: string | null;
  readonly counts: RestorePlan["counts"]["remote"];
  readonly uploadedBytes: number;
  readonly reverted: number;
  readonly late: readonly string[];
  readonly left: readonly LeftItem[];
  readonly exit: ExitCode;
};

type Aim = {
  readonly wanted: Wanted;
  readonly outside: Outside;
  readonly subject: PlanSubject;
};

/**
 * What it would do, announced; nothing is changed.
 *
 * @throws {SnapError} `path-missing`, `damaged`, `refused`, and what listing can throw
 */
export async function planRemoteOnly(
  deps: RemoteOnlyDeps,
  request: RemoteOnlyRequest,
  work: Work,
): Promise<RestorePlan> {
  const plan = await planNow(deps, await aimOf(deps, request), work);
  deps.onEvent({ type: "plan", plan, drifted: false });
  return plan;
}

/**
 * Restore a folder of Dropbox.
 *
 * @throws {SnapError} with nothing changed what `planRemoteOnly` throws; `consent-needed`, `plan-drifted`; `damaged` for content that cannot be
 *   had. After the first call `interrupted`, and what stops every path: the same command goes on
 */
export async function restoreRemoteOnly(
  deps: RemoteOnlyDeps,
  request: RemoteOnlyRequest & { readonly consent: Consent },
  work: Work,
): Promise<RemoteReport> {
  const { consent, root } = request;
  const aim = await aimOf(deps, request);
  const agreed = await planNow(deps, aim, work);
  deps.onEvent({ type: "plan", plan: agreed, drifted: false });
  await askConsent(agreed, consent);
  const { plan, safety } = await savedPlan(deps, aim, { agreed, consent, root, work });
  const chosen = await sourcesOf(deps, plan, work);
  const done = await applyRemotely(deps, { items: plan.items, chosen, work });
  const wrong = await verify(deps, aim, { plan, done, work });
  const left = [...plan.left, ...done.left, ...wrong];
  const late = [...done.late].toSorted();
  for (const path of late) deps.onEvent({ type: "late", path });
  for (const item of left) deps.onEvent({ type: "left", ...item });
  const exit: ExitCode = wrong.length > 0 ? 5 : left.length + late.length > 0 ? 4 : 0;
  const { uploadedBytes, reverted } = done;
  return {
    state: exit === 0 ? "done" : "partial",
    snapshot: root.id,
    digest: plan.digest,
    safety,
    counts: plan.counts.remote,
    uploadedBytes,
    reverted,
    late,
    left,
    exit,
  };
}

async function aimOf(deps: RemoteOnlyDeps, request: RemoteOnlyRequest): Promise<Aim> {
  const { store } = deps;
  const { root, paths } = request;
  const rules = (): Promise<string> => Promise.resolve("");
  const isDeleting = await isRemoving({ rules }, { root, request });
  const outside = await scopeWith({ store, scope: () => Promise.resolve(markersOf(root)) }, root);
  const selection = selectionOf(paths);
  const boundary = boundaryOf(root);
  const wanted = await wantedOf(withoutUnits(heldEntries(store, root)), {
    selects: (path) => selection.selects(path),
    isOutside: outside,
    isOwn: false,
    isRemoved: (path) => isDeleting && boundary(path) && selection.selects(path),
  });
  refuseUnmatched(selection, root);
  const options = { paths, delete: isDeleting, onUnsaved: "replace" } as const;
  return { wanted, outside, subject: subjectOf(deps, root, options) };
}

function subjectOf(
  { link }: RemoteOnlyDeps,
  { id }: SnapshotRoot,
  options: PlanSubject["options"],
): PlanSubject {
  return { kind: "restore", snapshot: id, options, link };
}

/** A snapshot of a disk holds no repository as plain files: what there is of one in Dropbox is not its business (T8). */
function markersOf({ side }: SnapshotRoot): Outside {
  if (side === "remote") return () => false;
  return (path, kind) => repositoryMarker(baseName(path), kind) !== undefined;
}

async function planNow(
  deps: RemoteOnlyDeps,
  { wanted, outside, subject }: Aim,
  work: Work,
): Promise<RestorePlan> {
  using listed = await deps.look(work);
  return planRemote(wanted, await listedPicture(listed.source, outside), subject);
}

type Agreed = {
  readonly agreed: RestorePlan;
  readonly consent: Consent;
  readonly root: SnapshotRoot;
  readonly work: Work;
};

/** Save what stands there now, and plan from exactly that (T3, T19). */
async function savedPlan(
  deps: RemoteOnlyDeps,
  { wanted, outside, subject }: Aim,
  { agreed, consent, root, work }: Agreed,
): Promise<{ readonly plan: RestorePlan; readonly safety: string | null }> {
  using listed = await deps.look(work);
  const plan = planRemote(wanted, await listedPicture(listed.source, outside), subject);
  if (plan.digest !== agreed.digest) deps.onEvent({ type: "plan", plan, drifted: true });
  await settleDrift({ agreed, present: plan }, consent);
  if (!plan.items.some(takesAway)) return { plan, safety: null };
  const label = `before restore of ${root.id.slice(0, 8)}`;
  const options = { ...work, reason: "before-restore", label, force: true } as const;
  const { root: saved } = await deps.store.capture(listed.source, options);
  deps.onEvent({ type: "saved", side: "remote", snapshot: saved.id });
  return { plan, safety: saved.id };
}

function takesAway({ remote }: PlanItem): boolean {
  return remote?.action === "replace" || remote?.action === "delete";
}

/** @throws {SnapError} `damaged` for the first file whose content cannot be had; nothing was changed */
async function sourcesOf(deps: RemoteOnlyDeps, { items }: RestorePlan, work: Work) {
  const { store, remote, clock } = deps;
  const parts = { store, remote, clock, local: undefined };
  const { chosen, damaged } = await soundSources(parts, { items, work, asksRevisions: true });
  const [first] = damaged;
  if (first !== undefined) throw first;
  return chosen;
}

type Result = {
  readonly plan: RestorePlan;
  readonly done: RemoteDone;
  readonly work: Work;
};

/** Look again, and compare every touched path by content hash (T7). What somebody changed meanwhile is theirs (T26). */
async function verify(
  deps: RemoteOnlyDeps,
  { outside }: Aim,
  { plan, done, work }: Result,
): Promise<readonly LeftItem[]> {
  using listed = await deps.look(work);
  const now = await listedPicture(listed.source, outside);
  const told = new Set<string>([...done.late, ...done.left.map(({ path }) => path)]);
  const open = plan.items.filter((item) => !told.has(item.path) && !isRight(item, now));
  const isSame = ({ path, remote }: PlanItem): boolean =>
    seenAt(now, path)?.rev === remote?.before?.rev;
  for (const { path } of open.filter((item) => !isSame(item))) done.late.add(path);
  deps.onEvent({ type: "verified", paths: plan.items.length - open.length - told.size });
  return open
    .filter(isSame)
    .map(({ path }) => ({ path, side: "remote", reason: "the verification failed" }));
}

function isRight({ path, want }: PlanItem, now: RemotePicture): boolean {
  const there = remoteWitnessOf(seenAt(now, path));
  if (want === undefined) return there === remoteWitnessOf(undefined);
  const hash = want.kind === "file" ? want.hash : "";
  return there === remoteWitnessOf({ kind: want.kind === "file" ? "file" : "folder", hash });
}

function seenAt({ items }: RemotePicture, path: RelPath) {
  return items.get(placeKey(path));
}
