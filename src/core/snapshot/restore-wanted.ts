import { parentPath, topPath, type RelPath } from "../path/rel-path.ts";
import type { AreaPath } from "../plan/local-act.ts";
import type { ContentHash, FileId } from "../tree/node.ts";
import type { Owner } from "../tree/owner.ts";
import type { AttributeWish } from "./attributes.ts";
import type { SnapshotEntry } from "./entry.ts";

/** Where the content of a wanted file can be had; the first that is sound is used. */
export type ContentSource =
  | { readonly from: "snapshot"; readonly entry: SnapshotEntry }
  /** What an earlier restore displaced. */
  | { readonly from: "area"; readonly place: AreaPath }
  | { readonly from: "revision"; readonly rev: string };

/**
 * Permission bits and mtime (ns, decimal); absent where they are not to be set. `special`: setuid, setgid and sticky bits are set
 * with the others, as the user has asked (N38, X9). `owner`: as far as the system lets this user set it.
 */
export type Metadata = {
  readonly mode?: number;
  readonly modifiedNs?: string;
  readonly special?: true;
  readonly owner?: Owner;
};

/** What is set, and the inode that it is meant for: another one that has come to stand there meanwhile is not given away. */
export type MetadataRequest = Metadata & { readonly fileId?: FileId };

/** All that is told of a file or folder beside its content; extended attributes are set apart from the rest (N38). */
export type WantedMetadata = Metadata & Pick<AttributeWish, "attributes">;

/** What is to stand at one place. */
export type WantedNode =
  /** `implied`: only there to hold something, so its metadata does not matter. */
  | ({ readonly kind: "folder"; readonly implied: boolean } & WantedMetadata)
  | ({
      readonly kind: "file";
      readonly hash: ContentHash;
      readonly size: number;
      readonly sources: readonly ContentSource[];
      readonly changing: boolean;
      /** Files of one group were one file with several names when they were captured (N38). */
      readonly linkGroup?: string;
    } & WantedMetadata)
  | ({ readonly kind: "symlink"; readonly linkTarget: string } & Pick<
      WantedMetadata,
      "modifiedNs" | "owner" | "attributes"
    >);

/** A file that is to stand at a place. */
export type WantedFile = Extract<WantedNode, { kind: "file" }>;

/** One path that a restore does not touch, and why. */
export type AsidePath = {
  readonly path: string;
  readonly side: "both" | "local" | "remote";
  readonly reason: AsideReason;
};

/** Why a path is left aside, as it is shown. */
export type AsideReason =
  | "unreadable when captured"
  | "not a file, folder or link"
  | "the name cannot be restored"
  | "the name is refused by Dropbox"
  | "another name differs only in case"
  | "Dropbox keeps what has the name of this link"
  | "the link leaves the workspace"
  | "only in Dropbox, revision unknown"
  | "holds files that are not touched"
  | "not saved anywhere else"
  | "another file has the name of its folder"
  | "changed since the restore"
  | "ignored until now: the sync takes it up"
  | "its extended attributes cannot be set here"
  | "cannot be looked at"
  | "the workspace is itself the repository"
  | "the repository was torn when it was captured"
  | "a repository of an archive is only copied out"
  | "the repository was changed since the restore"
  | "the repository was changed while it was restored"
  | "somebody made another repository there";

/** What a restore is to make of a workspace. */
export type Wanted = {
  readonly nodes: ReadonlyMap<RelPath, WantedNode>;
  readonly aside: readonly AsidePath[];
  /** Places at and below which nothing is touched: what the snapshot could not see, or saw as ignored. */
  readonly frozen: readonly RelPath[];
  /** Wanted places that are ignored: the restore concerns the disk alone there (N33). */
  readonly localOnly?: ReadonlySet<RelPath>;
  /** Extended attributes are wanted, or none: those of the disk are asked for (N38). */
  readonly attributes?: true;
  /** Whether a path that is not wanted is to be removed, as far as the options let it. */
  isRemoved(path: RelPath): boolean;
};

/** The nodes in path order of their first mention, with the folders that must be there to hold them. */
export function withParents(
  nodes: ReadonlyMap<RelPath, WantedNode>,
): ReadonlyMap<RelPath, WantedNode> {
  if (nodes.keys().every((path) => isHeld(nodes, path))) return nodes;
  const whole = new Map<RelPath, WantedNode>();
  for (const [path, node] of nodes) {
    for (const parent of parentsOf(path)) {
      if (!nodes.has(parent)) whole.set(parent, { kind: "folder", implied: true });
    }
    whole.set(path, node);
  }
  return whole;
}

/** Whether the folder of a path is there, or is the top; as most often in a manifest. */
function isHeld(nodes: ReadonlyMap<RelPath, WantedNode>, path: RelPath): boolean {
  const folder = parentPath(path) ?? topPath;
  return folder === topPath || nodes.has(folder);
}

/** The folders above a path, top first; the top itself is left out. */
export function parentsOf(path: RelPath): readonly RelPath[] {
  const parents: RelPath[] = [];
  for (let parent = parentPath(path); parent !== undefined && parent !== "";) {
    parents.unshift(parent);
    parent = parentPath(parent);
  }
  return parents;
}

/** Whether a path lies at or below one of the given ones. */
export function isAtOrBelow(path: RelPath, tops: ReadonlySet<RelPath>): boolean {
  if (tops.size === 0) return false;
  if (tops.has(topPath)) return true;
  return tops.has(path) || parentsOf(path).some((parent) => tops.has(parent));
}
