import {
  ignoreFileName,
  isAlwaysOutside,
  noRules,
  rulesOf,
  type IgnoreRules,
} from "../core/ignore.ts";
import {
  baseName,
  isInside,
  isRelPath,
  parseRelPath,
  type RelPath,
} from "../core/path/rel-path.ts";
import type { SnapshotEntry } from "../core/snapshot/entry.ts";
import type { PlanOptions } from "../core/snapshot/restore-item.ts";
import type { RestorePlan } from "../core/snapshot/restore-plan.ts";
import type { RestoreReport } from "../core/snapshot/restore-report.ts";
import { selectionOf, type Selection } from "../core/snapshot/restore-select.ts";
import { WantedCollection } from "../core/snapshot/restore-manifest.ts";
import type { ServerSide } from "../core/snapshot/server-world.ts";
import { isAtOrBelow } from "../core/snapshot/restore-wanted.ts";
import { unitFolder } from "../core/repo/unit.ts";
import { repositoryMarker } from "../core/repo/marker.ts";
import type { SnapshotRoot } from "../core/snapshot/root.ts";
import { withoutUnits } from "../core/snapshot/unit.ts";
import type { LocalStat } from "../core/tree/local-stat.ts";
import type { SnapshotStore } from "../ports.ts";
import { isSnapError, SnapError } from "../std/error.ts";
import type { Work } from "../std/events.ts";
import { rulesBytesMax, textOf } from "./check-rules.ts";
import type { Order, Wish } from "./draft.ts";
import { ignoredPlaces } from "./ignored-places.ts";
import { Looker } from "./look.ts";
import { preview, runOrder } from "./restore.ts";
import { Sieve } from "./sieve.ts";
import type { Consent, Outside, RestoreDeps } from "./restore-deps.ts";
import { refusePartOfUnit, wantedUnits } from "./wanted-units.ts";

/** What the user asks for: `snap restore`. */
export type RestoreRequest = {
  /** Id, unique prefix, label, `latest`, … (N25). */
  readonly snapshot: string;
  readonly paths: readonly string[];
  /** Remove what is not in the snapshot; by default for a full restore of a complete snapshot (T10). */
  readonly delete?: boolean;
  readonly onUnsaved?: PlanOptions["onUnsaved"];
  /** Set setuid, setgid and sticky bits as they were (N38, X9). */
  readonly specialModes?: boolean;
  /** Put back on the disk what was ignored when it was captured (N33). */
  readonly ignored?: boolean;
  /** Commits that only a present repository has may be lost (T39). */
  readonly dropCommits?: boolean;
  /** Dropbox is emptied, and everything uploaded anew (T36). Only of a whole snapshot, where there is a link. */
  readonly procedure?: "documented";
  /** What Dropbox may do itself (T24). */
  readonly serverSide?: ServerSide;
  /** Change nothing while a program has a touched file open for writing (T33). */
  readonly requireQuiet?: boolean;
  /** Dropbox is not asked: the disk first, and the rest when it is in reach again (T27). */
  readonly isOffline?: boolean;
};

/**
 * What `snap restore` would do; nothing is changed.
 *
 * @throws {SnapError} `snapshot-not-found`, `snapshot-ambiguous`, `path-missing`, `damaged`
 */
export async function planRestoreOf(
  deps: RestoreDeps,
  request: RestoreRequest,
  work: Work = {},
): Promise<RestorePlan> {
  return (await preview(deps, await orderOf(deps, request), work)).plan;
}

/** Restore a snapshot; what it throws is what `runOrder` and `planRestoreOf` throw. */
export async function restoreSnapshot(
  deps: RestoreDeps,
  request: RestoreRequest & { readonly consent: Consent },
  work: Work = {},
): Promise<RestoreReport> {
  return await runOrder(deps, await orderOf(deps, request), { consent: request.consent, work });
}

