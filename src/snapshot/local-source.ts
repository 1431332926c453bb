import { bareRepository, repositoryMarker } from "../core/repo/marker.ts";
import { topUnit, type RepositoryUnits } from "../core/repo/unit.ts";
import { topPath, type RelPath } from "../core/path/rel-path.ts";
import type { EntryFlag, SnapshotEntry } from "../core/snapshot/entry.ts";
import type { CaptureFacts, CaptureLeft } from "../core/snapshot/root.ts";
import type { ContentMemory } from "../core/tree/content-memory.ts";
import type { FolderListing, LocalStat } from "../core/tree/local-stat.ts";
import { rootNode, type ContentHash, type LocalEntry, type NodeId } from "../core/tree/node.ts";
import type { CaptureSource, IndexStore, LocalSide } from "../ports.ts";
import { runItemsMax } from "../std/runs.ts";
import { linkFacts, pathFacts, shownListing, type ShownPlace } from "./shown-listing.ts";

/** What the capture of a workspace needs to know. */
export type LocalSourceOptions = {
  readonly local: LocalSide;
  /** The index of a linked workspace: its trusted hashes spare reading (N35). */
  readonly index: IndexStore | undefined;
  /** What earlier captures have read, which spares reading it where no index does (N35); and how fine the times of the disk are. */
  readonly contents?: { readonly memory: ContentMemory; readonly granularityNs: bigint };
  /** Left out by rule or by nature: ignored, or always outside the sync. */
  readonly isOutside: (path: RelPath, kind: LocalStat["kind"]) => boolean;
  /** What of that is outside by a rule alone: it is taken all the same, with the flag `ignored`. Absent: none of it is. */
  readonly isIgnored?: LocalSourceOptions["isOutside"] | undefined;
  /** Repositories whose files are synced like any other (an override is in force). */
  readonly isRepositorySynced: (path: RelPath) => boolean;
  readonly facts: CaptureFacts;
  /** Entries tell who owns them (N38). */
  readonly keepsOwners?: boolean;
  /** Takes repositories as units (N43). Without it they are left aside, and those that are synced or bare count as files. */
  readonly units?: RepositoryUnits | undefined;
};

type Onward = (left: CaptureLeft) => void;

/** The present disk of a workspace as the source of a capture: what the link syncs, in path order (N33). */
export function localSource(options: LocalSourceOptions): CaptureSource {
  const { contents } = options;
  return {
    facts: () => Promise.resolve(options.facts),
    entries: (onLeft) => entriesOf(options, onLeft),
    open: (path) => options.local.open(path),
    readEach: (request, work) => options.local.readEach(request, work),
    noteContent: (file) => contents?.memory.note(file, contents.granularityNs),
    units: options.units,
  };
}

async function* entriesOf(
  options: LocalSourceOptions,
  onLeft: Onward,
): AsyncGenerator<readonly SnapshotEntry[]> {
  const listing = await options.local.list(topPath);
  if (listing.trouble !== undefined) throw listing.trouble;
  if (isBareUnit(options, listing)) {
    yield [{ path: topPath, type: "folder", unit: topUnit, flags: [] }];
    return;
  }
  yield* entriesBelow(options, { path: topPath, listing, node: rootNode, top: [] }, onLeft);
}

/** A folder that was read; its path in the snapshot; its node where the index knows it; and its own entry, if it has one, which goes before those in it. */
type Folder = {
  readonly path: RelPath;
  readonly listing: FolderListing;
  readonly node: NodeId | undefined;
  readonly top: readonly SnapshotEntry[];
};

