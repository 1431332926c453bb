import { existsSync, readFileSync, rmSync, statSync } from "node:fs";
import { dirname } from "node:path";
import { isSnapError } from "../std/error.ts";
import { fromSystem } from "./errors.ts";
import { syncFolder, writePrivateFile } from "./private-file.ts";

/**
 * Note durably, beside an index, that it is damaged: the next start puts it aside, even where SQLite finds it sound (S77).
 *
 * The note names the very file, so that it says nothing of one that took its place meanwhile. Where the disk takes no note
 * there is none: the damage itself is what is told, and it is met again.
 */
export function noteDamagedIndex(path: string): void {
  try {
    const named = nameOf(path);
    if (named !== undefined) writePrivateFile(noteOf(path), named);
  } catch (error) {
    if (!isSnapError(error)) throw error;
  }
}

/** Whether damage was noted of this very file. */
export function isNotedDamaged(path: string): boolean {
  const note = noteOf(path);
  try {
    return existsSync(note) && readFileSync(note, "utf8") === nameOf(path);
  } catch (error) {
    throw fromSystem(error, note);
  }
}

/** Called when the file is at its place no more. */
export function forgetDamageNote(path: string): void {
  const note = noteOf(path);
  if (!existsSync(note)) return;
  try {
    rmSync(note);
    syncFolder(dirname(note));
  } catch (error) {
    throw fromSystem(error, note);
  }
}

function noteOf(path: string): string {
  return `${path}.wrong`;
}

/** Device and inode: SQLite never replaces the file. */
function nameOf(path: string): string | undefined {
  const stat = statSync(path, { bigint: true, throwIfNoEntry: false });
  return stat && `${stat.dev} ${stat.ino}`;
}
