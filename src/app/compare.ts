import {
  isInside,
  parentPath,
  parseRelPath,
  topPath,
  type RelPath,
} from "../core/path/rel-path.ts";
import { unitFolder } from "../core/repo/unit.ts";
import { diffEntries, withoutAttributes, type EntryChange } from "../core/snapshot/diff.ts";
import { entryTrouble, type SnapshotEntry } from "../core/snapshot/entry.ts";
import { EntrySorter } from "../core/snapshot/entry-sorter.ts";
import { isAtOrBelow } from "../core/snapshot/restore-wanted.ts";
import type { SnapshotRoot } from "../core/snapshot/root.ts";
import { withoutUnits } from "../core/snapshot/unit.ts";
import type { RemoteItem } from "../core/tree/remote-item.ts";
import { isTaken, type ScopeRules } from "../engine/scope/standing.ts";
import type { RemoteSide, SnapshotStore } from "../ports.ts";
import { throwIfAborted } from "../std/error.ts";
import type { Work } from "../std/events.ts";
import { connect } from "./accounts.ts";
import { boundaryOf, type Boundary } from "./boundary.ts";
import { captureSource } from "./capture-source.ts";
import { compareUnits, SeenUnits, type PresentChange } from "./compare-units.ts";
import type { Environment } from "./environment.ts";
import { requireLink, requireWorkspace } from "./find-workspace.ts";
import { hashedEntries } from "./local-entries.ts";
import { spoolsOf } from "./spools.ts";
import { openWorkspace } from "./open-workspace.ts";

/** A snapshot and one of the two present sides; all of it, or what is at and below a path. */
export type Comparison = {
  readonly store: SnapshotStore;
  readonly root: SnapshotRoot;
  readonly side: "local" | "remote";
  /** Where the workspace is. */
  readonly place: string;
  readonly under: RelPath;
  /** What is being done, for who finds the workspace busy. */
  readonly doing: string;
  /** Read every file of the disk instead of trusting the index. */
  readonly rehash?: boolean;
  /** Extended attributes of the disk too, where the snapshot has them (N38). */
  readonly attributes?: boolean;
  /** Repositories of the disk file by file, not each as one. */
  readonly wholeUnits?: boolean;
  /** Modes and times do not count. */
  readonly contentOnly?: boolean;
};

/**
 * What leads from a snapshot to the present, content by hash. The disk is known by the trusted hashes of the index, and read where
 * there is none; its repositories each as one; Dropbox by its listing, with nothing downloaded: of it files and folders are compared, for links are never there.
 *
 * @throws {SnapError} `workspace-missing`, `busy`; for the remote side also what opening the account and the listing can throw
 */
export function compareWith(
  environment: Environment,
  comparison: Comparison,
  work: Work,
): AsyncGenerator<PresentChange> {
  return comparison.side === "local"
    ? compareLocal(environment, comparison, work)
    : compareRemote(environment, comparison, work);
}

async function* compareLocal(
  environment: Environment,
  comparison: Comparison,
  work: Work,
): AsyncGenerator<PresentChange> {
  const { store, root, place, under, doing, rehash = false } = comparison;
  const { wholeUnits = false, contentOnly = false } = comparison;
  const record = requireWorkspace(environment, place);
  await using workspace = await openWorkspace(environment, record, doing);
  const units = root.git !== undefined;
  const paths = scopeOf(root, under);
  const scope = { side: "local", paths, units, ignored: root.ignored } as const;
  const attributes = comparison.attributes === true && root.attributes === true;
  const source = await captureSource(workspace, {
    ...scope,
    attributes,
    signal: work.signal,
  });
  const present = hashedEntries({ source, local: workspace.local, rehash }, work);
  const held = store.entries(root.id, under);
  const seen = new SeenUnits(under);
  const before = seen.before(attributes ? held : comparable(root, held));
  for await (const change of seen.changes(diffEntries(before, seen.present(present)))) {
    if (!contentOnly || change.change !== "metadata") yield change;
  }
  const compared = { store, root, source, under, rehash, wholeUnits, contentOnly };
  yield* compareUnits(compared, seen, work);
}

/** Without what is not looked up on the other side. */
function comparable(
  { attributes }: SnapshotRoot,
  entries: AsyncIterable<SnapshotEntry>,
): AsyncIterable<SnapshotEntry> {
  return attributes === true ? withoutAttributes(entries) : entries;
}