async function* entriesBelow(
  options: LocalSourceOptions,
  folder: Folder,
  onLeft: Onward,
): AsyncGenerator<readonly SnapshotEntry[]> {
  let run: SnapshotEntry[] = [...folder.top];
  const { entries, placeOf } = shownListing(folder.path, folder.listing);
  const rows = rowsByName(options.index, folder.node);
  const known = { ...folder.listing, path: folder.path, entries };
  const hashes = options.contents?.memory.hashesIn(known);
  for (const stat of entries) {
    if (run.length >= runItemsMax) {
      yield run;
      run = [];
    }
    const place = placeOf(stat);
    const { path } = place;
    const flags = flagsAt(options, path, stat);
    if (flags === undefined) continue;
    if (isUnit(options, stat)) {
      run.push(...unitEntries(options, place, { stat, flags, onLeft }));
      continue;
    }
    if (isForeignRepository(options, path, stat)) {
      onLeft({ path, reason: "A repository: its history is not part of this snapshot" });
      continue;
    }
    const row = rows.get(stat.name);
    if (stat.kind !== "folder") {
      const seen = { stat, row, known: hashes?.get(stat.name), flags };
      run.push(leafOf(options, place, { ...seen, onLeft }));
      continue;
    }
    const below = await options.local.list(place.raw);
    if (isBareUnit(options, below)) {
      run.push(...unitEntries(options, place, { stat, flags, onLeft }));
      continue;
    }
    if (run.length > 0) yield run;
    run = [];
    yield* folderAndBelow(options, { place, stat, row, flags, listing: below }, onLeft);
  }
  if (run.length > 0) yield run;
}

type ListedFolder = {
  readonly place: ShownPlace;
  readonly stat: LocalStat;
  readonly row: LocalEntry | undefined;
  readonly flags: readonly EntryFlag[];
  readonly listing: FolderListing;
};

async function* folderAndBelow(
  options: LocalSourceOptions,
  { place, stat, row, listing, flags: before }: ListedFolder,
  onLeft: Onward,
): AsyncGenerator<readonly SnapshotEntry[]> {
  const { path } = place;
  const { trouble } = listing;
  const flags: readonly EntryFlag[] = trouble === undefined ? before : [...before, "unreadable"];
  if (trouble !== undefined) onLeft({ path, reason: trouble.message });
  const top = isOnlyAncestor(options.facts.paths, path)
    ? []
    : [entryOf(options, place, { stat, row, known: undefined, flags })];
  if (trouble === undefined)
    yield* entriesBelow(options, { path, listing, node: row?.node, top }, onLeft);
  else if (top.length > 0) yield top;
}

/** A link of which the target is not known stands there as something that could not be read (N37): no restore takes it away. */
function leafOf(
  options: LocalSourceOptions,
  place: ShownPlace,
  { onLeft, ...seen }: Seen & { readonly onLeft: Onward },
): SnapshotEntry {
  const entry = entryOf(options, place, seen);
  if (seen.stat.kind !== "symlink" || seen.stat.linkTarget !== undefined) return entry;
  onLeft({ path: place.path, reason: "The target of the link cannot be read" });
  const { linkTarget: _target, ...rest } = entry;
  return { ...rest, type: "other", flags: [...entry.flags, "unreadable"] };
}

/** Rows of the children of one folder; none where the index does not know the folder. */
function rowsByName(
  index: IndexStore | undefined,
  node: NodeId | undefined,
): ReadonlyMap<string, LocalEntry> {
  if (index === undefined || node === undefined) return new Map();
  return new Map(Array.from(index.local.children(node), (row) => [row.name, row]));
}

/** What is odd about a place that is taken; undefined for one that is not. */
function flagsAt(
  options: LocalSourceOptions,
  path: RelPath,
  { kind }: LocalStat,
): readonly EntryFlag[] | undefined {
  const paths = options.facts.paths;
  if (paths !== undefined && !paths.some((top) => touches(path, top))) return undefined;
  if (options.isIgnored?.(path, kind) === true) return ["ignored"];
  return options.isOutside(path, kind) ? undefined : [];
}

/** `.git`, a folder or the file that leads to one, and the folder `.hg` (N43): also where it is synced by an override. */
function isUnit({ units }: LocalSourceOptions, stat: LocalStat): boolean {
  if (units === undefined) return false;
  if (stat.kind === "file") return stat.name === ".git";
  return stat.kind === "folder" && (stat.name === ".git" || stat.name === ".hg");
}

