import { link, open, readFile, rm } from "node:fs/promises";
import type { FileHandle } from "node:fs/promises";
import { constants } from "node:fs";
import { dirname, resolve } from "node:path";
import { SnapError, describeError, systemCode } from "../../std/error.ts";
import { randomHex } from "../../std/random.ts";
import type { Rng } from "../../std/random.ts";
import { makePrivateFolder } from "../store/private-place.ts";

/** A file to be made once. */
export type NewFile = {
  readonly path: string;
  readonly text: string;
  readonly mode: number;
  /** For the name that the file has until it is whole. */
  readonly rng: Rng;
};

/**
 * Make a file where nothing is, whole or not at all; durable on return. Of several processes that try, one succeeds.
 *
 * @returns whether it was this call that made it.
 * @throws {SnapError} `disk-full`, `disk-error`.
 */
export async function makeOnce({ path, text, mode, rng }: NewFile): Promise<boolean> {
  const temporary = `${path}.tmp-${randomHex(rng, 8)}`;
  try {
    await makePrivateFolder(dirname(resolve(path)));
    await writeDurably(temporary, { text, mode });
    return await linkOnce(temporary, path);
  } catch (error) {
    throw diskFailure(error, path);
  } finally {
    await rm(temporary, { force: true });
  }
}

/** A rename would replace what another process has just made; a second name does not. */
async function linkOnce(from: string, to: string): Promise<boolean> {
  try {
    await link(from, to);
  } catch (error) {
    if (systemCode(error) === "EEXIST") return false;
    throw error;
  }
  await using folder = await open(dirname(to), constants.O_RDONLY | constants.O_DIRECTORY);
  await folder.sync();
  return true;
}

type Written = Pick<NewFile, "text" | "mode">;

async function writeDurably(path: string, { text, mode }: Written): Promise<void> {
  const { O_CREAT, O_EXCL, O_WRONLY, O_NOFOLLOW } = constants;
  await using file: FileHandle = await open(path, O_CREAT | O_EXCL | O_WRONLY | O_NOFOLLOW, mode);
  await file.writeFile(text);
  await file.sync();
}

/**
 * A file's text; undefined when there is none.
 *
 * @throws {SnapError} `disk-error` when it cannot be read.
 */
export async function readIfThere(path: string): Promise<string | undefined> {
  try {
    return await readFile(path, "utf8");
  } catch (error) {
    if (systemCode(error) === "ENOENT") return undefined;
    throw diskFailure(error, path);
  }
}

/** What a call on a file of the server's threw, as ours; anything else stays as it is. */
export function diskFailure(error: unknown, path: string): unknown {
  const code = systemCode(error);
  if (code === undefined || error instanceof SnapError) return error;
  const isFull = code === "ENOSPC" || code === "EDQUOT";
  const message = isFull ? "No room for the file" : "The file cannot be read or written";
  return new SnapError(
    isFull ? "disk-full" : "disk-error",
    `${message}: "${path}" (${describeError(error)})`,
    {
      path,
      cause: error,
      hint: isFull
        ? "Make room on the disk, then try again."
        : "Check that it and its folder belong to you, and that the disk takes links.",
    },
  );
}
