import { constants } from "node:fs";
import type { StageExpectation } from "../core/plan/local-act.ts";
import { ContentHasher } from "../core/tree/content-hash.ts";
import { isSnapError, systemCode, throwIfAborted } from "../std/error.ts";
import type { Work } from "../std/events.ts";
import type { Disk } from "./disk.ts";
import { dress, type Dress } from "./dress.ts";
import type { Site } from "./parents.ts";
import type { Spot } from "./spot.ts";
import { writeChecked } from "./write-checked.ts";

/** Written at the end, wherever that is. */
const onwardFlags =
  constants.O_RDWR | constants.O_APPEND | constants.O_NOFOLLOW | constants.O_NONBLOCK;

const createFlags = onwardFlags | constants.O_CREAT | constants.O_EXCL;

const readBytes = 1024 * 1024;

type OnwardRequest = Dress & {
  readonly content: {
    readonly bytesFrom: (offset: number) => AsyncIterable<Uint8Array>;
    readonly expect: StageExpectation;
  };
  readonly work: Work;
};

/**
 * Write what is missing of a file behind what is there of it (S66). All of it is hashed, so that it does not matter who wrote what is
 * there, or what a power cut left of it: wrong bytes discard the whole.
 */
export async function stageOnward(site: Site, spot: Spot, request: OnwardRequest): Promise<void> {
  const { disk } = site;
  const { bytesFrom, expect } = request.content;
  const fd = openBegun(disk, spot, expect.size);
  try {
    const size = Number(disk.fstat(fd).size);
    const hasher = await hasherOf(disk, { fd, size }, request.work);
    const bytes = size < expect.size ? bytesFrom(size) : [];
    await writeChecked(site, fd, { bytes, expect, begun: { hasher, size }, ...request.work });
    await dress(disk, fd, request);
  } catch (error) {
    if (isOfNoUse(error)) disk.unlink(spot.at());
    throw error;
  } finally {
    disk.close(fd);
  }
}

/** Wrong bytes; and what is kept on a full disk keeps it full. */
function isOfNoUse(error: unknown): boolean {
  const code = systemCode(error) ?? "";
  return isSnapError(error, "content-wrong") || ["ENOSPC", "EDQUOT"].includes(code);
}

/** What stands there is gone on with only where it is a plain file with no other name: whatever else it is, is not of ours. */
function openBegun(disk: Disk, spot: Spot, sizeMax: number): number {
  const seen = spot.look();
  if (seen?.isFile() === true && seen.nlink === 1n && seen.size <= BigInt(sizeMax)) {
    try {
      return disk.open(spot.at(), onwardFlags);
    } catch (error) {
      // It got its mode already, and may not be written to by that.
      if (systemCode(error) !== "EACCES") throw error;
    }
  }
  if (seen !== undefined) disk.unlink(spot.at());
  return disk.open(spot.at(), createFlags, 0o600);
}

async function hasherOf(
  disk: Disk,
  { fd, size }: { readonly fd: number; readonly size: number },
  { signal }: Work,
): Promise<ContentHasher> {
  const hasher = new ContentHasher();
  const buffer = Buffer.allocUnsafe(Math.min(size, readBytes));
  for (let at = 0; at < size;) {
    throwIfAborted(signal);
    const length = await disk.read(fd, buffer.subarray(0, Math.min(readBytes, size - at)), at);
    if (length === 0) break;
    hasher.update(buffer.subarray(0, length));
    at += length;
  }
  return hasher;
}
