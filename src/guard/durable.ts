import { closeSync, constants, fsync, openSync } from "node:fs";
import { promisify } from "node:util";
import type { Bytes } from "./read-only.ts";

/** Makes what an open file or folder holds durable: a power cut loses it no more. */
export type Flush = (fd: number) => Promise<void>;

/** `fsync`; other work goes on meanwhile. */
export const flushToDisk: Flush = promisify(fsync);

/** Flush a file or folder of ours by its path. Names are durable only when their folder is. */
export async function flushAt(path: Bytes | string, flush: Flush = flushToDisk): Promise<void> {
  const fd = openSync(path, constants.O_RDONLY | constants.O_NOFOLLOW);
  try {
    await flush(fd);
  } finally {
    closeSync(fd);
  }
}
