import type { BigIntStats } from "node:fs";
import type { RelPath } from "../core/path/rel-path.ts";
import type { ActOutcome, MoveAct } from "../core/plan/local-act.ts";
import type { LocalStat } from "../core/tree/local-stat.ts";
import { isAsExpected, isAsSeen } from "./expectation.ts";
import { bring, isPlaceholder, renameIfThere } from "./no-replace.ts";
import { cancelled, done, refuseTaken, statAt } from "./outcome.ts";
import { areaPlace, makeFolders, placeOf, syncFolder } from "./parents.ts";
import { findSpot, openSpot } from "./spot.ts";
import type { Place, Site } from "./parents.ts";
import { dropFirstName, putBack } from "./put-back.ts";
import { sameInode, unproven } from "./stat-facts.ts";

type Places = { readonly from: Place; readonly to: Place; readonly trash: Place };

function placesOf(act: MoveAct): Places {
  return {
    from: placeOf(act.from),
    to: placeOf(act.to),
    trash: areaPlace(act.displaceTo, act.from),
  };
}

/** Move inside the workspace without ever overwriting (S68, S72). */
export async function move(site: Site, act: MoveAct): Promise<ActOutcome> {
  const places = placesOf(act);
  if (act.before.kind !== "folder") await makeFolders(site, places.trash.slice(0, -1), 0o700);
  if (!(await isMovable(site, act))) return cancelled(statAt(site, places.from));
  if (!hasBrought(site, places)) return cancelled(statAt(site, places.from));
  return act.before.kind === "folder" ? await finishFolder(site, act) : await finishFile(site, act);
}

async function isMovable(site: Site, act: MoveAct): Promise<boolean> {
  using from = findSpot(site, placeOf(act.from));
  using to = findSpot(site, placeOf(act.to));
  if (from === undefined || to === undefined || to.look() !== undefined) return false;
  return await isAsSeen(site, from, act.before);
}

/** Whether the entry has its new name now. */
function hasBrought(site: Site, places: Places): boolean {
  using from = openSpot(site, places.from);
  using to = openSpot(site, places.to);
  const brought = bring(site.disk, from, to);
  return brought === "linked" || brought === "moved";
}

async function finishFolder(site: Site, act: MoveAct): Promise<ActOutcome> {
  const places = placesOf(act);
  await syncFolder(site, places.to.slice(0, -1));
  using from = findSpot(site, places.from);
  await from?.folder.sync();
  return done(await provenStat(site, act));
}

/**
 * A file has both names now. Its old name is displaced instead of unlinked, since a program may have saved another
 * file there since the last look.
 */
async function finishFile(site: Site, act: MoveAct): Promise<ActOutcome> {
  const places = placesOf(act);
  await syncFolder(site, places.to.slice(0, -1));
  displaceOldName(site, places);
  const returned = await settleOldName(site, act);
  {
    using from = findSpot(site, places.from);
    await from?.folder.sync();
  }
  return done(await provenStat(site, act), returned);
}

/** Takes the old name away where it still is the file that has the new one. */
function displaceOldName(site: Site, places: Places): void {
  using from = findSpot(site, places.from);
  using to = findSpot(site, places.to);
  using trash = openSpot(site, places.trash);
  const [old, now] = [from?.look(), to?.look()];
  if (from === undefined || old === undefined || now === undefined || !sameInode(old, now)) return;
  if (trash.look() !== undefined) refuseTaken(places.trash);
  renameIfThere(site.disk, from, trash);
}

/** Unlink the displaced name if the new one is the same file; any other file is an edit that raced and goes back. */
async function settleOldName(site: Site, act: MoveAct): Promise<RelPath[]> {
  const places = placesOf(act);
  if (statAt(site, places.trash) === undefined) return [];
  dropFirstName(site, places.trash, places.to);
  if (statAt(site, places.trash) === undefined) return [];
  const back = { from: places.trash, to: act.from, beside: false, copy: act.copy };
  return [await putBack(site, back)];
}

/** An edit that went along with the move has a stamp that the next look will not see, so it is read then. */
async function provenStat(site: Site, act: MoveAct): Promise<LocalStat | undefined> {
  using to = findSpot(site, placeOf(act.to));
  const stat = to?.stat();
  if (to === undefined || stat === undefined) return undefined;
  return (await isAsExpected(site, to, act.before)) ? stat : unproven(stat);
}

/** After a crash: finish a move that had given the file its new name, else leave it where it was (S74). */
export async function settleMove(site: Site, act: MoveAct): Promise<ActOutcome> {
  if (act.before.kind === "folder") return await settleFolder(site, act);
  finishPlaceholder(site, act);
  const places = placesOf(act);
  const looks = { old: lookAt(site, places.from), now: lookAt(site, places.to) };
  return (await hasMoved(site, act, looks))
    ? await finishFile(site, act)
    : await leaveThere(site, act);
}

function lookAt(site: Site, place: Place): BigIntStats | undefined {
  using spot = findSpot(site, place);
  return spot?.look();
}

async function settleFolder(site: Site, act: MoveAct): Promise<ActOutcome> {
  const places = placesOf(act);
  using to = findSpot(site, places.to);
  const moved = lookAt(site, places.from) === undefined && to !== undefined;
  return moved && (await isAsExpected(site, to, act.before))
    ? await finishFolder(site, act)
    : cancelled(statAt(site, places.from));
}

/** Where hard links are missing, the last step of the move is a rename over the placeholder. */
function finishPlaceholder(site: Site, act: MoveAct): void {
  using from = findSpot(site, placeOf(act.from));
  using to = findSpot(site, placeOf(act.to));
  const [old, now] = [from?.look(), to?.look()];
  if (from === undefined || to === undefined || old === undefined || now === undefined) return;
  if (isPlaceholder(now)) renameIfThere(site.disk, from, to);
}

type Looks = { readonly old: BigIntStats | undefined; readonly now: BigIntStats | undefined };

async function hasMoved(site: Site, act: MoveAct, { old, now }: Looks): Promise<boolean> {
  const places = placesOf(act);
  if (now === undefined) return false;
  if (old !== undefined && sameInode(old, now)) return true;
  using trash = findSpot(site, places.trash);
  const displaced = trash?.look();
  if (displaced !== undefined && sameInode(displaced, now)) return true;
  if (displaced === undefined && old !== undefined) return false;
  using to = openSpot(site, places.to);
  return await isAsExpected(site, to, act.before);
}

async function leaveThere(site: Site, act: MoveAct): Promise<ActOutcome> {
  const returned = await settleOldName(site, act);
  return cancelled(statAt(site, placeOf(act.from)), returned);
}
