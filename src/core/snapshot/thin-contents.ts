import type { Work } from "../../std/events.ts";
import type { SnapshotEntry } from "./entry.ts";

/** A source of a capture that may have more than what it lists. */
export interface FetchingSource {
  /** The content of an entry that the store lacks, from an offset on, from wherever it still is; asked for thin ones alone (N42). */
  fetch?(entry: SnapshotEntry, offset: number, work: Work): AsyncIterable<Uint8Array>;
}

/** A store that knows its contents, whatever snapshot they came with. */
export interface HeldContents {
  /** The entry, with its blocks if the store has its content by now: it may have been thin when it was captured (N40). */
  held(entry: SnapshotEntry): Promise<SnapshotEntry>;
}
