import { pathKeyOf } from "../path/path-key.ts";
import { pathComponents, type RelPath } from "../path/rel-path.ts";
import type { LocalStat } from "../tree/local-stat.ts";
import type { ContentHash, Kind } from "../tree/node.ts";

/** A file, folder or symlink of the workspace that a restore may look at. */
export type LocalItem = {
  readonly path: RelPath;
  readonly stat: LocalStat;
  /** Of a file. */
  readonly hash: ContentHash | undefined;
  /** Extended attributes, where they were asked for and could be read (N38). */
  readonly attributes?: Readonly<Record<string, string>>;
};

/** The disk as a restore sees it: what is ignored or always outside is left out (T8, T13). */
export type LocalPicture = {
  readonly items: ReadonlyMap<RelPath, LocalItem>;
  /** Places that could not be looked at or are nothing that can be restored, with the reason (S29). */
  readonly unknown: ReadonlyMap<RelPath, string>;
  /** Folders that directly hold something which is not ours to touch. */
  readonly holding: ReadonlySet<RelPath>;
  /** How many ignored files and folders were passed by; an ignored folder counts once. */
  readonly ignored: number;
};

/** A file or folder of the linked folder that is in scope. */
export type RemoteSeen = {
  /** As the disk names it, where the disk has a name of its own for it (S42). */
  readonly path: RelPath;
  readonly kind: Kind;
  /** Of a file; "" for a folder, like `rev`. */
  readonly hash: ContentHash;
  readonly size: number;
  readonly rev: string;
  readonly remoteId: string;
  /** ms since 1970. */
  readonly modified: number;
};

/** The linked folder as it was last observed. */
export type RemotePicture = {
  readonly items: ReadonlyMap<PlaceKey, RemoteSeen>;
  /** Folders that directly hold something out of scope. */
  readonly holding: ReadonlySet<PlaceKey>;
};

/** What both sides last agreed on at one place; "" is the hash of a folder. */
export type SyncedSeen = { readonly kind: Kind; readonly hash: ContentHash };

/**
 * Files that were passed over while both sides were looked at: they stand on each of them as they are wanted, so that a plan only
 * counts them, and its size follows what differs.
 */
export type Settled = {
  readonly files: number;
  /** Of these the ones whose place in Dropbox another path would have, too (S15). */
  readonly places: ReadonlyMap<PlaceKey, RelPath>;
};

/** Both sides at one moment. */
export type Sight = {
  readonly local: LocalPicture;
  /** undefined where the workspace is not linked (T29). */
  readonly remote: RemotePicture | undefined;
  readonly synced: ReadonlyMap<PlaceKey, SyncedSeen>;
  /** What was passed by on either side, because it is ignored or not ours; what lies below is not listed (T13). */
  readonly outside: ReadonlyMap<RelPath, Kind>;
  /** Hashes of content that a snapshot or a revision in Dropbox holds (T12). */
  readonly saved: ReadonlySet<ContentHash>;
  readonly settled?: Settled;
};

/** A whole path as the server compares it: the keys of its names, `/` between them (S15). */
export type PlaceKey = string;

/** The key of a path. */
export function placeKey(path: RelPath): PlaceKey {
  return pathComponents(path).map(pathKeyOf).join("/");
}
