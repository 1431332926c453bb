import { readSync } from "node:fs";
import {
  blockBytes,
  ContentHasher,
  contentHashOfBlocks,
  hashedContentOf,
  type HashedContent,
} from "../core/tree/content-hash.ts";
import { throwIfAborted } from "../std/error.ts";
import type { Logger } from "../std/log.ts";
import { ThreadFailure } from "../threads/threads.ts";
import type { Disk } from "./disk.ts";
import { stopFlag, stopJobs, type HashedPart } from "./hash-job.ts";
import { HashThreads } from "./hash-threads.ts";

/** An open file and the size that it had when it was opened, or a stretch of it: what lies before `from` is not looked at. */
export type OpenFacts = { readonly fd: number; readonly size: number; readonly from?: number };

/**
 * Hashes what an open file holds, up to its size; undefined where it ended before. Nothing of it is read any more when this has
 * ended, also after an error. @throws {SnapError} `interrupted`, errors of the system
 */
export type OpenHasher = (
  file: OpenFacts,
  signal: AbortSignal | undefined,
) => Promise<HashedContent | undefined>;

/** Bytes that are read at once in the main thread. */
const pieceBytes = 1024 * 1024;

/** Files up to this size are read in one go: that is faster than asking any other thread. */
const smallBytesMax = 64 * 1024;

/** From this size on a file is hashed by other threads, in parts of this size: whole blocks each. */
const partBytes = 16 * blockBytes;
const threadedBytesMin = 1024 * 1024;

/** Hash by reads of a disk, in this thread. */
export function readingHasher(disk: Disk): OpenHasher {
  return async ({ fd, size, from = 0 }, signal) => {
    const hasher = new ContentHasher();
    const into = new Uint8Array(Math.min(pieceBytes, size - from));
    for (let position = from; position < size;) {
      throwIfAborted(signal);
      const count = await disk.read(fd, into.subarray(0, size - position), position);
      if (count === 0) return undefined;
      hasher.update(into.subarray(0, count));
      position += count;
    }
    return hasher.finish();
  };
}

/**
 * The fastest way for each size on a real disk: small files in this thread at once, large ones in several threads, part by part.
 * Where no thread can be begun, this one does it, and the log says so.
 */
export function threadedHasher(
  disk: Disk,
  logger: Logger,
  threads: HashThreads = sharedThreads,
): OpenHasher {
  const slowly = readingHasher(disk);
  const small = new Uint8Array(smallBytesMax);
  let isAlone = false;
  return async (file, signal) => {
    throwIfAborted(signal);
    const length = file.size - (file.from ?? 0);
    if (length <= smallBytesMax) return hashAtOnce(file, small);
    if (isAlone || length < threadedBytesMin) return await slowly(file, signal);
    try {
      return await hashParts(threads, file, signal);
    } catch (error) {
      if (!(error instanceof ThreadFailure)) throw error;
      if (!isAlone) logger.error("files are hashed in one thread", { reason: error.message });
      isAlone = true;
      return await slowly(file, signal);
    }
  };
}

const sharedThreads = new HashThreads();

function hashAtOnce(
  { fd, size, from = 0 }: OpenFacts,
  into: Uint8Array,
): HashedContent | undefined {
  const length = size - from;
  for (let filled = 0; filled < length;) {
    const count = readSync(fd, into, filled, length - filled, from + filled);
    if (count === 0) return undefined;
    filled += count;
  }
  return hashedContentOf(into.subarray(0, length));
}

async function hashParts(
  threads: HashThreads,
  { fd, size, from: first = 0 }: OpenFacts,
  signal: AbortSignal | undefined,
): Promise<HashedContent | undefined> {
  const stop = stopFlag();
  const leave = (): void => stopJobs(stop);
  const jobs: Promise<HashedPart>[] = [];
  for (let from = first; from < size; from += partBytes) {
    jobs.push(threads.run({ fd, from, to: Math.min(size, from + partBytes), stop }));
  }
  signal?.addEventListener("abort", leave, { once: true });
  try {
    // After an error the others are stopped, and awaited: a number that is closed under a read could by then be another file.
    for (const job of jobs) job.catch(leave);
    await Promise.allSettled(jobs);
    throwIfAborted(signal);
    return joined(await Promise.all(jobs), size - first);
  } finally {
    signal?.removeEventListener("abort", leave);
  }
}

function joined(parts: readonly HashedPart[], size: number): HashedContent | undefined {
  const blocks = parts.flatMap((part) => part.blocks);
  const read = parts.reduce((sum, part) => sum + part.size, 0);
  return read === size ? { hash: contentHashOfBlocks(blocks), blocks, size } : undefined;
}