/** A bare repository, or a gitdir that stands apart from its work tree. */
function isBareUnit({ units }: LocalSourceOptions, listing: FolderListing): boolean {
  return units !== undefined && bareRepository(listing.entries) === "whole";
}

/**
 * The folder of a unit, whose entries the capture puts behind it; or the file in its place, which is all of it. Programs are run in a
 * repository by its path, which has to be a text.
 */
function unitEntries(
  options: LocalSourceOptions,
  place: ShownPlace,
  { onLeft, ...seen }: Pick<Seen, "stat" | "flags"> & { readonly onLeft: Onward },
): readonly SnapshotEntry[] {
  const { path, raw } = place;
  if (raw !== path) {
    const reason = "A repository below a name that is not valid UTF-8 is not captured";
    onLeft({ path, reason, isGap: true });
    return [];
  }
  const entry = entryOf(options, place, { ...seen, row: undefined, known: undefined });
  return [{ ...entry, unit: path }];
}

function isForeignRepository(options: LocalSourceOptions, path: RelPath, stat: LocalStat): boolean {
  return repositoryMarker(stat.name, stat.kind) !== undefined && !options.isRepositorySynced(path);
}

/** Inside a chosen path, or on the way to one. */
function touches(path: RelPath, top: string): boolean {
  return path === top || path.startsWith(`${top}/`) || top.startsWith(`${path}/`);
}

/** A folder above the chosen paths: walked, but itself no part of the capture. */
function isOnlyAncestor(paths: readonly string[] | undefined, path: RelPath): boolean {
  return paths !== undefined && !paths.some((top) => path === top || path.startsWith(`${top}/`));
}

type Seen = {
  readonly stat: LocalStat;
  readonly row: LocalEntry | undefined;
  /** What an earlier capture has read under this stat. */
  readonly known: ContentHash | undefined;
  readonly flags: readonly EntryFlag[];
};

function entryOf(options: LocalSourceOptions, place: ShownPlace, seen: Seen): SnapshotEntry {
  const { stat, flags } = seen;
  const { owner, modifiedNs } = stat;
  const owned = options.keepsOwners === true && owner !== undefined ? { owner } : {};
  const shared = { ...pathFacts(place), flags, modifiedNs, ...owned };
  switch (stat.kind) {
    case "folder":
      return { ...shared, type: "folder", mode: octal(stat) };
    case "symlink":
      return { ...shared, type: "symlink", ...linkFacts(stat.linkTarget ?? "") };
    case "special":
      return { ...shared, type: "other" };
    case "file":
      return { ...shared, ...fileFacts(options.index, seen) };
  }
}

function fileFacts(
  index: IndexStore | undefined,
  { stat, row, known }: Seen,
): Pick<SnapshotEntry, "type" | "size" | "mode" | "hash" | "linkGroup" | "remote"> {
  const proven = row !== undefined && isTrusted(row, stat) ? row : undefined;
  const remote = proven?.hash === undefined ? undefined : remoteFacts(index, proven);
  const hash = proven?.hash ?? known;
  return {
    type: "file",
    size: stat.size,
    mode: octal(stat),
    ...(hash === undefined ? {} : { hash }),
    ...(stat.linkGroup === undefined ? {} : { linkGroup: stat.linkGroup }),
    ...(remote === undefined ? {} : { remote }),
  };
}

/** The stat is the one that was hashed, and the hash was not taken from a racy stat (N35). */
function isTrusted(row: LocalEntry, stat: LocalStat): boolean {
  return row.trusted && row.stamp === stat.stamp && row.fileId === stat.fileId;
}

function remoteFacts(
  index: IndexStore | undefined,
  row: LocalEntry,
): SnapshotEntry["remote"] | undefined {
  const remote = index?.remote.get(row.node);
  if (remote === undefined || remote.hash !== row.hash) return undefined;
  return { id: remote.remoteId, rev: remote.rev, modified: remote.modified };
}

function octal(stat: LocalStat): string {
  return stat.mode.toString(8);
}
