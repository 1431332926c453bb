import { accessSync, constants, existsSync, statfsSync, statSync } from "node:fs";
import path from "node:path";
import { reserveBytes } from "../../engine/limits.ts";
import { SnapError, systemCode, describeError } from "../../std/error.ts";
import { ok, problem, warning, type Check, type CheckName } from "./check.ts";

/** Where less than this is free it is time to know, bytes. */
const scarceBytes = 8n * reserveBytes;

/** Kinds of disks, as `statfs` numbers them, whose files are gone when the machine stops: tmpfs and ramfs. */
const memoryKinds: readonly number[] = [0x01021994, 0x858458f6];

/** What is known of the disk of a folder. */
export type DiskFacts = {
  readonly freeBytes: bigint;
  /** Files that it still takes; undefined where it does not count them, and says so with zeros. */
  readonly freeFiles: number | undefined;
  readonly isMemory: boolean;
  readonly device: number;
};

/**
 * The disk that a folder lies on; of one that is missing, that of the nearest folder above it.
 *
 * @throws {SnapError} `disk-error`
 */
export function diskOf(folder: string): DiskFacts {
  const there = existsSync(folder) ? folder : path.dirname(folder);
  if (there !== folder) return diskOf(there);
  try {
    const { bavail, bsize, type, files, ffree } = statfsSync(there, { bigint: true });
    return {
      freeBytes: bavail * bsize,
      freeFiles: files === 0n ? undefined : Number(ffree),
      isMemory: memoryKinds.includes(Number(type)),
      device: statSync(there).dev,
    };
  } catch (error) {
    throw unusable(error, there);
  }
}

/**
 * Whether there is room below a folder, and whether this user may write there.
 *
 * @param text what is said where all is well
 * @throws {SnapError} `disk-read-only`, `disk-error`
 */
export function roomCheck(
  name: CheckName,
  { folder, text }: { readonly folder: string; readonly text: string },
  disk: DiskFacts = diskOf(folder),
): Check {
  refuseUnwritable(folder);
  const facts = { freeBytes: Number(disk.freeBytes) };
  if (disk.freeBytes < reserveBytes) {
    const full = new SnapError("disk-full", `There is no room on the disk of "${folder}"`, {
      hint: "Make room: downloads wait until then, and nothing was lost.",
    });
    return problem(name, full, facts);
  }
  if (disk.freeBytes >= scarceBytes) return ok(name, text, facts);
  const scarce = { text: `The disk of "${folder}" is nearly full`, hint: "Make room soon." };
  return warning(name, scarce, facts);
}

function refuseUnwritable(folder: string): void {
  try {
    accessSync(folder, constants.W_OK | constants.X_OK);
  } catch (error) {
    throw unusable(error, folder);
  }
}

function unusable(error: unknown, folder: string): unknown {
  const code = systemCode(error);
  if (code === undefined) return error;
  const isReadOnly = code === "EROFS";
  const message = isReadOnly
    ? `The disk of "${folder}" is read-only`
    : `"${folder}" cannot be used (${describeError(error)})`;
  return new SnapError(isReadOnly ? "disk-read-only" : "disk-error", message, {
    path: folder,
    hint: isReadOnly
      ? "Mount it so that it can be written."
      : "Check that it is there and belongs to you, and that its disk is sound.",
    cause: error,
  });
}
