import type { BlockHash } from "../core/tree/content-hash.ts";

/** The value that stops a job. */
export const stopped = 1;

/** One number that two threads see: `stopped` ends a job at its next piece. */
export type StopFlag = SharedArrayBuffer;

/** A part of an open file that begins at a block. */
export type HashJob = {
  readonly fd: number;
  readonly from: number;
  readonly to: number;
  readonly stop: StopFlag;
};

/** A part of a file, hashed; `size` bytes were read, fewer than asked for where the file ended, or the job was stopped. */
export type HashedPart = { readonly blocks: readonly BlockHash[]; readonly size: number };

/** A flag for a job that is not stopped yet. */
export function stopFlag(): StopFlag {
  return new SharedArrayBuffer(4);
}

/** Tell a job to stop at its next piece. */
export function stopJobs(stop: StopFlag): void {
  Atomics.store(new Int32Array(stop), 0, stopped);
}

/** Whether a job was told to stop. */
export function isStopped(stop: StopFlag): boolean {
  return Atomics.load(new Int32Array(stop), 0) === stopped;
}
