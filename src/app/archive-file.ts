import { constants } from "node:fs";
import { link, open, rename, unlink } from "node:fs/promises";
import path from "node:path";
import { besideName, sweepBeside } from "./archive-beside.ts";
import { lookAt } from "./file-look.ts";
import { SnapError, systemCode } from "../std/error.ts";
import type { Rng } from "../std/random.ts";

/** A new file, and whether one that is there may be replaced. */
export type NewFile = { readonly file: string; readonly force: boolean; readonly rng: Rng };

/** @throws {SnapError} `refused` where something is there and may not be replaced; `path-missing` without its folder */
export async function refuseTaken({ file, force }: Omit<NewFile, "rng">): Promise<void> {
  const [there, folder] = [await lookAt(file), await lookAt(path.dirname(file))];
  if (folder?.isDirectory() !== true) {
    throw new SnapError("path-missing", `There is no folder "${path.dirname(file)}"`, {
      path: file,
      hint: "Make it first.",
    });
  }
  if (there === undefined || (force && there.isFile())) return;
  throw new SnapError("refused", `"${file}" is there already`, {
    path: file,
    hint: there.isFile()
      ? "Name another file, or give --force to replace it."
      : "Name another file: this is none.",
  });
}

/**
 * Write a file beside its place and give it the name when it is whole and durable: whatever happens before, nothing stands under the
 * name. One that came there meanwhile is not replaced unless that was asked for.
 *
 * @throws {SnapError} `refused`, `disk-full`, `disk-read-only`, `disk-error`; what `bytes` throws
 */
export async function writeBeside(
  { file, force, rng }: NewFile,
  bytes: AsyncIterable<Uint8Array>,
): Promise<void> {
  await sweepBeside(path.dirname(file));
  const beside = path.join(path.dirname(file), await besideName(rng));
  try {
    await writeWhole(beside, bytes);
    if (force) await rename(beside, file);
    else await nameNew(beside, file);
    await flushFolder(path.dirname(file));
  } catch (error) {
    // It may be gone already; the failure that led here is the one to tell.
    await unlink(beside).catch(() => {});
    throw fromDisk(error, file);
  }
}

async function writeWhole(file: string, bytes: AsyncIterable<Uint8Array>): Promise<void> {
  const { O_CREAT, O_EXCL, O_WRONLY, O_NOFOLLOW } = constants;
  await using handle = await open(file, O_CREAT | O_EXCL | O_WRONLY | O_NOFOLLOW, 0o600);
  for await (const piece of bytes) await handle.writeFile(piece);
  await handle.sync();
}

/** A second name never replaces anything; disks without second names are looked at once more before. */
async function nameNew(beside: string, file: string): Promise<void> {
  try {
    await link(beside, file);
  } catch (error) {
    if (!["EPERM", "ENOTSUP", "EOPNOTSUPP", "ENOSYS"].includes(systemCode(error) ?? ""))
      throw error;
    await refuseTaken({ file, force: false });
    await rename(beside, file);
    return;
  }
  await unlink(beside);
}

async function flushFolder(folder: string): Promise<void> {
  await using handle = await open(folder, constants.O_RDONLY | constants.O_DIRECTORY);
  await handle.sync();
}

function fromDisk(error: unknown, file: string): unknown {
  const code = systemCode(error);
  if (error instanceof SnapError || code === undefined) return error;
  const facts = { path: file, cause: error };
  if (code === "EEXIST") return new SnapError("refused", `"${file}" is there already`, facts);
  if (code === "ENOSPC" || code === "EDQUOT") {
    return new SnapError("disk-full", `The disk of "${file}" is full`, {
      ...facts,
      hint: "Nothing is left under that name. Free some space, or name a file on another disk.",
    });
  }
  if (["EROFS", "EACCES", "EPERM"].includes(code)) {
    return new SnapError("disk-read-only", `"${file}" cannot be written: ${code}`, facts);
  }
  return new SnapError("disk-error", `"${file}" cannot be written: ${code}`, facts);
}
