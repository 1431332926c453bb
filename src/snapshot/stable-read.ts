import { blockBytes } from "../core/tree/content-hash.ts";
import type { BlockHash } from "../core/tree/content-hash.ts";
import type { LocalStat } from "../core/tree/local-stat.ts";
import type { LocalFile } from "../ports.ts";
import { throwIfAborted } from "../std/error.ts";
import type { Clock } from "../std/time.ts";

/** N36: how often a file that changes is read again, and the first wait; each further one is twice as long. */
const repeatsMax = 5;
const firstDelayMs = 50;

/** A file as it was read; `isStable` is false where it changed meanwhile every time: its content may be torn. */
export type ReadFile = {
  readonly stat: LocalStat;
  readonly size: number;
  readonly blocks: readonly BlockHash[];
  readonly isStable: boolean;
};

/** How a file is opened, and where its blocks go. */
export type StableReadOptions = {
  readonly open: () => Promise<LocalFile>;
  /** Keeps a block and gives its hash. The bytes are its own only until it returns. */
  readonly keep: (block: Uint8Array) => Promise<BlockHash>;
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

async function readOnce({ open, keep, signal }: StableReadOptions): Promise<ReadFile> {
  await using file = await open();
  const blocks: BlockHash[] = [];
  let size = 0;
  // No further than the size at opening: a file that only grows would never end.
  while (size < file.stat.size) {
    throwIfAborted(signal);
    const block = await file.read(size, Math.min(blockBytes, file.stat.size - size));
    if (block.length === 0) break;
    blocks.push(await keep(block));
    size += block.length;
    if (block.length < blockBytes) break;
  }
  const isStable = size === file.stat.size && (await file.unchanged());
  return { stat: file.stat, size, blocks, isStable };
}
