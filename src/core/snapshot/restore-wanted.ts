import { isAlwaysOutside } from "../ignore.ts";
import { nameBytesMax } from "../path/names.ts";
import {
  isRelPath,
  parentPath,
  pathBytesMax,
  pathComponents,
  pathDepthMax,
  type RelPath,
} from "../path/rel-path.ts";
import type { AreaPath } from "../plan/local-act.ts";
import type { ContentHash } from "../tree/node.ts";
import { SnapError } from "../../std/error.ts";
import type { SnapshotEntry } from "./entry.ts";

/** Where the content of a wanted file can be had; the first that is sound is used. */
export type ContentSource =
  | { readonly from: "snapshot"; readonly entry: SnapshotEntry }
  /** What an earlier restore displaced. */
  | { readonly from: "area"; readonly place: AreaPath }
  | { readonly from: "revision"; readonly rev: string };

/** Permission bits and mtime (ns, decimal); absent where they are not to be set. */
export type Metadata = { readonly mode?: number; readonly modifiedNs?: string };

/** What is to stand at one place. */
export type WantedNode =
  /** `implied`: only there to hold something, so its metadata does not matter. */
  | ({ readonly kind: "folder"; readonly implied: boolean } & Metadata)
  | ({
      readonly kind: "file";
      readonly hash: ContentHash;
      readonly size: number;
      readonly sources: readonly ContentSource[];
      readonly changing: boolean;
    } & Metadata)
  | { readonly kind: "symlink"; readonly linkTarget: string };

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
  | "cannot be looked at";

/** What a restore is to make of a workspace. */
export type Wanted = {
  readonly nodes: ReadonlyMap<RelPath, WantedNode>;
  readonly aside: readonly AsidePath[];
  /** Places at and below which nothing is touched: what the snapshot could not see, or saw as ignored. */
  readonly frozen: readonly RelPath[];
  /** Whether a path that is not wanted is to be removed, as far as the options let it. */
  isRemoved(path: RelPath): boolean;
};

/** What decides which entries of a manifest are wanted. */
export type WantedRules = {
  readonly selects: (path: RelPath) => boolean;
  /** Ignored by the rules in force or in the snapshot, or always outside (T13). */
  readonly isOutside: (path: RelPath, kind: "folder" | "file") => boolean;
  /** This workspace captured the snapshot itself: its outward links may come back (X12). */
  readonly isOwn: boolean;
  readonly isRemoved: (path: RelPath) => boolean;
};

/**
 * The wanted tree of a manifest, in its order.
 *
 * @throws {SnapError} `damaged` when an entry stands twice or below something that is no folder (X12)
 */
export async function wantedOf(
  entries: AsyncIterable<SnapshotEntry>,
  rules: WantedRules,
): Promise<Wanted> {
  const collection = new Collection(rules);
  for await (const entry of entries) collection.add(entry);
  return collection.finish();
}

class Collection {
  readonly #rules: WantedRules;
  readonly #kinds = new Map<string, SnapshotEntry["type"]>();
  readonly #nodes = new Map<RelPath, WantedNode>();
  readonly #aside: AsidePath[] = [];
  readonly #frozen: RelPath[] = [];

  constructor(rules: WantedRules) {
    this.#rules = rules;
  }