/** The order for a snapshot. */
export async function orderOf(deps: RestoreDeps, request: RestoreRequest): Promise<Order> {
  refuseUnfit(deps, request);
  const root = await deps.store.find(request.snapshot, { workspace: deps.workspace });
  const options: PlanOptions = {
    paths: request.paths,
    delete: await isRemoving(deps, { root, request }),
    onUnsaved: request.onUnsaved ?? "replace",
    ...(request.specialModes === true ? { specialModes: true } : {}),
    ...(request.ignored === true ? { ignored: true } : {}),
    ...(request.procedure === undefined ? {} : { procedure: request.procedure }),
    ...(request.dropCommits === true ? { dropCommits: true } : {}),
  };
  refusePartOfUnit(root, request);
  const outside = await scopeWith(deps, root);
  const localOnly = await ignoredPlaces(deps, { root, options });
  return {
    subject: { kind: "restore", snapshot: root.id, options, link: deps.link },
    undoes: undefined,
    requireQuiet: request.requireQuiet ?? false,
    isOffline: request.isOffline ?? false,
    ...(request.serverSide === undefined ? {} : { serverSide: request.serverSide }),
    looker: new Looker(deps, outside, localOnly),
    ...(deps.units === undefined
      ? {}
      : { units: wantedUnits(deps, deps.units, { root, paths: options.paths, outside }) }),
    begin: () => wishFrom(deps, { root, options, outside, localOnly }),
  };
}

/** T37: @throws {SnapError} `usage` */
function refuseUnfit({ engine }: RestoreDeps, request: RestoreRequest): void {
  const { procedure, paths, serverSide } = request;
  if (procedure === undefined) return;
  const refuse = (why: string, hint: string): never => {
    throw new SnapError("usage", `The procedure "documented" ${why}`, { hint });
  };
  if (engine === undefined)
    refuse("needs a link", "Here nothing is in Dropbox: leave --procedure out.");
  if (paths.length > 0)
    refuse("is for a whole snapshot", "Leave the paths out, or --procedure documented.");
  if (request.isOffline === true)
    refuse("empties Dropbox first", "Leave --offline out, or --procedure documented.");
  if (serverSide !== undefined)
    refuse("uploads everything", "Leave --server-side out, or --procedure documented.");
}

/**
 * A snapshot of some paths may lack the rules that were in force: what it does not hold may have been ignored then. Where other rules
 * hold now nothing is taken for absent (N33).
 */
export async function isRemoving(
  deps: Pick<RestoreDeps, "rules">,
  {
    root,
    request,
  }: { readonly root: SnapshotRoot; readonly request: Pick<RestoreRequest, "paths" | "delete"> },
): Promise<boolean> {
  const isAsked = request.delete ?? isFull(root, request);
  if (!isAsked || root.paths === undefined || root.paths.includes(ignoreFileName)) return isAsked;
  if (root.rules === (await deps.rules())) return true;
  if (request.delete === undefined) return false;
  throw new SnapError(
    "refused",
    `Other files are ignored now than when snapshot ${root.id.slice(0, 8)} was taken of some paths`,
    {
      path: root.id,
      hint: `What it lacks may have been ignored, so nothing is removed: leave --delete out, or put the ${ignoreFileName} of that time back first.`,
    },
  );
}

/** Who names one file expects nothing else to vanish, and a snapshot with gaps proves no absence (T10). */
function isFull(root: SnapshotRoot, { paths }: Pick<RestoreRequest, "paths">): boolean {
  return paths.length === 0 && root.completeness === "full";
}

type From = {
  readonly root: SnapshotRoot;
  readonly options: PlanOptions;
  readonly outside: Outside;
};

