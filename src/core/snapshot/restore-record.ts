import { z } from "zod";
import { SnapError } from "../../std/error.ts";
import { isRaw } from "../path/raw-path.ts";
import { parseRelPath, type RelPath } from "../path/rel-path.ts";
import type { AreaPath, LocalExpectation } from "../plan/local-act.ts";
import type { LocalStat } from "../tree/local-stat.ts";
import type { Kind } from "../tree/node.ts";
import { isOwner, type Owner } from "../tree/owner.ts";
import type { LocalItem, RemoteSeen, SyncedSeen } from "./restore-picture.ts";
import type { WantedMetadata, WantedNode } from "./restore-wanted.ts";

/** What stood at a local place before a restore: enough to recognise it, and to bring it back. */
export type LocalBefore =
  | {
      readonly kind: "file";
      readonly fileId: string;
      readonly size: number;
      readonly modifiedNs: string;
      readonly hash: string;
      readonly mode: number;
      /** Absent in the journals of earlier versions, as in those below. */
      readonly owner?: Owner;
      /** Extended attributes, where it is known that it had these and no others. */
      readonly attributes?: Readonly<Record<string, string>>;
    }
  | {
      readonly kind: "folder";
      readonly fileId: string;
      readonly modifiedNs: string;
      readonly mode: number;
      readonly owner?: Owner;
      readonly attributes?: Readonly<Record<string, string>>;
    }
  | {
      readonly kind: "symlink";
      readonly fileId: string;
      readonly linkTarget: string;
      /** Absent in the journals of earlier versions. */
      readonly modifiedNs?: string;
      readonly owner?: Owner;
    };

/** What a restore wanted at a place; null for nothing. */
export type WantRecord =
  | ({ readonly kind: "file"; readonly hash: string; readonly size: number } & WantedMetadata)
  | ({ readonly kind: "folder" } & WantedMetadata)
  | ({ readonly kind: "symlink"; readonly linkTarget: string } & Pick<WantedMetadata, "owner">);

const deeds = ["kept", "metadata", "folder", "place", "remove", "covered", "times"] as const;

/**
 * What is done at one local path.
 *
 * `kept` nothing · `metadata` of a file · `folder` make one · `place` bring what is staged · `remove` displace ·
 * `covered` goes with a folder above it · `times` only the mode and times of a folder, set at the end.
 */
export type LocalDeed = (typeof deeds)[number];

/** The journal's record of one local path, kept as JSON in `expected`. */
export type LocalRecord = {
  readonly deed: LocalDeed;
  readonly before: LocalBefore | null;
  readonly want: WantRecord | null;
  /** Where the wanted content waits. */
  readonly source: AreaPath | null;
  /** Of the wanted file, taken when its content was known to stand there. */
  readonly stat: LocalStat | null;
  /** The place is ignored: the engine has nothing to learn of it (N33). */
  readonly localOnly?: true;
  /** Something the report has to say about this path. */
  readonly note: string | null;
};

/** The journal's record of one remote path. */
export type RemoteRecord = {
  readonly before:
    | (SyncedSeen & { readonly size: number; readonly rev: string; readonly remoteId: string })
    | null;
  readonly synced: SyncedSeen | null;
  readonly want: WantRecord | null;
  /** Left as it is on the server, for its name. */
  readonly aside: boolean;
  /** What was asked for there and may have been done; without it a revision was to be put back (T24, T25). */
  readonly call?: ServerCall;
};

/** A file or folder that Dropbox was asked to move or copy to a place. */
export type ServerCall = {
  readonly call: "move" | "copy";
  readonly kind: Kind;
  readonly from: RelPath;
  readonly remoteId: string;
};

const attributes = z.record(z.string(), z.string());

const owner = z.string().refine((text) => isOwner(text));

const metadata = {
  mode: z.number().int().exactOptional(),
  modifiedNs: z.string().exactOptional(),
  special: z.literal(true).exactOptional(),
  owner: owner.exactOptional(),
  attributes: attributes.exactOptional(),
};

const localBefore: z.ZodType<LocalBefore> = z.discriminatedUnion("kind", [
  z.object({
    kind: z.literal("file"),
    fileId: z.string(),
    size: z.number(),
    modifiedNs: z.string(),
    hash: z.string(),
    mode: z.number().int(),
    owner: owner.exactOptional(),
    attributes: attributes.exactOptional(),
  }),
  z.object({
    kind: z.literal("folder"),
    fileId: z.string(),
    modifiedNs: z.string(),
    mode: z.number().int(),
    owner: owner.exactOptional(),
    attributes: attributes.exactOptional(),
  }),
  z.object({
    kind: z.literal("symlink"),
    fileId: z.string(),
    linkTarget: z.string(),
    modifiedNs: z.string().exactOptional(),
    owner: owner.exactOptional(),
  }),
]);

const wantRecord: z.ZodType<WantRecord> = z.discriminatedUnion("kind", [
  z.object({ kind: z.literal("file"), hash: z.string(), size: z.number(), ...metadata }),
  z.object({ kind: z.literal("folder"), ...metadata }),
  z.object({ kind: z.literal("symlink"), linkTarget: z.string(), owner: owner.exactOptional() }),
]);

const relPath = z.string().transform((text): RelPath => parseRelPath(text));

const areaPath: z.ZodType<AreaPath> = z.object({
  area: z.object({ kind: z.enum(["staging", "trash", "undo"]), id: z.string() }),
  path: relPath,
});

const localStat: z.ZodType<LocalStat> = z.object({
  name: z.string(),
  kind: z.enum(["folder", "file", "symlink", "special"]),
  size: z.number(),
  fileId: z.string(),
  stamp: z.string(),
  mode: z.number().int(),
  modifiedNs: z.string(),
  newestNs: z.string(),
  linkTarget: z.string().exactOptional(),
  linkGroup: z.string().exactOptional(),
  owner: owner.exactOptional(),
});

