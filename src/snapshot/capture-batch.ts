import type { SnapshotEntry } from "../core/snapshot/entry.ts";
import { blockBytes } from "../core/tree/content-hash.ts";

/** An entry of the source, and that of the earlier snapshot at the same path. */
export type SourcePair = {
  readonly left: SnapshotEntry;
  readonly right: SnapshotEntry | undefined;
  /** What a capture that was cut off had stored at this path (N32). */
  readonly also?: SnapshotEntry | undefined;
};

/** Entries of one batch at most. */
const entriesMax = 256;

/** Bytes of the files of a batch that are held in memory, which are those of one block: any one of them fits. */
export const batchBytesMax: number = blockBytes;

/** Runs of entries, in their order: what may be read ahead is bounded by them (N6). A file of several blocks ends one. */
export async function* batchesOf(
  pairs: AsyncIterable<SourcePair>,
): AsyncGenerator<readonly SourcePair[]> {
  let batch: SourcePair[] = [];
  let bytes = 0;
  for await (const pair of pairs) {
    const size = isOneBlock(pair.left) ? (pair.left.size ?? 0) : 0;
    if (batch.length > 0 && bytes + size > batchBytesMax) {
      yield batch;
      batch = [];
      bytes = 0;
    }
    batch.push(pair);
    bytes += size;
    if (batch.length < entriesMax && !isLong(pair.left)) continue;
    yield batch;
    batch = [];
    bytes = 0;
  }
  if (batch.length > 0) yield batch;
}

function isLong(entry: SnapshotEntry): boolean {
  return entry.type === "file" && !isOneBlock(entry);
}

/** A file that was not longer than one block when it was listed. */
export function isOneBlock({ type, size = 0 }: SnapshotEntry): boolean {
  return type === "file" && size <= blockBytes;
}
