import { SnapError, systemCode } from "../std/error.ts";
import { isFull } from "./store-error.ts";

/**
 * What ends a copy, as an error of ours; one that is ours already stays. `missing` gives the bytes that a full disk is short of, at
 * least.
 */
export function copyError(top: string, error: unknown, missing: () => number): unknown {
  const code = systemCode(error);
  if (error instanceof SnapError || code === undefined) return error;
  const facts = { path: top, cause: error };
  if (isFull(error)) {
    const message = `The disk of "${top}" is full: at least ${missing()} more bytes are needed`;
    const hint = "Free some space, name a folder on another disk, or restore some paths only.";
    return new SnapError("disk-full", message, { ...facts, hint });
  }
  if (["EROFS", "EACCES", "EPERM"].includes(code)) {
    const hint = "Name a folder that you may write in.";
    return new SnapError("disk-read-only", `Cannot write in "${top}": ${code}`, { ...facts, hint });
  }
  const hint = "Check the disk of that folder, and whether somebody else works in it.";
  return new SnapError("disk-error", `Cannot write in "${top}": ${code}`, { ...facts, hint });
}

/** Something was left in a folder, since it could not be removed or not be given its place. */
export function leftBehind(staging: string, cause: SnapError): SnapError {
  return new SnapError(cause.code, cause.message, {
    path: staging,
    hint: `What was written is in "${staging}" and beside it; what is beside it is whole. Remove it before you run the command again.`,
    cause,
  });
}