const localRecord: z.ZodType<LocalRecord> = z.object({
  deed: z.enum(deeds),
  before: localBefore.nullable(),
  want: wantRecord.nullable(),
  source: areaPath.nullable(),
  stat: localStat.nullable(),
  localOnly: z.literal(true).exactOptional(),
  note: z.string().nullable(),
});

const seen = z.object({ kind: z.enum(["file", "folder"]), hash: z.string() });

const serverCall: z.ZodType<ServerCall> = z.object({
  call: z.enum(["move", "copy"]),
  kind: z.enum(["file", "folder"]),
  from: relPath,
  remoteId: z.string(),
});

const remoteRecord: z.ZodType<RemoteRecord> = z.object({
  before: seen.extend({ size: z.number(), rev: z.string(), remoteId: z.string() }).nullable(),
  synced: seen.nullable(),
  want: wantRecord.nullable(),
  aside: z.boolean(),
  call: serverCall.exactOptional(),
});

/** @throws {SnapError} `damaged` when the journal holds something else */
export function readLocalRecord(text: string): LocalRecord {
  return read(localRecord, text);
}

/** @throws {SnapError} `damaged` when the journal holds something else */
export function readRemoteRecord(text: string): RemoteRecord {
  return read(remoteRecord, text);
}

/** Read JSON of our own from the journal. @throws {SnapError} `damaged` */
export function read<T>(schema: z.ZodType<T>, text: string): T {
  const parsed = schema.safeParse(parseJson(text));
  if (parsed.success) return parsed.data;
  throw new SnapError("damaged", "The journal of a restore cannot be read", {
    cause: parsed.error,
    hint: "The safety snapshot of that restore is not affected: restore it instead.",
  });
}

function parseJson(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch (error) {
    throw new SnapError("damaged", "The journal of a restore is not JSON", { cause: error });
  }
}

/** The record of what stands on the disk; null where nothing does. */
export function localBeforeOf(item: LocalItem | undefined): LocalBefore | null {
  if (item === undefined) return null;
  const { fileId, size, modifiedNs, kind, linkTarget, owner: own } = item.stat;
  const mode = item.stat.mode & 0o7777;
  const shared = { fileId, modifiedNs, ...(own === undefined ? {} : { owner: own }) };
  const dressed = { mode, ...attributesOf(item) };
  if (kind === "folder") return { kind, ...shared, ...dressed };
  if (kind === "symlink") return { kind, ...shared, linkTarget: linkTarget ?? "" };
  return { kind: "file", ...shared, size, ...dressed, hash: item.hash ?? "" };
}

function attributesOf({
  attributes: found,
}: Pick<WantedMetadata, "attributes">): Pick<WantedMetadata, "attributes"> {
  return found === undefined ? {} : { attributes: found };
}

/** What the disk is asked to compare before it displaces something. */
export function expectationOf(before: LocalBefore): LocalExpectation {
  const { kind, fileId } = before;
  if (kind === "folder") return { kind, fileId };
  if (kind === "symlink") return { kind, fileId, linkTarget: before.linkTarget };
  const { size, modifiedNs, hash } = before;
  return { kind, fileId, size, modifiedNs, hash };
}

/** The record of what is wanted; null for nothing. */
export function wantRecordOf(want: WantedNode | undefined): WantRecord | null {
  if (want === undefined) return null;
  const { owner: wantedOwner } = want;
  const owned = wantedOwner === undefined ? {} : { owner: wantedOwner };
  if (want.kind === "symlink") {
    return { kind: "symlink", linkTarget: want.linkTarget, ...owned };
  }
  const { mode, modifiedNs, special } = want;
  const set = {
    ...(mode === undefined ? {} : { mode }),
    ...(modifiedNs === undefined ? {} : { modifiedNs }),
    ...(special === undefined ? {} : { special }),
    ...owned,
    ...attributesOf(want),
  };
  if (want.kind === "folder") return { kind: "folder", ...set };
  return { kind: "file", hash: want.hash, size: want.size, ...set };
}

/** The record of what is in Dropbox; null where nothing is. */
export function remoteBeforeOf(before: RemoteSeen | undefined): RemoteRecord["before"] {
  if (before === undefined) return null;
  const { kind, hash, size, rev, remoteId } = before;
  return { kind, hash, size, rev, remoteId };
}

/** What stands at a place, as one comparable text (T45): the hash of a file, "folder", "symlink:…" or "absent". */
export type Witness = string;

type Standing =
  | { readonly kind: "file"; readonly hash: string }
  | { readonly kind: "folder" }
  | { readonly kind: "symlink"; readonly linkTarget: string };

/** The witness of what stands on a disk, or is wanted there. */
export function witnessOf(standing: Standing | null | undefined): Witness {
  if (standing === null || standing === undefined) return "absent";
  if (standing.kind === "folder") return "folder";
  return standing.kind === "file" ? standing.hash : `symlink:${keepable(standing.linkTarget)}`;
}

/** A raw text with its bytes escaped: a database keeps none. */
function keepable(text: string): string {
  return isRaw(text) ? JSON.stringify(text) : text;
}

/** The same of something in Dropbox or in the synced tree. */
export function remoteWitnessOf(standing: SyncedSeen | null | undefined): Witness {
  if (standing === null || standing === undefined) return "absent";
  return standing.kind === "folder" ? "folder" : standing.hash;
}

/** What is wanted in Dropbox: links are never there. */
export function remoteWantOf(want: WantRecord | null): Witness {
  return want?.kind === "symlink" ? "absent" : witnessOf(want);
}
