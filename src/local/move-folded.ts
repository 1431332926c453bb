import { sameName } from "../core/path/path-key.ts";
import type { ActOutcome, MoveAct } from "../core/plan/local-act.ts";
import { placesOf, provenStat, leaveThere, settleOldName, type MovePlaces } from "./move-places.ts";
import { bring, renameIfThere } from "./no-replace.ts";
import { cancelled, done, refuseTaken, statAt } from "./outcome.ts";
import { makeFolders, syncFolder, type Site } from "./parents.ts";
import { findSpot, openSpot } from "./spot.ts";
import { decodeName, sameInode } from "./stat-facts.ts";

/*
 * Renames that change only the case, on a disk that takes both names for one (S68). The old name stands in the way of the new
 * one there, and some disks take a rename between the two for none. So the entry goes by way of the trash, where nothing
 * can be lost, and comes to its new name without overwriting, like everything else.
 */

/** Under which of its two names an entry stands that the disk finds under both; undefined where they are two, or none. */
export function foldedName(site: Site, { from, to }: MovePlaces): "from" | "to" | undefined {
  if (from.slice(0, -1).join("/") !== to.slice(0, -1).join("/")) return undefined;
  using old = findSpot(site, from);
  using now = findSpot(site, to);
  const [seen, seenNow] = [old?.look(), now?.look()];
  if (old === undefined || now === undefined) return undefined;
  if (seen === undefined || seenNow === undefined || !sameInode(seen, seenNow)) return undefined;
  // Two names in the listing are two hard links of one file. A disk may give names in another Unicode form (S16).
  const listed = site.disk
    .readNames(old.folder.itself())
    .map(decodeName)
    .filter((name) => name !== undefined)
    .filter((name) => sameName(name, old.name) || sameName(name, now.name));
  if (listed.length !== 1) return undefined;
  return listed.some((name) => sameName(name, now.name)) ? "to" : "from";
}

/** Rename by way of the trash. What stood under the old name a moment ago was found to be what the act is about. */
export async function moveFolded(site: Site, act: MoveAct): Promise<ActOutcome> {
  const places = placesOf(act);
  await makeFolders(site, places.trash.slice(0, -1), 0o700);
  if (!hasTakenOut(site, places)) return cancelled(statAt(site, places.from));
  let hasArrived = false;
  let left: ActOutcome | undefined;
  try {
    hasArrived = hasBroughtIn(site, places);
  } finally {
    // An error here leaves it in the trash: it goes back before the caller hears of the error.
    if (!hasArrived) left = await leaveThere(site, act);
  }
  return left ?? (await finishFolded(site, act));
}

function hasTakenOut(site: Site, { from, trash }: MovePlaces): boolean {
  using source = openSpot(site, from);
  using away = openSpot(site, trash);
  if (away.look() !== undefined) refuseTaken(trash);
  return renameIfThere(site.disk, source, away);
}

function hasBroughtIn(site: Site, { to, trash }: MovePlaces): boolean {
  using away = openSpot(site, trash);
  using target = findSpot(site, to);
  const brought = target && bring(site.disk, away, target);
  return brought === "linked" || brought === "moved";
}

/** It has its new name; a file may have the one in the trash, too. */
export async function finishFolded(site: Site, act: MoveAct): Promise<ActOutcome> {
  const { to, trash } = placesOf(act);
  await syncFolder(site, to.slice(0, -1));
  const returned = await settleOldName(site, act);
  await syncFolder(site, trash.slice(0, -1));
  return done(await provenStat(site, act), returned);
}
