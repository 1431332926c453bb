import { blockBytes } from "../core/tree/content-hash.ts";
import type { BlockHash } from "../core/tree/content-hash.ts";
import type { LocalStat } from "../core/tree/local-stat.ts";
import type { LocalFile } from "../ports.ts";
import { throwIfAborted } from "../std/error.ts";
import type { Clock } from "../std/time.ts";
import { hashBlock } from "./block-hash.ts";
import { mapInOrder } from "./in-order.ts";

/** N36: how often a file that changes is read again, and the first wait; each further one is twice as long. */
const repeatsMax = 5;
const firstDelayMs = 50;

/** Blocks of one file that are read and hashed ahead of the one that is kept. */
const blocksAhead = 4;

/** A file as it was read; `isStable` is false where it changed meanwhile every time: its content may be torn. */
export type ReadFile = {
  readonly stat: LocalStat;
  readonly size: number;
  readonly blocks: readonly BlockHash[];
  readonly isStable: boolean;
  /** When it was opened, ms since 1970. */
  readonly startedAt: number;
};

/** A block as it was read. */
export type ReadBlock = { readonly hash: BlockHash; readonly bytes: Uint8Array };

/** How a file is opened, and where its blocks go. */
export type StableReadOptions = {
  readonly open: () => Promise<LocalFile>;
  /** Keeps a block; they come one after the other, and the bytes are its own. */
  readonly keep: (block: ReadBlock) => Promise<void>;
  readonly clock: Clock;
  readonly signal: AbortSignal | undefined;
};

/** Read a file until it stood still from opening to end, or the attempts are used up (N36). */
export async function readStable(options: StableReadOptions): Promise<ReadFile> {
  for (let attempt = 1; ; attempt += 1) {
    const read = await readOnce(options);
    if (read.isStable || attempt > repeatsMax) return read;
    await options.clock.sleep(firstDelayMs * 2 ** (attempt - 1), options.signal);
  }
}

async function readOnce({ open, keep, clock, signal }: StableReadOptions): Promise<ReadFile> {
  const startedAt = clock.now();
  await using file = await open();
  const blocks: BlockHash[] = [];
  let size = 0;
  for await (const block of blocksOf(file)) {
    throwIfAborted(signal);
    if (block.bytes.length === 0) break;
    await keep(block);
    blocks.push(block.hash);
    size += block.bytes.length;
    if (block.bytes.length < blockBytes) break;
  }
  const isStable = size === file.stat.size && (await file.unchanged());
  return { stat: file.stat, size, blocks, isStable, startedAt };
}

/** No further than the size at opening: a file that only grows would never end. */
function blocksOf(file: LocalFile): AsyncGenerator<ReadBlock> {
  const { size } = file.stat;
  const read = async (offset: number): Promise<ReadBlock> => {
    const bytes = await file.read(offset, Math.min(blockBytes, size - offset));
    return { bytes, hash: await hashBlock(bytes) };
  };
  return mapInOrder(offsetsUpTo(size), read, blocksAhead);
}

async function* offsetsUpTo(size: number): AsyncGenerator<number> {
  for (let offset = 0; offset < size; offset += blockBytes) yield await Promise.resolve(offset);
}
