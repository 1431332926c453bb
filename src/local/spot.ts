import type { BigIntStats } from "node:fs";
import { rawText } from "../core/path/raw-path.ts";
import type { LocalStat } from "../core/tree/local-stat.ts";
import { assert } from "../std/assert.ts";
import { systemCode } from "../std/error.ts";
import type { Disk } from "./disk.ts";
import {
  findFolder,
  openFolder,
  type Folder,
  type Ground,
  type Place,
  type Site,
} from "./parents.ts";
import { decodeName, localStat } from "./stat-facts.ts";

/** One place in an open folder, taken or free. */
export class Spot implements Disposable {
  readonly folder: Folder;
  readonly name: string;
  readonly #disk: Disk;

  constructor(disk: Disk, folder: Folder, name: string) {
    this.#disk = disk;
    this.folder = folder;
    this.name = name;
  }

  /** How a call names this place. */
  at(): string {
    return this.folder.at(this.name);
  }

  /** What stands here; undefined where nothing does. */
  look(): BigIntStats | undefined {
    return this.#disk.lstat(this.at());
  }

  stat(): LocalStat | undefined {
    const stats = this.look();
    if (stats === undefined) return undefined;
    const linkTarget = stats.isSymbolicLink() ? readTarget(this.#disk, this.at()) : undefined;
    return localStat({ name: this.name, stats, linkTarget });
  }

  [Symbol.dispose](): void {
    this.folder[Symbol.dispose]();
  }
}

/** Where a link points, as raw text; undefined where the link has just gone. */
export function readTarget(disk: Disk, path: string): string | undefined {
  try {
    const target = disk.readLink(path);
    return decodeName(target) ?? rawText(target);
  } catch (error) {
    const code = systemCode(error);
    if (code === "ENOENT" || code === "EINVAL") return undefined;
    throw error;
  }
}

/** Walk to the folder that holds a place. */
export function openSpot(site: Ground, place: Place): Spot {
  const name = place.at(-1);
  assert(name !== undefined, "the top itself has no place");
  return new Spot(site.disk, openFolder(site, place.slice(0, -1)), name);
}

/** As `openSpot`; undefined where the way there is missing, or leads through something that is no real folder. */
export function findSpot(site: Ground, place: Place): Spot | undefined {
  const folder = findFolder(site, place.slice(0, -1));
  return folder && new Spot(site.disk, folder, place.at(-1) ?? "");
}

/** @throws {SnapError} `conflict` where a folder on the way to a place is a link, a file or another disk (S55). */
export function checkParents(site: Site, place: Place): void {
  try {
    openSpot(site, place)[Symbol.dispose]();
  } catch (error) {
    if (systemCode(error) !== "ENOENT") throw error;
  }
}
