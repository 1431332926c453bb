import { isRelPath, pathBytesMax, pathDepthMax } from "../path/rel-path.ts";
import { topUnit } from "../repo/unit.ts";
import { blockBytes, contentHashOfBlocks } from "../tree/content-hash.ts";
import type { BlockHash } from "../tree/content-hash.ts";
import type { ContentHash } from "../tree/node.ts";
import { isOwner, type Owner } from "../tree/owner.ts";
import { attributesTrouble, isKeptAttribute, sortedAttributes } from "./attributes.ts";
import type { Attributes } from "./attributes.ts";
import { CheckedRecord, damagedError, isHash } from "./checked-json.ts";

/**
 * What is odd about an entry: `changing`, it may be torn; `unreadable`, it could not be read; `thin`, its content is only in Dropbox;
 * `stripped`, it had extended attributes that could not be read or kept.
 */
export type EntryFlag = (typeof entryFlags)[number];

const entryFlags = ["changing", "unreadable", "thin", "ignored", "stripped"] as const;

/** One line of a manifest (N23), with whole names. */
export type SnapshotEntry = {
  /** From the snapshot's top, `/` between names. Checked like a remote name before it is used as a path (X12). */
  readonly path: string;
  /** The bytes in base64 where the name is not UTF-8; `path` is then for display. */
  readonly pathBytes?: string;
  readonly type: "file" | "folder" | "symlink" | "other";
  /** Bytes; files only. */
  readonly size?: number;
  /** mtime, nanoseconds, decimal. */
  readonly modifiedNs?: string;
  /** Octal digits, files and folders. */
  readonly mode?: string;
  /** Present where root took the snapshot (N38). */
  readonly owner?: Owner;
  /** Block hashes of a file, in order; none for an empty file, absent where only `hash` is known (thin entries). */
  readonly blocks?: readonly BlockHash[];
  /** Content hash; for a file with `blocks` it is derived from them. */
  readonly hash?: ContentHash;
  readonly linkTarget?: string;
  /** The bytes of the target in base64 where they are not UTF-8; `linkTarget` is then for display. */
  readonly linkBytes?: string;
  readonly linkGroup?: string;
  /** Those of a snapshot that keeps them (N38); absent where there are none. */
  readonly attributes?: Attributes;
  /** Path of the unit that the entry belongs to (N43). */
  readonly unit?: string;
  /** Present when the entry equalled the cloud at capture; `modified` in ms. */
  readonly remote?: { readonly id: string; readonly rev: string; readonly modified: number };
  readonly flags: readonly EntryFlag[];
};

/** Longest file, which bounds the line that lists its blocks; Dropbox's own limit is about as high. */
const fileBytesMax = 2 ** 41;

/** Times that are less apart are equal: Node cannot set finer ones (T11). */
const timeSlackNs = 1000n;

type EntryType = SnapshotEntry["type"];

const letterOf: Readonly<Record<EntryType, string>> = {
  file: "f",
  folder: "d",
  symlink: "l",
  other: "o",
};

const typeOf: ReadonlyMap<string, EntryType> = new Map([
  ["f", "file"],
  ["d", "folder"],
  ["l", "symlink"],
  ["o", "other"],
]);

/** One line of a manifest page, without its line feed (N23). Equal entries give equal lines. A client time before 1970 is 1970. */
export function encodeEntry(entry: SnapshotEntry): string {
  return JSON.stringify({
    p: entry.path,
    pb: entry.pathBytes,
    t: letterOf[entry.type],
    s: entry.size,
    n: entry.modifiedNs,
    x: entry.mode,
    u: entry.owner,
    b: entry.blocks,
    h: entry.blocks === undefined ? entry.hash : undefined,
    l: entry.linkTarget,
    lb: entry.linkBytes,
    k: entry.linkGroup,
    xa: entry.attributes,
    id: entry.remote?.id,
    rev: entry.remote?.rev,
    cm: entry.remote && Math.max(0, entry.remote.modified),
    g: entry.unit,
    e: entry.flags.length === 0 ? undefined : entry.flags,
  });
}

/** Reads one line. @throws {SnapError} `damaged` for whatever `entryTrouble` refuses, and for no JSON. */
export function decodeEntry(line: string): SnapshotEntry {
  const record = CheckedRecord.parse(line, "An entry of a manifest");
  const type = typeOf.get(record.text("t"));
  if (type === undefined) throw damagedError("An entry of a manifest has an unknown type");
  const entry: SnapshotEntry = {
    path: record.text("p"),
    type,
    ...contentFields(record),
    ...metadataFields(record),
    ...linkFields(record),
    ...remoteFields(record),
    flags: flagsOf(record),
  };
  const trouble = entryTrouble(entry);
  if (trouble !== undefined) throw damagedError(`An entry of a manifest is refused: ${trouble}`);
  return entry;
}

function contentFields(record: CheckedRecord): Pick<SnapshotEntry, "size" | "blocks" | "hash"> {
  const size = record.optionalCount("s");
  const sized = size === undefined ? {} : { size };
  if (record.has("b")) {
    const blocks = record.texts("b");
    return { ...sized, blocks, hash: contentHashOfBlocks(blocks) };
  }
  return record.has("h") ? { ...sized, hash: record.hash("h") } : sized;
}

