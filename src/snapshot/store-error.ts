import { SnapError, isSnapError, systemCode } from "../std/error.ts";

/** What the disk said, as an error of ours; one that is ours already stays. */
export function storeError(error: unknown, message: string): unknown {
  if (error instanceof SnapError) return error;
  const code = systemCode(error);
  if (code === undefined) return error;
  if (isFull(error))
    return new SnapError("disk-full", `${message}: the disk is full`, fullFacts(error));
  if (["EROFS", "EACCES", "EPERM"].includes(code)) {
    return new SnapError("disk-read-only", `${message}: ${code}`, {
      hint: "Make the folder of the snapshot store writable, or name another one in the setting store.path.",
      cause: error,
    });
  }
  return new SnapError("disk-error", `${message}: ${code}`, {
    hint: "Check the disk that holds the snapshot store.",
    cause: error,
  });
}

/** No room left, for all or for this user. */
export function isFull(error: unknown): boolean {
  return ["ENOSPC", "EDQUOT"].includes(systemCode(error) ?? "");
}

/** The disk of the store is full: names the bytes that are missing at least (N29). */
export function diskFull(top: string, facts: { missing: number; cause: unknown }): SnapError {
  const message = `The disk of the snapshot store "${top}" is full: at least ${facts.missing} more bytes are needed`;
  return new SnapError("disk-full", message, fullFacts(facts.cause));
}

function fullFacts(cause: unknown): { hint: string; cause: unknown } {
  return {
    hint: "Free some space and run the command again: what is stored already is kept.",
    cause,
  };
}

/** A file that an index, root or list promises is not there. */
export function missingFile(path: string): SnapError {
  return new SnapError("not-found", `"${path}" of the snapshot store is missing`, {
    hint: "Run `snap verify` to see which snapshots need it.",
    path,
  });
}

/** A file of the store has not the length that it must have. */
export function wrongLength(path: string, problem: string): SnapError {
  return new SnapError("damaged", `"${path}" of the snapshot store ${problem}`, {
    hint: "Run `snap verify` to see which snapshots are hit.",
    path,
  });
}

/** Whether a file of the store cannot be read: it is not what it must be, or the disk does not give its bytes. */
export function isUnreadable(error: unknown): error is SnapError {
  return isSnapError(error, "damaged", "disk-error", "disk-read-only");
}

/** For `catch`: what is not there is undefined, everything else is thrown on. */
export function undefinedIfMissing(error: unknown): undefined {
  if (systemCode(error) !== "ENOENT") throw error;
  return undefined;
}
