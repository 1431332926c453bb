import { isAlwaysOutside } from "../ignore.ts";
import { nameBytesMax } from "../path/names.ts";
import {
  comparePaths,
  isInside,
  isRelPath,
  parentPath,
  pathBytesMax,
  pathComponents,
  pathDepthMax,
  topPath,
  type RelPath,
} from "../path/rel-path.ts";
import { SnapError } from "../../std/error.ts";
import { isPrivilegedAttribute } from "./attributes.ts";
import { rawTargetOf } from "./disk-path.ts";
import type { SnapshotEntry } from "./entry.ts";
import {
  withParents,
  type AsidePath,
  type AsideReason,
  type ContentSource,
  type Wanted,
  type WantedMetadata,
  type WantedNode,
} from "./restore-wanted.ts";

/** What decides which entries of a manifest are wanted. */
export type WantedRules = {
  readonly selects: (path: RelPath) => boolean;
  /** Ignored by the rules in force or in the snapshot, or always outside (T13). */
  readonly isOutside: (path: RelPath, kind: "folder" | "file") => boolean;
  /** This workspace captured the snapshot itself: its outward links may come back (X12). */
  readonly isOwn: boolean;
  readonly isRemoved: (path: RelPath) => boolean;
  /** Ignored places that are put back on the disk all the same (N33): those of entries with the flag. */
  readonly localOnly?: ReadonlySet<RelPath>;
  /** Set setuid, setgid and sticky bits as they were (N38). */
  readonly specialModes?: boolean | undefined;
  /** Owners are set, as far as the snapshot tells them (N38). */
  readonly owners?: boolean | undefined;
  /** The snapshot knows extended attributes: what it has none of had none (N38). */
  readonly attributes?: boolean | undefined;
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
  return await new WantedCollection(entries, rules).finish();
}

/**
 * The wanted tree of a manifest while it is read, so that it need not be held as a whole: what is not to be planned is passed over as
 * soon as it is known. What its calls throw is what `wantedOf` throws.
 */
export class WantedCollection implements AsyncDisposable {
  readonly #entries: AsyncIterator<SnapshotEntry>;
  readonly #rules: WantedRules;
  #next: IteratorResult<SnapshotEntry> | undefined;
  /** The last entry, and the folders that hold it. */
  readonly #road: Pick<SnapshotEntry, "path" | "type">[] = [];
  readonly #nodes = new Map<RelPath, WantedNode>();
  readonly #aside: AsidePath[] = [];
  readonly #frozen: RelPath[] = [];
  /** The frozen place that was met last, and is in no other one. */
  #frozenTop: RelPath | undefined;
  readonly #passedFolders = new Set<RelPath>();

  constructor(entries: AsyncIterable<SnapshotEntry>, rules: WantedRules) {
    this.#entries = entries[Symbol.asyncIterator]();
    this.#rules = rules;
  }

  /** What is wanted at a path and may be planned; paths are asked for in path order. */
  async upTo(path: RelPath): Promise<WantedNode | undefined> {
    await this.#takeWhile((next) => comparePaths(next, path) <= 0);
    const isFrozen = this.#frozenTop !== undefined && isInside(path, this.#frozenTop);
    return isFrozen ? undefined : this.#nodes.get(path);
  }

