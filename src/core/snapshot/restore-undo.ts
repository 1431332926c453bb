import { conflictName } from "../path/names.ts";
import { baseName, joinPath, parentPath, topPath, type RelPath } from "../path/rel-path.ts";
import type { CopyTag } from "../plan/local-act.ts";
import type { ContentHash } from "../tree/node.ts";
import type { Owner } from "../tree/owner.ts";
import { placeKey, type Sight } from "./restore-picture.ts";
import {
  localBeforeOf,
  readLocalRecord,
  readRemoteRecord,
  remoteWitnessOf,
  witnessOf,
  type LocalRecord,
  type RemoteRecord,
} from "./restore-record.ts";
import type { RestoreItemRow } from "./restore-state.ts";
import {
  isAtOrBelow,
  parentsOf,
  withParents,
  type AsidePath,
  type ContentSource,
  type Wanted,
  type WantedNode,
} from "./restore-wanted.ts";
import type { SnapshotEntry } from "./entry.ts";

/** What an undo starts from. */
export type UndoGround = {
  /** The journal of the restore that is taken back. */
  readonly rows: readonly RestoreItemRow[];
  readonly sight: Sight;
  /** Files of its safety snapshot, by hash. */
  readonly entries: ReadonlyMap<ContentHash, SnapshotEntry>;
  readonly copy: CopyTag;
  /** It settled a rollback: one side gave way to the other, and that side comes back. */
  readonly isRollback: boolean;
};

/** The state before a restore, and the paths where somebody worked since (T45). */
export type UndoWish = { readonly wanted: Wanted; readonly changed: readonly RelPath[] };

/**
 * What the touched paths looked like before a restore.
 *
 * Where the sides differed then, the newer one is wanted, as a sync would have made it: the side that differs from what
 * both had agreed on. Where both did, Dropbox keeps the name and the local file becomes a conflicted copy (S38).
 */
export function undoWish(ground: UndoGround): UndoWish {
  const paths = touchedPaths(ground.rows);
  const unknown = new Set(ground.sight.local.unknown.keys());
  const changed = paths
    .filter((touched) => isAtOrBelow(touched.path, unknown) || isChanged(touched, ground.sight))
    .map(({ path }) => path);
  const kept = new Set(changed);
  const free = paths.filter(({ path }) => !kept.has(path));
  const revisions = revisionsOf(paths);
  const nodes = new Map<RelPath, WantedNode>();
  const gone = new Set<RelPath>();
  for (const touched of free) {
    const wish = wishOf(touched, { ...ground, revisions });
    if (wish.node === undefined) gone.add(touched.path);
    else nodes.set(touched.path, wish.node);
    if (wish.copy !== undefined) nodes.set(wish.copy.path, wish.copy.node);
  }
  const { sound, aside } = withoutBlocked(nodes);
  const wanted = {
    nodes: withParents(sound),
    aside,
    frozen: changed,
    isRemoved: (path: RelPath) => gone.has(path),
  };
  return { wanted, changed };
}

/** One path of the restore with what was noted of both sides. */
type Touched = {
  readonly path: RelPath;
  readonly row: RestoreItemRow;
  readonly local: LocalRecord;
  readonly remote: RemoteRecord | undefined;
  /** The record of what Dropbox had under the name that the disk had for it; else that of the path (S15). */
  readonly theirs: RemoteRecord | undefined;
  /** What the restore left on the server; undefined where it is not to be compared. */
  readonly remoteWitness: string | undefined;
};

function touchedPaths(rows: readonly RestoreItemRow[]): Touched[] {
  const remote = new Map(
    rows.filter(({ side }) => side === "remote").map((row) => [row.path, row]),
  );
  return withTheirs(localPaths(rows, remote));
}

/** A restore that changed only the case of a name touched two paths here and one in Dropbox: it was the older name's. */
function withTheirs(paths: readonly Omit<Touched, "theirs">[]): Touched[] {
  const places = Map.groupBy(paths, ({ path }) => placeKey(path));
  return paths.map((touched) => {
    const others = (places.get(placeKey(touched.path)) ?? []).filter((other) => other !== touched);
    const { remote, local } = touched;
    if (remote === undefined && local.before !== null) {
      const own = others.find((other) => other.remote !== undefined && other.local.before === null);
      return { ...touched, theirs: own?.remote };
    }
    const isHanded = others.some(
      (other) => other.remote === undefined && other.local.before !== null,
    );
    return { ...touched, theirs: local.before === null && isHanded ? undefined : remote };
  });
}

function localPaths(
  rows: readonly RestoreItemRow[],
  remote: ReadonlyMap<RelPath, RestoreItemRow>,
): Omit<Touched, "theirs">[] {
  return rows.flatMap((row) => {
    if (row.side !== "local" || row.step !== "acted" || row.witness === undefined) return [];
    const other = remote.get(row.path);
    const record = other === undefined ? undefined : readRemoteRecord(other.expected);
    const compared = record === undefined || record.aside || other?.step !== "acted";
    const remoteWitness = compared ? undefined : other.witness;
    const local = readLocalRecord(row.expected);
    return [{ path: row.path, row, local, remote: record, remoteWitness }];
  });
}

/** What is as before already needs nothing, and is nobody's new work either. */
function isChanged({ path, row, local, remote, remoteWitness }: Touched, sight: Sight): boolean {
  const here = witnessOf(localBeforeOf(sight.local.items.get(path)));
  if (here !== row.witness && here !== witnessOf(local.before)) return true;
  if (sight.remote === undefined || remoteWitness === undefined) return false;
  const there = remoteWitnessOf(sight.remote.items.get(placeKey(path)));
  return there !== remoteWitness && there !== remoteWitnessOf(remote?.before);
}

