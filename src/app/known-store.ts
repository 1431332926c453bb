import { existsSync, readFileSync, rmSync } from "node:fs";
import path from "node:path";
import { writePrivateFile } from "../state/private-file.ts";
import { isSnapError, SnapError, systemCode } from "../std/error.ts";
import type { Environment } from "./environment.ts";

type Home = Pick<Environment, "locations" | "settings">;

/**
 * A store that the settings name, and that was there before, is not made anew where it is missing: its disk may not be mounted, and new
 * snapshots would lie below the place where it is mounted next (N9). One that is there is noted.
 *
 * @throws {SnapError} `disk-error`
 */
export function refuseMissingStore({ locations, settings }: Home, folder: string): void {
  if (settings.read().settings["store.path"] === undefined) return;
  const note = noteIn(locations);
  const isKnown = knownStore(note) === folder;
  const isThere = existsSync(path.join(folder, "STORE.json"));
  if (isThere && !isKnown) keep(note, folder);
  if (isThere || !isKnown) return;
  throw new SnapError("disk-error", `The snapshot store "${folder}" is not there`, {
    path: folder,
    hint: `Mount its disk, or put it back. To begin a new store there: snap config set store.path "${folder}"`,
  });
}

/** Whatever store was there before: the user has named a place for one, and a missing one may be made there. */
export function forgetKnownStore({ locations }: Pick<Environment, "locations">): void {
  rmSync(noteIn(locations), { force: true });
}

function noteIn({ home }: Environment["locations"]): string {
  return path.join(home, "known-store");
}

/** Undefined where nothing is noted, or nothing that can be read. */
function knownStore(note: string): string | undefined {
  try {
    return readFileSync(note, "utf8");
  } catch (error) {
    if (systemCode(error) === undefined) throw error;
    return undefined;
  }
}

/** On a full disk snapshots can be read all the same. */
function keep(note: string, folder: string): void {
  try {
    writePrivateFile(note, folder);
  } catch (error) {
    if (!isSnapError(error)) throw error;
  }
}