function metadataFields(
  record: CheckedRecord,
): Pick<SnapshotEntry, "pathBytes" | "modifiedNs" | "mode" | "owner" | "attributes"> {
  const pathBytes = record.optionalText("pb");
  const modifiedNs = record.optionalText("n");
  const mode = record.optionalText("x");
  const owner = record.optionalText("u");
  return {
    ...(pathBytes === undefined ? {} : { pathBytes }),
    ...(modifiedNs === undefined ? {} : { modifiedNs }),
    ...(mode === undefined ? {} : { mode }),
    ...(owner === undefined ? {} : { owner }),
    ...(record.has("xa") ? attributesOf(record) : {}),
  };
}

/** Names that only a later version keeps are passed over, as unknown fields are (N20). */
function attributesOf(record: CheckedRecord): Pick<SnapshotEntry, "attributes"> {
  const known = record.textsByKey("xa").filter(([name]) => isKeptAttribute(name));
  const attributes = sortedAttributes(known);
  return attributes === undefined ? {} : { attributes };
}

function linkFields(
  record: CheckedRecord,
): Pick<SnapshotEntry, "linkTarget" | "linkBytes" | "linkGroup" | "unit"> {
  const linkTarget = record.optionalText("l");
  const linkBytes = record.optionalText("lb");
  const linkGroup = record.optionalText("k");
  const unit = record.optionalText("g");
  return {
    ...(linkTarget === undefined ? {} : { linkTarget }),
    ...(linkBytes === undefined ? {} : { linkBytes }),
    ...(linkGroup === undefined ? {} : { linkGroup }),
    ...(unit === undefined ? {} : { unit }),
  };
}

function remoteFields(record: CheckedRecord): Pick<SnapshotEntry, "remote"> {
  if (!record.has("id")) return {};
  return {
    remote: { id: record.text("id"), rev: record.text("rev"), modified: record.count("cm") },
  };
}

/** Flags of later versions are ignored, as unknown fields are (N20). */
function flagsOf(record: CheckedRecord): readonly EntryFlag[] {
  if (!record.has("e")) return [];
  const words = record.texts("e");
  return entryFlags.filter((flag) => words.includes(flag));
}

/** Whether two times, decimal nanoseconds, are the same as far as a restore can set them. */
export function isSameTime(a: string, b: string): boolean {
  if (a === b) return true;
  const apart = BigInt(a) - BigInt(b);
  return apart < timeSlackNs && apart > -timeSlackNs;
}

/** Why an entry must not stand in a manifest, or undefined. Asked on the way in and on the way out. */
export function entryTrouble(entry: SnapshotEntry): string | undefined {
  return (
    pathTrouble(entry.path) ?? unitTrouble(entry) ?? metadataTrouble(entry) ?? contentTrouble(entry)
  );
}

/** What belongs to a unit lies in its folder: nothing else is ever taken for a part of it. */
function unitTrouble({ path, unit }: SnapshotEntry): string | undefined {
  if (unit === undefined || unit === path || unit === topUnit) return undefined;
  return unit !== "" && path.startsWith(`${unit}/`) ? undefined : "it is in no unit of that name";
}

/** Why something is no path of a snapshot (X1, X6, X13), or undefined. */
export function pathTrouble(path: string): string | undefined {
  if (path === "" || !isRelPath(path)) return `"${path}" is not a path inside the snapshot`;
  if (!path.isWellFormed()) return `"${path}" is not valid Unicode`;
  if (Buffer.byteLength(path) > pathBytesMax) return `"${path}" is too long`;
  const names = path.split("/");
  if (names.length > pathDepthMax) return `"${path}" is too deep`;
  return names[0] === ".snap" ? `"${path}" is the program's own` : undefined;
}

function metadataTrouble(entry: SnapshotEntry): string | undefined {
  if (entry.mode !== undefined && !/^[0-7]{1,5}$/.test(entry.mode)) return "its mode is not octal";
  if (entry.modifiedNs !== undefined && !/^-?\d{1,20}$/.test(entry.modifiedNs)) {
    return "its time is not in nanoseconds";
  }
  if (entry.owner !== undefined && !isOwner(entry.owner)) return "its owner is none";
  const attributes = entry.attributes && attributesTrouble(entry.attributes);
  return attributes ?? linkTrouble(entry);
}

function linkTrouble({ type, linkTarget }: SnapshotEntry): string | undefined {
  if (type !== "symlink") return linkTarget === undefined ? undefined : "it is no link";
  const isTarget = linkTarget !== undefined && linkTarget !== "" && !linkTarget.includes("\0");
  return isTarget ? undefined : "its link has no target";
}

function contentTrouble({ type, size, blocks, hash }: SnapshotEntry): string | undefined {
  if (type !== "file") return blocks === undefined ? undefined : "it is no file but has blocks";
  if (size !== undefined && size > fileBytesMax) return "it is too large";
  if (blocks !== undefined) return blocksTrouble(blocks, size);
  return hash === undefined || isHash(hash) ? undefined : "its content hash is none";
}

function blocksTrouble(blocks: readonly BlockHash[], size: number | undefined): string | undefined {
  if (size === undefined || !Number.isSafeInteger(size) || size < 0) return "it has no size";
  if (blocks.length !== Math.ceil(size / blockBytes)) return "its size does not fit its blocks";
  return blocks.every(isHash) ? undefined : "a block hash is none";
}