  add(entry: SnapshotEntry): void {
    const { path } = entry;
    if (isForeignName(entry)) {
      this.#aside.push({ path, side: "both", reason: "the name cannot be restored" });
      return;
    }
    if (!isRelPath(path) || path === "") throw twisted(path, "has an impossible path");
    this.#checkStructure(entry, path);
    if (!this.#rules.selects(path) || isAlwaysOutside(path)) return;
    this.#place(entry, path);
  }

  finish(): Wanted {
    const nodes = withParents(this.#nodes);
    const { isRemoved } = this.#rules;
    return { nodes, aside: this.#aside, frozen: this.#frozen, isRemoved };
  }

  /** A manifest is a tree in path order: whatever stands elsewhere was not written by us. */
  #checkStructure(entry: SnapshotEntry, path: RelPath): void {
    if (this.#kinds.has(path)) throw twisted(path, "stands there twice");
    this.#kinds.set(path, entry.type);
    const parent = parentPath(path);
    const kind = parent === undefined ? undefined : this.#kinds.get(parent);
    if (kind !== undefined && kind !== "folder") throw twisted(path, "lies below a file or link");
  }

  #place(entry: SnapshotEntry, path: RelPath): void {
    const outside = this.#rules.isOutside(path, entry.type === "folder" ? "folder" : "file");
    if (outside || entry.flags.includes("ignored")) {
      this.#frozen.push(path);
      return;
    }
    const wanted = nodeOf(entry, { path, isOwn: this.#rules.isOwn });
    if (typeof wanted !== "string") {
      this.#nodes.set(path, wanted);
      if (!entry.flags.includes("unreadable")) return;
    }
    this.#frozen.push(path);
    const reason = typeof wanted === "string" ? wanted : "unreadable when captured";
    this.#aside.push({ path, side: "both", reason });
  }
}

function twisted(path: string, what: string): SnapError {
  return new SnapError("damaged", `The snapshot is not a tree: "${path}" ${what}`, { path });
}

/** Names that this program never makes on a disk (X1, X6, X13); a backslash is a valid name here. */
function isForeignName(entry: SnapshotEntry): boolean {
  const { path } = entry;
  if (entry.pathBytes !== undefined || !path.isWellFormed()) return true;
  if (Buffer.byteLength(path) > pathBytesMax) return true;
  const names = path.split("/");
  return (
    names.length > pathDepthMax || names.some((name) => Buffer.byteLength(name) > nameBytesMax)
  );
}

function nodeOf(
  entry: SnapshotEntry,
  place: { readonly path: RelPath; readonly isOwn: boolean },
): WantedNode | AsideReason {
  switch (entry.type) {
    case "folder":
      return { kind: "folder", implied: false, ...metadataOf(entry) };
    case "symlink":
      return linkOf(entry.linkTarget ?? "", place);
    case "other":
      return "not a file, folder or link";
    case "file":
      return fileOf(entry);
  }
}

function linkOf(
  linkTarget: string,
  { path, isOwn }: { readonly path: RelPath; readonly isOwn: boolean },
): WantedNode | AsideReason {
  if (linkTarget === "" || linkTarget.includes("\0")) return "not a file, folder or link";
  if (!isOwn && leavesWorkspace(path, linkTarget)) return "the link leaves the workspace";
  return { kind: "symlink", linkTarget };
}

/** By its text alone: absolute, or more steps up than the link lies deep. */
export function leavesWorkspace(path: RelPath, linkTarget: string): boolean {
  if (linkTarget.startsWith("/") || linkTarget.includes("\\")) return true;
  let depth = pathComponents(path).length - 1;
  for (const name of linkTarget.split("/")) {
    if (name === "..") depth -= 1;
    else if (name !== "" && name !== ".") depth += 1;
    if (depth < 0) return true;
  }
  return false;
}

function fileOf(entry: SnapshotEntry): WantedNode | AsideReason {
  if (entry.flags.includes("unreadable") || entry.hash === undefined) {
    return "unreadable when captured";
  }
  const sources: ContentSource[] = [];
  if (entry.blocks !== undefined) sources.push({ from: "snapshot", entry });
  else if (entry.remote !== undefined) sources.push({ from: "revision", rev: entry.remote.rev });
  if (sources.length === 0) return "only in Dropbox, revision unknown";
  return {
    kind: "file",
    hash: entry.hash,
    size: entry.size ?? 0,
    sources,
    changing: entry.flags.includes("changing"),
    ...metadataOf(entry),
  };
}

/** Special bits never come back (X9). */
function metadataOf(entry: SnapshotEntry): Metadata {
  const mode = entry.mode === undefined ? Number.NaN : Number.parseInt(entry.mode, 8);
  return {
    ...(Number.isNaN(mode) ? {} : { mode: mode & 0o777 }),
    ...(entry.modifiedNs === undefined ? {} : { modifiedNs: entry.modifiedNs }),
  };
}

/** The nodes in path order of their first mention, with the folders that must be there to hold them. */
export function withParents(
  nodes: ReadonlyMap<RelPath, WantedNode>,
): ReadonlyMap<RelPath, WantedNode> {
  const whole = new Map<RelPath, WantedNode>();
  for (const [path, node] of nodes) {
    for (const parent of parentsOf(path)) {
      if (!nodes.has(parent)) whole.set(parent, { kind: "folder", implied: true });
    }
    whole.set(path, node);
  }
  return whole;
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
  return tops.has(path) || parentsOf(path).some((parent) => tops.has(parent));
}
