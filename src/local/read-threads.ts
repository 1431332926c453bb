import type { RelPath } from "../core/path/rel-path.ts";
import type { ReadEachRequest, WholeFile } from "../core/tree/local-stat.ts";
import { throwIfAborted } from "../std/error.ts";
import type { Work } from "../std/events.ts";
import type { Logger } from "../std/log.ts";
import { ThreadFailure, Threads, workerBeside } from "../threads/threads.ts";
import { stopFlag, stopJobs } from "./hash-job.ts";
import type { Site } from "./parents.ts";
import { readEach } from "./read-each.ts";
import type { FoundFile, ReadJob } from "./read-worker.ts";

/** Threads that read small files at most: a disk gives no more to more of them. */
const readersMax = 2;

/** Threads that read small files. */
export type ReadThreads = Threads<ReadJob, readonly FoundFile[]>;

const sharedThreads: ReadThreads = new Threads({
  makeWorker: () => workerBeside(import.meta.url, "read-worker"),
  most: readersMax,
});

/**
 * As `readEach`: by another thread where the memory can be shared with one. Where no thread can be begun, or one ends, this
 * one reads, and the log says so.
 */
export function threadedReader(
  logger: Logger,
  threads: ReadThreads = sharedThreads,
): typeof readEach {
  let isAlone = false;
  return async (site, request, work) => {
    throwIfAborted(work?.signal);
    if (isAlone || !(request.into.buffer instanceof SharedArrayBuffer)) {
      return await readEach(site, request, work);
    }
    try {
      return await readByThread(threads, { site, request }, work);
    } catch (error) {
      if (!(error instanceof ThreadFailure)) throw error;
      if (!isAlone) logger.error("files are read in one thread", { reason: error.message });
      isAlone = true;
      return await readEach(site, request, work);
    }
  };
}

async function readByThread(
  threads: ReadThreads,
  { site, request }: { readonly site: Site; readonly request: ReadEachRequest },
  { signal }: Work = {},
): Promise<ReadonlyMap<RelPath, WholeFile>> {
  const { paths, into } = request;
  const startedAt = site.clock.now();
  const stop = stopFlag();
  const leave = (): void => stopJobs(stop);
  signal?.addEventListener("abort", leave, { once: true });
  try {
    const found = await threads.run({ top: site.top, startedAt, paths, into, stop });
    throwIfAborted(signal);
    return placed(found, { into, startedAt });
  } finally {
    signal?.removeEventListener("abort", leave);
  }
}

function placed(
  found: readonly FoundFile[],
  { into, startedAt }: { readonly into: Uint8Array; readonly startedAt: number },
): ReadonlyMap<RelPath, WholeFile> {
  const files = new Map<RelPath, WholeFile>();
  let at = 0;
  for (const { path, stat, hash } of found) {
    const bytes = into.subarray(at, at + stat.size);
    files.set(path, { stat, bytes, startedAt, hash });
    at += stat.size;
  }
  return files;
}
