import type { LocalStat, FolderListing } from "../core/tree/local-stat.ts";
import { rawText } from "../core/path/raw-path.ts";
import { compareBytes, type RelPath } from "../core/path/rel-path.ts";
import { isSnapError, type SnapError } from "../std/error.ts";
import { asDiskError } from "./disk-error.ts";
import { openFolder, ownFolder, placeOf, type Place } from "./parents.ts";
import { openSpot, readTarget } from "./spot.ts";
import type { Disk, DiskName } from "./disk.ts";
import type { Site } from "./parents.ts";
import { decodeName, escapeBytes, localStat } from "./stat-facts.ts";
import { systemCode } from "../std/error.ts";
import { turn } from "../std/turn.ts";

/** Stats are taken in runs of this many, and the rest of the program has a turn after each. */
const statsInARow = 256;

/** The entries of one folder as they are on the disk. */
export type RawListing = {
  readonly entries: readonly LocalStat[];
  readonly unsyncable: readonly string[];
  readonly odd: readonly LocalStat[];
};

/** One folder; trouble with it is part of the answer (S29). @throws {SnapError} `workspace-missing` */
export async function listFolder(site: Site, path: RelPath): Promise<FolderListing> {
  try {
    const listing = await site.patience.through(() => readEntries(site, placeOf(path), "by path"));
    const { entries } = listing;
    const seen = path === "" ? entries.filter((entry) => entry.name !== ownFolder) : entries;
    return { ...listing, path, entries: seen, trouble: undefined };
  } catch (error) {
    return { path, entries: [], unsyncable: [], odd: [], trouble: troubleWith(path, error) };
  }
}

function troubleWith(path: RelPath, thrown: unknown): SnapError {
  const error = asDiskError(thrown, path);
  if (!isSnapError(error) || isSnapError(error, "workspace-missing")) throw error;
  return error;
}

/**
 * Names are sorted as bytes, which is the order of their code points (N21).
 *
 * @param way how entries are found: through the open folder, or, for a look that no act relies on, by their paths, with a check
 *   before and after each run that the way still leads to that folder
 */
export async function readEntries(
  site: Site,
  place: Place,
  way: "anchored" | "by path" = "anchored",
): Promise<RawListing> {
  using folder = openFolder(site, place);
  const base = (): string => (way === "anchored" ? folder.itself() : folder.byPath());
  const { names, odd } = sortedNames(site.disk.readNames(folder.itself()));
  const entries: LocalStat[] = [];
  for (let first = 0; first < names.length; first += statsInARow) {
    if (first > 0) await turn();
    const path = base();
    for (const name of names.slice(first, first + statsInARow)) {
      const stat = statEntry(site.disk, path, name);
      if (stat !== undefined) entries.push(stat);
    }
    if (way === "by path") base();
  }
  const oddEntries = odd.map((name) => statEntry(site.disk, folder.itself(), rawText(name)));
  return {
    entries,
    unsyncable: odd.map(escapeBytes),
    odd: oddEntries.filter((entry) => entry !== undefined),
  };
}

/** Names that are texts, and those that are none. */
function sortedNames(found: readonly DiskName[]): {
  readonly names: readonly string[];
  readonly odd: readonly Uint8Array[];
} {
  const names: string[] = [];
  const odd: Uint8Array[] = [];
  for (const one of found) {
    const name = decodeName(one);
    if (name !== undefined) names.push(name);
    else if (typeof one !== "string") odd.push(one);
  }
  names.sort(compareBytes);
  odd.sort((a, b) => Buffer.compare(a, b));
  return { names, odd };
}

/** Undefined where the entry has gone since the names were read. */
function statEntry(disk: Disk, folder: string, name: string): LocalStat | undefined {
  const path = `${folder}/${name}`;
  const stats = disk.lstat(path);
  if (stats === undefined) return undefined;
  const linkTarget = stats.isSymbolicLink() ? readTarget(disk, path) : undefined;
  return localStat({ name, stats, linkTarget });
}

/** What stands at a path; undefined where it, or a folder on the way, is missing. */
export function statPath(site: Site, path: RelPath): LocalStat | undefined {
  if (path === "") {
    using top = openFolder(site, []);
    return localStat({ name: "", stats: top.stats, linkTarget: undefined });
  }
  try {
    using spot = openSpot(site, placeOf(path));
    return spot.stat();
  } catch (error) {
    if (systemCode(error) === "ENOENT") return undefined;
    throw error;
  }
}
