import { isSnapError, type SnapError } from "../std/error.ts";

/** Whether an error is about one item alone: the others go on. */
export function isOfItem(error: unknown): error is SnapError {
  return isSnapError(error) && error.class === "item";
}

/**
 * Whether an error of the disk is about the one file or folder that was looked at: the observation of the others goes on
 * (P9). A sector that cannot be read is one file's trouble, too.
 */
export function isTroubleWithOne(error: unknown): error is SnapError {
  return isOfItem(error) || isSnapError(error, "disk-error");
}
