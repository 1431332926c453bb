import { closeSync, constants, fsync, openSync, readdirSync } from "node:fs";
import { promisify } from "node:util";
import { throwIfAborted } from "../std/error.ts";
import { forEachLimited } from "../std/limiter.ts";
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

const slash = Buffer.from("/");

/** Files that are flushed at once. */
const filesParallel = 8;

/** Flush all that is in a folder of ours and the folder itself; links are not followed. @throws {SnapError} `interrupted` */
export async function flushTree(
  folder: Bytes | string,
  signal: AbortSignal | undefined,
  flush: Flush = flushToDisk,
): Promise<void> {
  throwIfAborted(signal);
  const entries = readdirSync(folder, { withFileTypes: true, encoding: "buffer" });
  const at = (name: Buffer): Buffer => Buffer.concat([Buffer.from(folder), slash, name]);
  const files = entries.filter((entry) => entry.isFile());
  await forEachLimited(files, { parallel: filesParallel, signal }, ({ name }) =>
    flushAt(at(name), flush),
  );
  for (const { name } of entries.filter((entry) => entry.isDirectory())) {
    await flushTree(at(name), signal, flush);
  }
  await flushAt(folder, flush);
}