function revisionsOf(paths: readonly Touched[]): ReadonlyMap<ContentHash, string> {
  return new Map(
    paths.flatMap(({ remote }) =>
      remote?.before?.kind === "file" ? [[remote.before.hash, remote.before.rev] as const] : [],
    ),
  );
}

type Sources = Omit<UndoGround, "rows"> & {
  readonly revisions: ReadonlyMap<ContentHash, string>;
};

type Wish = {
  readonly node: WantedNode | undefined;
  readonly copy?: { readonly path: RelPath; readonly node: WantedNode };
};

function wishOf(touched: Touched, sources: Sources): Wish {
  const { local, theirs: remote, path } = touched;
  const ours = (): WantedNode | undefined => localNode(touched, sources);
  if (remote === undefined || local.before?.kind === "symlink") return { node: ours() };
  if (isOursNewer(local, remote, sources)) return { node: ours() };
  const node = remoteNode(remote, sources);
  if (!isNew(local, remote) || sources.isRollback) return { node };
  const copy = ours();
  return copy === undefined
    ? { node }
    : { node, copy: { path: copyPath(path, sources), node: copy } };
}

/** Whether the local state before the restore is the one to bring back on both sides. */
function isOursNewer(local: LocalRecord, remote: RemoteRecord, { isRollback }: Sources): boolean {
  if (isRollback) return local.deed !== "kept";
  const theirs = remoteWitnessOf(remote.before);
  if (theirs === witnessOf(local.before)) return true;
  if (theirs === remoteWitnessOf(remote.synced)) return true;
  // A removal wins over what is unchanged, and never over an edit (S37).
  return theirs === "absent" && isNew(local, remote);
}

/** Local work that had not gone up. */
function isNew({ before }: LocalRecord, { synced }: RemoteRecord): boolean {
  return before?.kind === "file" && before.hash !== remoteWitnessOf(synced);
}

function localNode({ row, local, path }: Touched, sources: Sources): WantedNode | undefined {
  const { before } = local;
  if (before === null) return undefined;
  const owned = before.owner === undefined ? {} : { owner: before.owner };
  if (before.kind === "symlink") {
    const { kind, linkTarget, modifiedNs: time } = before;
    return { kind, linkTarget, ...(time === undefined ? {} : { modifiedNs: time }), ...owned };
  }
  const { mode, modifiedNs } = before;
  const dressed = before.attributes === undefined ? {} : { attributes: before.attributes };
  const facts = { mode, modifiedNs, ...specialOf(local), ...owned, ...dressed };
  if (before.kind === "folder") return { kind: "folder", implied: false, ...facts };
  const displaced: readonly ContentSource[] =
    row.displaced === undefined
      ? []
      : [{ from: "area", place: { area: { kind: "undo", id: row.restore }, path } }];
  const all = [...displaced, ...sourcesOf(before.hash, sources)];
  return fileNode(before, { ...facts, sources: all });
}

/** Special bits that this disk had come back, and those that the restore set go; others nobody has touched (X9). */
function specialOf({ before, want }: LocalRecord): { readonly special?: true } {
  const hadSome = before !== null && before.kind !== "symlink" && (before.mode & 0o7000) !== 0;
  const hasSet = want !== null && want.kind !== "symlink" && want.special === true;
  return hadSome || hasSet ? { special: true } : {};
}

function remoteNode({ before }: RemoteRecord, sources: Sources): WantedNode | undefined {
  if (before === null) return undefined;
  if (before.kind === "folder") return { kind: "folder", implied: true };
  return fileNode(before, { sources: sourcesOf(before.hash, sources) });
}

function fileNode(
  before: { readonly hash: ContentHash; readonly size: number },
  facts: {
    readonly mode?: number;
    readonly modifiedNs?: string;
    readonly special?: true;
    readonly owner?: Owner;
    readonly attributes?: Readonly<Record<string, string>>;
    readonly sources: readonly ContentSource[];
  },
): WantedNode {
  return { kind: "file", hash: before.hash, size: before.size, changing: false, ...facts };
}

function sourcesOf(hash: ContentHash, { entries, revisions }: Sources): ContentSource[] {
  const entry = entries.get(hash);
  const rev = revisions.get(hash);
  return [
    ...(entry === undefined ? [] : [{ from: "snapshot", entry } as const]),
    ...(rev === undefined ? [] : [{ from: "revision", rev } as const]),
  ];
}

function copyPath(path: RelPath, { sight, copy }: Sources): RelPath {
  const folder = parentPath(path) ?? topPath;
  const taken = (name: string): boolean => {
    const place = joinPath(folder, name);
    return sight.local.items.has(place) || sight.remote?.items.has(placeKey(place)) === true;
  };
  return joinPath(folder, conflictName(baseName(path), "file", { ...copy, taken }));
}

/** What both sides had under one name and of different kinds cannot all come back; the file wins over what was below. */
function withoutBlocked(nodes: ReadonlyMap<RelPath, WantedNode>): {
  readonly sound: ReadonlyMap<RelPath, WantedNode>;
  readonly aside: readonly AsidePath[];
} {
  const blocked = [...nodes.keys()].filter((path) =>
    parentsOf(path).some((parent) => {
      const node = nodes.get(parent);
      return node !== undefined && node.kind !== "folder";
    }),
  );
  const out = new Set(blocked);
  return {
    sound: new Map([...nodes].filter(([path]) => !out.has(path))),
    aside: blocked.map((path) => ({
      path,
      side: "both",
      reason: "another file has the name of its folder",
    })),
  };
}
