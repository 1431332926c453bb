import type { SnapshotEntry } from "../core/snapshot/entry.ts";
import { blockBytes } from "../core/tree/content-hash.ts";
import type { Runs } from "../std/runs.ts";

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

/** The batch that is being gathered. Whoever makes the entries may take it before it is full. */
export class Gathering {
  #pairs: SourcePair[] = [];
  #bytes = 0;

  /** @returns whether it is full now */
  add(pair: SourcePair): boolean {
    this.#pairs.push(pair);
    this.#bytes += bytesOf(pair);
    return this.#pairs.length >= entriesMax || isLong(pair.left);
  }

  /** An empty one takes any file. */
  hasRoom(pair: SourcePair): boolean {
    return this.#pairs.length === 0 || this.#bytes + bytesOf(pair) <= batchBytesMax;
  }

  /** What was gathered; nothing is left. */
  take(): readonly SourcePair[] {
    const pairs = this.#pairs;
    this.#pairs = [];
    this.#bytes = 0;
    return pairs;
  }
}

/** Runs of entries, in their order: what may be read ahead is bounded by them (N6). A file of several blocks ends one. */
export async function* batchesOf(
  runs: Runs<SourcePair>,
  gathering: Gathering = new Gathering(),
): AsyncGenerator<readonly SourcePair[]> {
  for await (const run of runs) {
    for (const pair of run) {
      if (!gathering.hasRoom(pair)) yield gathering.take();
      if (gathering.add(pair)) yield gathering.take();
    }
  }
  const rest = gathering.take();
  if (rest.length > 0) yield rest;
}

function bytesOf({ left }: SourcePair): number {
  return isOneBlock(left) ? (left.size ?? 0) : 0;
}

function isLong(entry: SnapshotEntry): boolean {
  return entry.type === "file" && !isOneBlock(entry);
}

/** A file that was not longer than one block when it was listed. */
export function isOneBlock({ type, size = 0 }: SnapshotEntry): boolean {
  return type === "file" && size <= blockBytes;
}
