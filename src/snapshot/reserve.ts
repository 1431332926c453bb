import { describeError } from "../std/error.ts";
import type { Logger } from "../std/log.ts";
import type { StoreFiles } from "./store-files.ts";

/** Spare room that the store gives up first when the disk is full (N29). */
export const reserveBytes: number = 64 * 1024 * 1024;

/** A disk with less room than this is not taken more of. */
const freeBytesMin = 1024 * 1024 * 1024;

const reserveName = "reserve";
const chunkBytes = 4 * 1024 * 1024;

/** What the spare room is set aside with. */
export type ReserveParts = { readonly files: StoreFiles; readonly logger: Logger };

/**
 * Set the spare room aside where there is none and the disk has plenty. Its bytes are written, so the disk really gives them. Never
 * rejects: a snapshot without it is still one, and the next capture tries again.
 */
export async function keepReserve(
  { files, logger }: ReserveParts,
  sizeBytes: number,
): Promise<void> {
  try {
    if (sizeBytes === 0 || (await files.size(reserveName)) !== undefined) return;
    if ((await files.freeBytes()) >= freeBytesMin) await writeReserve(files, sizeBytes);
  } catch (error) {
    logger.error("cannot set room aside for a full disk", { reason: describeError(error) });
  }
}

async function writeReserve(files: StoreFiles, sizeBytes: number): Promise<void> {
  const writer = await files.write();
  try {
    const zeros = new Uint8Array(chunkBytes);
    for (let at = 0; at < sizeBytes; at += chunkBytes) {
      await writer.append(zeros.subarray(0, Math.min(chunkBytes, sizeBytes - at)));
    }
    await writer.commit(reserveName);
  } finally {
    await writer.discard();
  }
}

/** Give the spare room back to a full disk, so that what frees more can run. */
export async function freeReserve(files: StoreFiles): Promise<void> {
  await files.remove(reserveName);
}