function wishFrom(
  deps: RestoreDeps,
  from: From & { readonly localOnly: ReadonlySet<RelPath> | undefined },
): Wish {
  const { store, workspace, owners } = deps;
  const { root, options, outside, localOnly } = from;
  const selection = selectionOf(options.paths);
  // A repository is named by its folder, which is no entry of the files.
  for (const { id } of root.git ?? []) selection.selects(unitFolder(id));
  const boundary = boundaryOf(root);
  const collection = new WantedCollection(withoutUnits(heldEntries(store, root)), {
    selects: (path) => selection.selects(path),
    isOutside: outside,
    isOwn: root.workspace.id === workspace && root.reason !== "import",
    specialModes: options.specialModes ?? false,
    owners,
    attributes: root.attributes,
    ...(localOnly === undefined ? {} : { localOnly }),
    isRemoved: (path) => options.delete && boundary(path) && selection.selects(path),
  });
  return {
    passing: new Sieve(deps, collection, localOnly),
    wanted: async () => {
      const wanted = await collection.finish();
      refuseUnmatched(selection, root);
      return wanted;
    },
    end: () => collection[Symbol.asyncDispose](),
  };
}

/** What was thin when it was captured need not be fetched where the store has its content by now (N40). */
export async function* heldEntries(
  store: SnapshotStore,
  { id }: SnapshotRoot,
): AsyncGenerator<SnapshotEntry> {
  for await (const entry of store.entries(id)) yield await store.held(entry);
}

/** Nothing is ever removed outside what the snapshot looked at (N24). */
export function boundaryOf({ paths }: SnapshotRoot): (path: RelPath) => boolean {
  if (paths === undefined) return () => true;
  const tops = paths.filter((path): path is RelPath => isRelPath(path));
  return (path) => tops.some((top) => isInside(path, top));
}

/** @throws {SnapError} `path-missing` where the snapshot has nothing for one of the paths */
export function refuseUnmatched(selection: Selection, root: SnapshotRoot): void {
  const [missing] = selection.unmatched();
  if (missing === undefined) return;
  throw new SnapError("path-missing", `The snapshot ${root.id.slice(0, 8)} holds no "${missing}"`, {
    path: missing,
    hint: "Paths are those of the snapshot: snap ls shows them. Nothing was changed.",
  });
}

/** Ignored now, or by the rules that the snapshot holds itself (T13). */
export async function scopeWith(
  deps: Pick<RestoreDeps, "scope" | "store">,
  root: SnapshotRoot,
): Promise<Outside> {
  const present = await deps.scope();
  const captured = await capturedRules(deps, root);
  const ignores = (path: RelPath, kind: LocalStat["kind"]): boolean =>
    captured.ignores(path, kind === "folder" ? "folder" : "file");
  // Dropbox holds no links: that a snapshot of its side has none says nothing about those on the disk.
  const isUnseen = (kind: LocalStat["kind"]): boolean =>
    root.side === "remote" && kind === "symlink";
  const isUnit = unitsIn(root);
  return (path, kind) =>
    isAlwaysOutside(path) ||
    isUnseen(kind) ||
    isUnit(path, kind) ||
    present(path, kind) ||
    ignores(path, kind);
}

/** Repositories are captured as units: nothing of them is touched file by file, neither what the snapshot has nor what is there now (N43). */
function unitsIn({ git }: SnapshotRoot): Outside {
  if (git === undefined) return () => false;
  const tops = new Set(git.map(({ id }) => unitFolder(id)));
  return (path, kind) =>
    isAtOrBelow(path, tops) || repositoryMarker(baseName(path), kind) !== undefined;
}

async function capturedRules(
  { store }: Pick<RestoreDeps, "store">,
  root: SnapshotRoot,
): Promise<IgnoreRules> {
  const path = parseRelPath(ignoreFileName);
  for await (const each of store.entries(root.id, path)) {
    const entry = await store.held(each);
    if (entry.path !== path || entry.type !== "file" || entry.blocks === undefined) continue;
    if ((entry.size ?? 0) > rulesBytesMax) continue;
    try {
      return rulesOf(await textOf(store.open(entry), entry.size ?? 0));
    } catch (error) {
      // Rules beyond a bound were not in force when they were captured either.
      if (!isSnapError(error, "settings-invalid")) throw error;
    }
  }
  return noRules();
}
