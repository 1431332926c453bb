import { createHash } from "node:crypto";
import { throwIfAborted } from "../std/error.ts";
import { giveBack } from "./give-back.ts";
import { packBytesMax } from "./pack-catalogue.ts";
import { wrongLength } from "./store-error.ts";
import type { StoreFiles } from "./store-files.ts";
import { findInTrash, rangeEvenInTrash } from "./trash.ts";

/** The SHA-256 of a pack as it is on the disk, in hex, and its length. */
export type PackSum = { readonly sha256: string; readonly bytes: number };

/** Bytes that are read at once; the next ones are read while these are hashed. */
const pieceBytes = 1024 * 1024;

/**
 * Hash a pack piece by piece, also one that was thrown away meanwhile (N31); undefined where there is none.
 *
 * @throws {SnapError} `damaged` where it is too long or changes its length; as the disk says
 */
export async function packSum(
  files: StoreFiles,
  name: string,
  signal: AbortSignal | undefined,
): Promise<PackSum | undefined> {
  const bytes = await sizeEvenInTrash(files, name);
  if (bytes === undefined) return undefined;
  if (bytes > packBytesMax) throw wrongLength(`${files.top}/${name}`, "is far too long");
  const digest = createHash("sha256");
  const read = (offset: number): Promise<Buffer> =>
    rangeEvenInTrash(files, name, { offset, length: Math.min(pieceBytes, bytes - offset) });
  let next = read(0);
  for (let at = 0; at < bytes; at += pieceBytes) {
    throwIfAborted(signal);
    const piece = await next;
    if (at + pieceBytes < bytes) {
      next = read(at + pieceBytes);
      next.catch(() => {});
    }
    digest.update(piece);
    giveBack(piece);
  }
  return { sha256: digest.digest("hex"), bytes };
}

async function sizeEvenInTrash(files: StoreFiles, name: string): Promise<number | undefined> {
  const size = await files.size(name);
  if (size !== undefined) return size;
  const kept = await findInTrash(files, name);
  return kept === undefined ? undefined : await files.size(kept);
}
