import type { DiskPath } from "../core/snapshot/disk-path.ts";
import { blockHashOf } from "../core/tree/content-hash.ts";
import { describeError, isSnapError, systemCode } from "../std/error.ts";
import type { CopyDisk, CopyStamp } from "./copy-disk.ts";
import { decodeFrameNow } from "./decode-frame.ts";
import { giveBack } from "./give-back.ts";

/** Where a block goes: it is a whole new file, or a piece of an open one. */
export type PutTarget =
  | { readonly path: DiskPath; readonly stamp: CopyStamp }
  | { readonly fd: number; readonly position: number };

/** A block of a raw frame, its hash, and where it goes; none where it is only to be checked. */
export type Put = {
  readonly offset: number;
  readonly length: number;
  readonly hash: string;
  readonly to?: PutTarget;
};

/** A frame within the bytes of a job. */
export type FrameWork = {
  readonly at: number;
  readonly length: number;
  readonly rawLength: number;
  readonly puts: readonly Put[];
};

/** A run of compressed frames, and what is done with the blocks in them. Can be sent to a thread. */
export type CopyJob = { readonly bytes: Uint8Array; readonly frames: readonly FrameWork[] };

/** A block could not be decoded, has another hash, or cannot be written; `owner`: it was written, but stays with whoever wrote it. */
type PutTrouble =
  | { readonly what: "frame" | "hash" | "owner" }
  | { readonly what: "system"; readonly code: string; readonly message: string };

/** What became of a block: the numbers of its frame and of the put in it. */
export type PutFailure = { readonly frame: number; readonly put: number } & PutTrouble;

/** Decode each frame once, check each block, and put it in its place. What fails leaves nothing behind. The bytes are used up. */
export function runCopyJob({ bytes, frames }: CopyJob, disk: CopyDisk): readonly PutFailure[] {
  const failures: PutFailure[] = [];
  for (const [frame, { at, length, rawLength, puts }] of frames.entries()) {
    const raw = decodeOrNothing(bytes.subarray(at, at + length), rawLength);
    for (const [put, one] of puts.entries()) {
      const trouble = troubleOf(one, raw, disk);
      if (trouble !== undefined) failures.push({ frame, put, ...trouble });
    }
    if (raw !== undefined) giveBack(raw);
  }
  giveBack(bytes);
  return failures;
}

function decodeOrNothing(frame: Uint8Array, rawLength: number): Buffer | undefined {
  try {
    return decodeFrameNow(frame, rawLength);
  } catch (error) {
    if (!isSnapError(error, "damaged")) throw error;
    return undefined;
  }
}

function troubleOf(
  { offset, length, hash, to }: Put,
  raw: Buffer | undefined,
  disk: CopyDisk,
): PutTrouble | undefined {
  if (raw === undefined) return { what: "frame" };
  const content = raw.subarray(offset, offset + length);
  if (blockHashOf(content) !== hash) return { what: "hash" };
  if (to === undefined) return undefined;
  try {
    return putBlock(disk, to, content) ? undefined : { what: "owner" };
  } catch (error) {
    const code = systemCode(error);
    if (code === undefined) throw error;
    return { what: "system", code, message: describeError(error) };
  }
}

/** Put bytes that were checked where they belong; whether a whole file has its owner. @throws errors of the system */
export function putBlock(disk: CopyDisk, to: PutTarget, content: Uint8Array): boolean {
  if ("fd" in to) {
    disk.write(to.fd, content, to.position);
    return true;
  }
  const fd = disk.create(to.path, to.stamp.mode);
  let isOpen = true;
  try {
    if (content.length > 0) disk.write(fd, content, 0);
    isOpen = false;
    return disk.finish(fd, to.stamp);
  } catch (error) {
    if (isOpen) disk.close(fd);
    disk.unlink(to.path);
    throw error;
  }
}
