import { rawPathOf } from "../core/snapshot/disk-path.ts";
import type { SnapshotEntry } from "../core/snapshot/entry.ts";
import { smallBytesMax } from "../core/tree/local-stat.ts";
import type { WholeFile } from "../core/tree/local-stat.ts";
import type { CaptureSource } from "../ports.ts";
import { SnapError, isSnapError } from "../std/error.ts";
import type { Clock } from "../std/time.ts";
import { batchBytesMax, isOneBlock } from "./capture-batch.ts";
import { Gate } from "./in-order.ts";
import { readStable } from "./stable-read.ts";
import type { ReadBlock, ReadFile } from "./stable-read.ts";

/** Files that are read at once, beside the small ones (N36). */
const filesAtOnce = 4;

/** What the reading of files works with. */
export type AheadReaderParts = {
  readonly source: Pick<CaptureSource, "open" | "readEach">;
  readonly clock: Clock;
  readonly signal: AbortSignal | undefined;
};

/** A file that was read ahead of its turn, and its blocks, which are still to be stored. */
export type AheadFile = { readonly read: ReadFile; readonly blocks: readonly ReadBlock[] };

/** Trouble of a file comes as a value; undefined is one that has more than a block by now. */
type AheadResult = AheadFile | SnapError | undefined;

/** Small files that are read, or being read, ahead of their turn. */
export type Reading = {
  /** Those that held still, by path. */
  readonly whole: Promise<ReadonlyMap<string, WholeFile>>;
  /** Waits until nothing is read any more, and takes the bytes back. Never rejects. */
  readonly end: () => Promise<void>;
};

/** Larger files that are being read at their turn. */
export type Others = {
  readonly of: (entry: SnapshotEntry) => Promise<AheadResult>;
  readonly end: () => Promise<void>;
};

/** Reads the files of a batch: small ones ahead of its turn, by another thread if the source does so; then others of one block, four at once. */
export class AheadReader {
  readonly #parts: AheadReaderParts;
  readonly #gate = new Gate(filesAtOnce);
  /** Memory for the small files of a batch, which threads share. */
  readonly #rooms: Uint8Array[] = [];

  constructor(parts: AheadReaderParts) {
    this.#parts = parts;
  }

  /** Begin to read the small files among some entries. */
  begin(entries: readonly SnapshotEntry[]): Reading {
    const small = this.#parts.source.readEach === undefined ? [] : entries.filter(isSmall);
    let room = small.length === 0 ? undefined : this.#takeRoom();
    const whole = this.#readWhole(small, room);
    whole.catch(leaveToItsTurn);
    const end = async (): Promise<void> => {
      await Promise.allSettled([whole]);
      if (room !== undefined) this.#rooms.push(room);
      room = undefined;
    };
    return { whole, end };
  }

  /** Begin to read those of one block that are not read yet. */
  readOthers(entries: readonly SnapshotEntry[]): Others {
    const readings = new Map<SnapshotEntry, Promise<AheadResult>>();
    for (const entry of entries.filter(isOneBlock)) {
      const reading = this.#gate.run(() => this.#readAhead(entry));
      reading.catch(leaveToItsTurn);
      readings.set(entry, reading);
    }
    return {
      of: async (entry) => readings.get(entry),
      end: async () => void (await Promise.allSettled(readings.values())),
    };
  }

  #takeRoom(): Uint8Array {
    return this.#rooms.pop() ?? new Uint8Array(new SharedArrayBuffer(batchBytesMax));
  }

  async #readWhole(
    entries: readonly SnapshotEntry[],
    into: Uint8Array | undefined,
  ): Promise<ReadonlyMap<string, WholeFile>> {
    const { source, signal } = this.#parts;
    if (into === undefined || source.readEach === undefined) return new Map();
    const paths = entries.map(rawPathOf);
    return await source.readEach({ paths, into }, signal === undefined ? {} : { signal });
  }

  async #readAhead(entry: SnapshotEntry): Promise<AheadResult> {
    const { source, clock, signal } = this.#parts;
    let blocks: ReadBlock[] = [];
    try {
      const read = await readStable({
        open: () => {
          blocks = [];
          return source.open(rawPathOf(entry));
        },
        keep: async (block) => {
          if (blocks.length > 0) throw new GrownFile();
          blocks.push(block);
          await Promise.resolve();
        },
        clock,
        signal,
      });
      return { read, blocks };
    } catch (error) {
      if (error instanceof GrownFile) return undefined;
      if (!isTroubleOfFile(error)) throw error;
      return error;
    }
  }
}

function isSmall({ type, size = 0 }: SnapshotEntry): boolean {
  return type === "file" && size <= smallBytesMax;
}

/** A file that was listed with one block has several now. */
class GrownFile extends Error {}

/** A failure is thrown at the entry's turn; it must not count as unhandled before. */
function leaveToItsTurn(): void {}

/** N37: whatever the source says of one file, unless the whole source is gone. */
export function isTroubleOfFile(error: unknown): error is SnapError {
  return isSnapError(error) && !["interrupted", "workspace-missing"].includes(error.code);
}
