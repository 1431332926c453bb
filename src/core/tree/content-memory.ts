import type { RelPath } from "../path/rel-path.ts";
import type { CapturedUnit, KnownUnit } from "../repo/unit.ts";
import type { FolderListing, ReadContent } from "./local-stat.ts";
import type { ContentHash } from "./node.ts";

/**
 * What captures have read of a workspace: content hashes, each with the stat that proves it (N35). Only speed depends on it:
 * whatever is the matter with its file, nothing is known then, and nothing fails.
 */
export interface ContentMemory {
  /** Content hashes of the files of a folder, by name: of those whose stat is the one that was noted. */
  hashesIn(listing: FolderListing): ReadonlyMap<string, ContentHash>;
  /** Keep what was read, unless its stat was too young to prove it (S24). */
  note(file: ReadContent, granularityNs: bigint): void;
  /** A repository as it was captured last. */
  unitAt(path: RelPath): KnownUnit | undefined;
  /** Keep what was captured, unless its stats were too young to prove it (S24). */
  noteUnit(path: RelPath, unit: CapturedUnit, granularityNs: bigint): void;
}