  /** A file stands everywhere as it is wanted: it is not planned, and the folders that hold it stay. */
  passOver(path: RelPath): void {
    const folder = parentPath(path);
    if (this.#nodes.delete(path) && folder !== undefined) this.#passedFolders.add(folder);
  }

  /** All that was not passed over. */
  async finish(): Promise<Wanted> {
    await this.#takeWhile(() => true);
    for (const folder of this.#passedFolders) {
      if (folder === topPath || this.#nodes.has(folder)) continue;
      this.#nodes.set(folder, { kind: "folder", implied: true });
    }
    const { isRemoved, localOnly, attributes } = this.#rules;
    return {
      nodes: withParents(this.#nodes),
      aside: this.#aside,
      frozen: this.#frozen,
      isRemoved,
      ...(localOnly === undefined ? {} : { localOnly }),
      ...(attributes === true ? { attributes } : {}),
    };
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.#entries.return?.();
  }

  async #takeWhile(isDue: (path: string) => boolean): Promise<void> {
    for (;;) {
      this.#next ??= await this.#entries.next();
      if (this.#next.done === true || !isDue(this.#next.value.path)) return;
      this.#take(this.#next.value);
      this.#next = undefined;
    }
  }

  #take(entry: SnapshotEntry): void {
    const { path } = entry;
    if (isForeignName(entry)) {
      this.#aside.push({ path, side: "both", reason: "the name cannot be restored" });
      return;
    }
    if (!isRelPath(path) || path === "") throw twisted(path, "has an impossible path");
    this.#checkStructure(entry);
    if (!this.#rules.selects(path) || isAlwaysOutside(path)) return;
    this.#place(entry, path);
  }

  /** A manifest is a tree in path order: whatever stands elsewhere was not written by us. */
  #checkStructure({ path, type }: SnapshotEntry): void {
    const last = this.#road.at(-1);
    if (last?.path === path) throw twisted(path, "stands there twice");
    if (last !== undefined && comparePaths(last.path, path) > 0)
      throw twisted(path, "comes too late");
    while (this.#road.length > 0 && !path.startsWith(`${this.#road.at(-1)?.path}/`))
      this.#road.pop();
    const above = this.#road.at(-1);
    if (above !== undefined && above.type !== "folder")
      throw twisted(path, "lies below a file or link");
    this.#road.push({ path, type });
  }

  #place(entry: SnapshotEntry, path: RelPath): void {
    const outside = this.#rules.isOutside(path, entry.type === "folder" ? "folder" : "file");
    const isIgnored = outside || entry.flags.includes("ignored");
    if (isIgnored && this.#rules.localOnly?.has(path) !== true) {
      this.#freeze(path);
      return;
    }
    const wanted = nodeOf(entry, { ...this.#rules, path });
    if (typeof wanted !== "string") {
      this.#nodes.set(path, wanted);
      if (!entry.flags.includes("unreadable")) return;
    }
    this.#freeze(path);
    const reason = typeof wanted === "string" ? wanted : "unreadable when captured";
    this.#aside.push({ path, side: "both", reason });
  }

  #freeze(path: RelPath): void {
    this.#frozen.push(path);
    if (this.#frozenTop === undefined || !isInside(path, this.#frozenTop)) this.#frozenTop = path;
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
  place: NodeRules & { readonly path: RelPath },
): WantedNode | AsideReason {
  switch (entry.type) {
    case "folder":
      return { kind: "folder", implied: false, ...metadataOf(entry, place) };
    case "symlink":
      return linkOf(entry, place);
    case "other":
      return "not a file, folder or link";
    case "file":
      return fileOf(entry, place);
  }
}

type NodeRules = Pick<WantedRules, "isOwn" | "specialModes" | "owners" | "attributes">;

function linkOf(
  entry: SnapshotEntry,
  rules: NodeRules & { readonly path: RelPath },
): WantedNode | AsideReason {
  const { modifiedNs } = entry;
  const linkTarget = rawTargetOf(entry) ?? "";
  const { path, isOwn } = rules;
  if (linkTarget === "" || linkTarget.includes("\0")) return "not a file, folder or link";
  if (!isOwn && leavesWorkspace(path, linkTarget)) return "the link leaves the workspace";
  const time = modifiedNs === undefined ? {} : { modifiedNs };
  return {
    kind: "symlink",
    linkTarget,
    ...time,
    ...ownerOf(entry, rules),
    ...attributesOf(entry, rules),
  };
}

/**
 * Whether a link may lead out, by its text alone: it is absolute, or has more steps up than it lies deep. A step up behind a name may
 * start anywhere, since the name may be another link.
 */
export function leavesWorkspace(path: RelPath, linkTarget: string): boolean {
  if (linkTarget.startsWith("/") || linkTarget.includes("\\")) return true;
  const names = linkTarget.split("/").filter((name) => name !== "" && name !== ".");
  const stepsUp = names.findIndex((name) => name !== "..");
  const rest = stepsUp < 0 ? [] : names.slice(stepsUp);
  const depth = pathComponents(path).length - 1;
  return (stepsUp < 0 ? names.length : stepsUp) > depth || rest.includes("..");
}

function fileOf(entry: SnapshotEntry, rules: NodeRules): WantedNode | AsideReason {
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
    ...(entry.linkGroup === undefined ? {} : { linkGroup: entry.linkGroup }),
    ...metadataOf(entry, rules),
  };
}

/** Special bits come back only where the user asks for them (X9). */
function metadataOf(entry: SnapshotEntry, rules: NodeRules): WantedMetadata {
  const { specialModes } = rules;
  const mode = entry.mode === undefined ? Number.NaN : Number.parseInt(entry.mode, 8);
  return {
    ...(Number.isNaN(mode) ? {} : { mode: mode & (specialModes === true ? 0o7777 : 0o777) }),
    ...(specialModes === true ? { special: true } : {}),
    ...(entry.modifiedNs === undefined ? {} : { modifiedNs: entry.modifiedNs }),
    ...ownerOf(entry, rules),
    ...attributesOf(entry, rules),
  };
}

/** What most files have: one for all of them. */
const noAttributes: Readonly<Record<string, string>> = Object.freeze({});

/** What gives rights only where the user asks for it, like special bits. Of what could not be read nothing is known. */
function attributesOf(
  { attributes, flags }: SnapshotEntry,
  rules: NodeRules,
): Pick<WantedMetadata, "attributes"> {
  const isUnknown = attributes === undefined && flags.includes("stripped");
  if (rules.attributes !== true || isUnknown) return {};
  if (attributes === undefined) return { attributes: noAttributes };
  const wanted = Object.entries(attributes).filter(
    ([name]) => rules.specialModes === true || !isPrivilegedAttribute(name),
  );
  return { attributes: Object.fromEntries(wanted) };
}

/** Another machine, or an archive, may call other users by these numbers. */
function ownerOf(
  { owner }: SnapshotEntry,
  { isOwn, owners }: NodeRules,
): Pick<WantedMetadata, "owner"> {
  return isOwn && owners === true && owner !== undefined ? { owner } : {};
}