/** The paths to look at, undefined for all: a snapshot of some paths says nothing about the others. */
function scopeOf(root: SnapshotRoot, under: RelPath): readonly RelPath[] | undefined {
  const captured = root.paths?.map(parseRelPath);
  if (under === topPath) return captured;
  if (captured === undefined || captured.some((path) => isInside(under, path))) return [under];
  return captured.filter((path) => isInside(path, under));
}

async function* compareRemote(
  environment: Environment,
  { store, root, place, under, doing }: Comparison,
  work: Work,
): AsyncGenerator<EntryChange> {
  const record = requireLink(environment, place);
  await using workspace = await openWorkspace(environment, record, doing);
  await using connection = await connect(environment, record.account, record.id);
  const boundary = await boundaryOf(workspace);
  const scope = scopeOf(root, under);
  // A repository that is synced by override is a unit all the same: what Dropbox has of it is another matter.
  const units = new Set((root.git ?? []).map(({ id }) => unitFolder(id.normalize("NFC"))));
  // What was listed was judged when it was captured; the same is asked of what is there now (N40).
  const isListed = (entry: SnapshotEntry): boolean =>
    root.side === "local" || isTakenPath(boundary.scope, entry);
  const isCompared = (entry: SnapshotEntry): boolean =>
    isOfRemote(entry, { boundary, scope }) &&
    isListed(entry) &&
    !isAtOrBelow(parseRelPath(entry.path), units);
  const makeSpool = spoolsOf(environment, record);
  using before = new EntrySorter(makeSpool);
  using after = new EntrySorter(makeSpool);
  for await (const entry of withoutUnits(store.entries(root.id, under))) {
    throwIfAborted(work.signal);
    if (isCompared(entry)) before.add({ ...entry, path: entry.path.normalize("NFC") });
  }
  const paths = new RemotePaths();
  for await (const item of itemsBelow(connection.side(record.remote), under)) {
    throwIfAborted(work.signal);
    const entry = entryOf(item, paths.pathOf(item));
    if (isCompared(entry) && entryTrouble(entry) === undefined) after.add(entry);
    const step = { step: "Listing", done: after.count, total: undefined };
    work.onProgress?.({ ...step, bytes: 0, bytesTotal: undefined, current: item.path });
  }
  yield* diffEntries(comparable(root, streamed(before.sorted())), streamed(after.sorted()));
}

function isOfRemote(
  { path, type }: SnapshotEntry,
  within: { readonly boundary: Boundary; readonly scope: readonly RelPath[] | undefined },
): boolean {
  if (type !== "file" && type !== "folder") return false;
  const place = parseRelPath(path);
  if (within.scope?.some((top) => isInside(place, top)) === false) return false;
  return !within.boundary.isOutside(place, type);
}

/** Whether the link takes an entry, and every folder above it. */
function isTakenPath(scope: ScopeRules, { path, type }: SnapshotEntry): boolean {
  const names = path.split("/");
  return names.every((name, depth) => {
    const isLast = depth === names.length - 1;
    const kind = isLast && type !== "folder" ? "file" : "folder";
    return isTaken(scope, parseRelPath(names.slice(0, depth).join("/")), { name, kind });
  });
}

/** What is at a path and below it; nothing where nothing is there. */
async function* itemsBelow(remote: RemoteSide, under: RelPath): AsyncGenerator<RemoteItem> {
  const item = under === topPath ? undefined : await remote.get(under);
  if (item !== undefined) yield item;
  if (under === topPath || item?.kind === "folder") yield* remote.list(under, { recursive: true });
}

/** Dropbox takes all forms of a name for one (S15); the same form is compared on both sides. */
function entryOf({ kind, size, hash }: RemoteItem, path: string): SnapshotEntry {
  const shared = { path: path.normalize("NFC"), flags: [] };
  return kind === "folder"
    ? { ...shared, type: "folder" }
    : { ...shared, type: "file", size, hash };
}

/** Only the last name of a listed path is sure to be in the right case (S35): the others are those of the folders that were listed. */
class RemotePaths {
  readonly #folders = new Map<string, string>();

  pathOf({ path, name, keys, kind }: RemoteItem): string {
    const above = this.#folders.get(keys.slice(0, -1).join("/")) ?? parentPath(path) ?? topPath;
    const whole = above === "" ? name : `${above}/${name}`;
    if (kind === "folder") this.#folders.set(keys.join("/"), whole);
    return whole;
  }
}

async function* streamed<T>(items: Iterable<T>): AsyncGenerator<T> {
  yield* items;
}
