import type { BlockHash } from "../core/tree/content-hash.ts";

/** The value that stops a job. */
export const stopped = 1;

/** A part of an open file that begins at a block. */
export type HashJob = {
  readonly id: number;
  readonly fd: number;
  readonly from: number;
  readonly to: number;
  /** One number that both threads see: `stopped` ends the job at the next piece. */
  readonly stop: SharedArrayBuffer;
};

/** What came of it. */
export type HashAnswer = {
  readonly id: number;
  readonly blocks?: readonly BlockHash[];
  /** Bytes that were read; fewer than asked for where the file ended, or the job was stopped. */
  readonly size?: number;
  /** What the system said instead. */
  readonly failure?: { readonly code: string | undefined; readonly message: string };
};
