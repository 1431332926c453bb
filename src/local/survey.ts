import { joinPath, topPath, type RelPath } from "../core/path/rel-path.ts";
import type { LocalExpectation } from "../core/plan/local-act.ts";
import { isSnapError, systemCode } from "../std/error.ts";
import { isAsSeen } from "./expectation.ts";
import { placeOf, type Place, type Site } from "./parents.ts";
import { findSpot } from "./spot.ts";
import { readEntries, type RawListing } from "./scan.ts";

/** What may go with a folder, by path below it. */
export type Known = ReadonlyMap<RelPath, LocalExpectation>;

/** How a tree on the disk compares with what is known of it. */
export type Survey = {
  /** Topmost entries that nobody said may go. */
  readonly unknown: readonly RelPath[];
  /** Known entries that are not as they were. */
  readonly changed: readonly RelPath[];
  /** Some folder could not be read, or holds a name that is no text: nothing is proven about it. */
  readonly murky: boolean;
};

/** Compare everything below a place. The inside of an unknown or changed folder is left out: it counts as one. */
export async function surveyTree(site: Site, top: Place, known: Known): Promise<Survey> {
  const unknown: RelPath[] = [];
  const changed: RelPath[] = [];
  const waiting: RelPath[] = [topPath];
  for (let folder = waiting.pop(); folder !== undefined; folder = waiting.pop()) {
    const listing = await readIfPossible(site, [...top, ...placeOf(folder)]);
    if (listing === undefined || listing.unsyncable.length > 0) {
      return { unknown, changed, murky: true };
    }
    for (const entry of listing.entries) {
      const path = joinPath(folder, entry.name);
      const verdict = await judge(site, [...top, ...placeOf(path)], known.get(path));
      if (verdict === "unknown") unknown.push(path);
      else if (verdict === "changed") changed.push(path);
      else if (entry.kind === "folder") waiting.push(path);
    }
  }
  return { unknown, changed, murky: false };
}

async function judge(
  site: Site,
  place: Place,
  expected: LocalExpectation | undefined,
): Promise<"unknown" | "changed" | "same"> {
  if (expected === undefined) return "unknown";
  using spot = findSpot(site, place);
  // Taking a folder away leaves the stamps in it alone, so they count afterwards, too.
  const same = spot !== undefined && (await isAsSeen(site, spot, expected));
  return same ? "same" : "changed";
}

async function readIfPossible(site: Site, place: Place): Promise<RawListing | undefined> {
  try {
    return await readEntries(site, place);
  } catch (error) {
    const expected = ["ENOENT", "EACCES", "EPERM"].includes(systemCode(error) ?? "");
    if (expected || isSnapError(error, "conflict")) return undefined;
    throw error;
  }
}
