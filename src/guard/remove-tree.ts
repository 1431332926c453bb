import { rm, unlink } from "node:fs/promises";
import { inside, isOutOfReach, readFolder, type Bytes } from "./read-only.ts";

/** Files that are removed at once. */
const filesAtOnce = 64;

/**
 * Remove a folder of ours with all in it, a few files at a time: `rm` of Node asks for all files below a folder at once, and takes
 * more than a kilobyte of memory for each (N6).
 */
export async function removeTree(folder: string): Promise<void> {
  await removeFiles(Buffer.from(folder));
  await rm(folder, { recursive: true, force: true });
}

/** Leaves the folders, and what it cannot remove: `rm` says why. */
async function removeFiles(folder: Bytes): Promise<void> {
  const entries = entriesOf(folder);
  const files = entries.filter(({ kind }) => kind !== "folder");
  for (let at = 0; at < files.length; at += filesAtOnce) {
    const some = files.slice(at, at + filesAtOnce);
    await Promise.allSettled(some.map(({ bytes }) => unlink(inside(folder, bytes))));
  }
  for (const { bytes, kind } of entries) {
    if (kind === "folder") await removeFiles(inside(folder, bytes));
  }
}

function entriesOf(folder: Bytes): ReturnType<typeof readFolder> {
  try {
    return readFolder(folder);
  } catch (error) {
    if (isOutOfReach(error)) return [];
    throw error;
  }
}
