import type { Work } from "../../std/events.ts";
import { blockBytes } from "../tree/content-hash.ts";
import type { ContentHash } from "../tree/node.ts";
import type { SnapshotEntry } from "./entry.ts";
import type { SnapshotRoot } from "./root.ts";

/** What a repair is asked to do (N53). */
export type RepairOptions = Work & {
  /** Say what would be done. Everything is read as for a repair, and nothing is written but sidecars, as every reader does. */
  readonly dryRun?: boolean;
};

/** A block that no pack holds sound, as a piece of a file that is known to have held it. */
export type WantedBlock = {
  readonly hash: string;
  /** Where it is in the file, bytes. */
  readonly offset: number;
  readonly length: number;
  readonly file: SnapshotEntry;
  /** The workspace and the link that the snapshot was taken of. */
  readonly from: Pick<SnapshotRoot, "workspace" | "link">;
};

/** Bytes that may be those of a block: nothing is believed before they were hashed. */
export type OfferedBlock = {
  readonly from: "workspace" | "dropbox";
  readonly bytes: Uint8Array;
};

/** Where a repair looks for content outside the store (N53): a port, for the store knows neither workspace nor Dropbox. */
export interface RepairSources {
  /** Hashes of the files of which blocks will be asked for; called once, before. */
  prepare(contents: ReadonlySet<ContentHash>): Promise<void>;
  /**
   * Bytes that may be those of a block, the cheapest place first; whoever asks hashes them. What cannot be asked or read offers
   * nothing. @throws {SnapError} `interrupted` alone
   */
  offers(wanted: WantedBlock, work: Work): AsyncIterable<OfferedBlock>;
}

/** Something that snapshots need and that is nowhere any more. */
export type MissingPiece = {
  readonly what: "root" | "note" | "list" | "page" | "block";
  readonly name: string;
  readonly reason: string;
  /** Ids of the snapshots that it hits, as far as they are known. */
  readonly snapshots: readonly string[];
  /** The first 1000 paths that it hits; of a page the first path in it. */
  readonly paths: readonly string[];
};

/** What a repair did, or with `dryRun` would do. */
export type RepairReport = {
  /** Packs whose sidecar was lost or damaged, and was made again. */
  readonly sidecars: number;
  /** Roots that were damaged in one byte, and have it back. */
  readonly roots: readonly string[];
  /** Whether `README.txt` was written again. */
  readonly readme: boolean;
  /** Blocks, pages and lists that are in new packs, by where they were found; and their bytes before compression. */
  readonly healed: {
    readonly packs: number;
    readonly workspace: number;
    readonly dropbox: number;
    readonly bytes: number;
  };
  /** Damaged packs that went to the trash. */
  readonly trashed: readonly string[];
  /** Damaged packs that stay where they are: something in them is needed that is nowhere else. */
  readonly kept: readonly string[];
  readonly missing: readonly MissingPiece[];
};

/** The block of a file at a position, as something to look for; undefined where the entry does not name it. */
export function wantedBlock(
  file: SnapshotEntry,
  position: number,
  from: WantedBlock["from"],
): WantedBlock | undefined {
  const hash = file.blocks?.[position];
  if (hash === undefined || file.size === undefined) return undefined;
  const offset = position * blockBytes;
  return { hash, offset, length: Math.min(blockBytes, file.size - offset), file, from };
}
