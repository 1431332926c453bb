import { constants, type BigIntStats } from "node:fs";
import type { Area } from "../core/plan/local-act.ts";
import { pathComponents, type RelPath } from "../core/path/rel-path.ts";
import { SnapError, isSnapError, systemCode } from "../std/error.ts";
import type { Clock } from "../std/time.ts";
import type { Rng } from "../std/random.ts";
import type { Disk } from "./disk.ts";
import type { OpenHasher } from "./hash-open.ts";
import type { Patience } from "./patience.ts";

/** A workspace's top and what is needed to work there. */
export type Site = {
  readonly top: string;
  readonly disk: Disk;
  readonly clock: Clock;
  readonly rng: Rng;
  readonly patience: Patience;
  readonly hasher: OpenHasher;
};

/** What is needed to walk there. */
export type Ground = Pick<Site, "top" | "disk">;

/** Names from the top of the workspace down; empty is the top. */
export type Place = readonly string[];

/** The folder of ours at the top of a workspace (S10). */
export const ownFolder = ".snap";

/** The place of a path of the user's. */
export function placeOf(path: RelPath): Place {
  return pathComponents(path);
}

/** The place of a path inside an area. */
export function areaPlace(area: Area, path: RelPath): Place {
  return [ownFolder, area.kind, area.id, ...pathComponents(path)];
}

/** Opens a real folder and nothing else. */
export const folderFlags: number =
  constants.O_RDONLY | constants.O_DIRECTORY | constants.O_NOFOLLOW;

/**
 * An open folder whose way from the top was walked through real folders on one device (X2, S17).
 *
 * Its entries are addressed through the open handle, so a parent that is swapped for a link afterwards leads nowhere.
 * Where the system cannot do that, the path is compared with the handle right before each use.
 */
export class Folder implements Disposable {
  readonly place: Place;
  readonly stats: BigIntStats;
  readonly #disk: Disk;
  readonly #fd: number;
  readonly #path: string;
  readonly #base: string;

  constructor(disk: Disk, opened: { path: string; place: Place; fd: number }) {
    this.#disk = disk;
    this.#fd = opened.fd;
    this.#path = opened.path;
    this.place = opened.place;
    this.stats = disk.fstat(opened.fd);
    this.#base = disk.canAnchor() ? `/proc/self/fd/${opened.fd}` : "";
  }

  /** How a call names an entry of this folder. */
  at(name: string): string {
    return `${this.itself()}/${name}`;
  }

  /** How a call names this folder. */
  itself(): string {
    return this.#base === "" ? this.byPath() : this.#base;
  }

  /**
   * Its path, which leads here now: only to look at what is in it, and to be asked again after each look. The system finds
   * entries faster so than through the handle.
   *
   * @throws {SnapError} `conflict` where the path leads elsewhere
   */
  byPath(): string {
    const now = this.#disk.lstat(this.#path);
    if (now?.ino !== this.stats.ino || now.dev !== this.stats.dev) throw notAFolder(this.place);
    return this.#path;
  }

  /** @throws {SnapError} `conflict` unless the entry is a real folder on the same device. */
  child(name: string): Folder {
    const place = [...this.place, name];
    const fd = openOrExplain(() => this.#disk.open(this.at(name), folderFlags), place);
    return closingOnError(this.#disk, fd, () => {
      const child = new Folder(this.#disk, { path: `${this.#path}/${name}`, place, fd });
      if (child.stats.dev !== this.stats.dev) throw otherDisk(place);
      return child;
    });
  }

  sync(): Promise<void> {
    return this.#disk.sync(this.#fd);
  }

  [Symbol.dispose](): void {
    this.#disk.close(this.#fd);
  }
}

/** Run `use`; close the handle if it throws. */
function closingOnError<T>(disk: Disk, fd: number, use: () => T): T {
  try {
    return use();
  } catch (error) {
    disk.close(fd);
    throw error;
  }
}

function openOrExplain(open: () => number, place: Place): number {
  try {
    return open();
  } catch (error) {
    const code = systemCode(error);
    if (code === "ENOTDIR" || code === "ELOOP") throw notAFolder(place, error);
    throw error;
  }
}

function notAFolder(place: Place, cause?: unknown): SnapError {
  const path = place.join("/");
  return new SnapError("conflict", `"${path}" is no real folder`, {
    path,
    hint: "Links are never followed. Put a real folder there.",
    cause,
  });
}

function otherDisk(place: Place): SnapError {
  const path = place.join("/");
  return new SnapError("conflict", `"${path}" is on another disk than the folder that holds it`, {
    path,
    hint: "Other disks inside a workspace are left alone. Link that disk as a workspace of its own.",
  });
}

/** @throws {SnapError} `workspace-missing` unless the top is a real folder (S22). */
export function openTop(site: Ground): Folder {
  try {
    const fd = site.disk.open(site.top, folderFlags);
    return closingOnError(
      site.disk,
      fd,
      () => new Folder(site.disk, { path: site.top, place: [], fd }),
    );
  } catch (error) {
    if (!["ENOENT", "ENOTDIR", "ELOOP"].includes(systemCode(error) ?? "")) throw error;
    throw new SnapError("workspace-missing", `The workspace "${site.top}" is not there`, {
      path: site.top,
      hint: "Mount the disk or put the folder back, then run the same command again.",
      cause: error,
    });
  }
}

/** Walk to a folder. What is missing fails as the disk says it. */
export function openFolder(site: Ground, place: Place): Folder {
  let folder = openTop(site);
  for (const name of place) {
    using parent = folder;
    folder = parent.child(name);
  }
  return folder;
}

/** Walk to a folder and make what is missing of it with `mode`; durable on return. */
export async function makeFolders(site: Ground, place: Place, mode: number): Promise<void> {
  await syncFolders(site, makeFoldersOnly(site, place, mode));
}

/** As `makeFolders`, without writing out. @returns the folders to be handed to `syncFolders`. */
export function makeFoldersOnly(site: Ground, place: Place, mode: number): readonly Place[] {
  const changed: Place[] = [];
  let folder = openTop(site);
  for (const name of place) {
    using parent = folder;
    if (makeChild(site.disk, parent.at(name), mode)) changed.push(parent.place);
    folder = parent.child(name);
  }
  folder[Symbol.dispose]();
  return changed;
}

/** From the deepest up: the first `fsync` of a journaled disk does most of the work for all. */
export async function syncFolders(site: Ground, places: readonly Place[]): Promise<void> {
  for (const place of places.toReversed()) await syncFolder(site, place);
}

function makeChild(disk: Disk, path: string, mode: number): boolean {
  if (disk.lstat(path) !== undefined) return false;
  try {
    disk.mkdir(path, mode);
    return true;
  } catch (error) {
    // Somebody made it in between: the walk decides whether it is a folder.
    if (systemCode(error) === "EEXIST") return false;
    throw error;
  }
}

/** Write the entries of a folder out to the disk (S73). One that is gone has nothing to write. */
export async function syncFolder(site: Ground, place: Place): Promise<void> {
  using folder = findFolder(site, place);
  await folder?.sync();
}

/** As `openFolder`; undefined where the folder is missing or no real folder. */
export function findFolder(site: Ground, place: Place): Folder | undefined {
  try {
    return openFolder(site, place);
  } catch (error) {
    if (systemCode(error) === "ENOENT" || isSnapError(error, "conflict")) return undefined;
    throw error;
  }
}
