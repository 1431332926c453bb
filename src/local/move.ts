import type { BigIntStats } from "node:fs";
import type { ActOutcome, MoveAct } from "../core/plan/local-act.ts";
import { isAsExpected, isAsSeen } from "./expectation.ts";
import { finishFolded, foldedName, moveFolded } from "./move-folded.ts";
import { leaveThere, placesOf, provenStat, settleOldName, type MovePlaces } from "./move-places.ts";
import { bring, isPlaceholder, renameIfThere } from "./no-replace.ts";
import { cancelled, done, refuseTaken, statAt } from "./outcome.ts";
import { makeFolders, placeOf, syncFolder } from "./parents.ts";
import { findSpot, openSpot } from "./spot.ts";
import type { Place, Site } from "./parents.ts";
import { sameInode } from "./stat-facts.ts";

/** Move inside the workspace without ever overwriting (S68, S72). */
export async function move(site: Site, act: MoveAct): Promise<ActOutcome> {
  const places = placesOf(act);
  if (act.before.kind !== "folder") await makeFolders(site, places.trash.slice(0, -1), 0o700);
  const isFolded = foldedName(site, places) === "from";
  if (!(await isMovable(site, act, isFolded))) return cancelled(statAt(site, places.from));
  if (isFolded) return await moveFolded(site, act);
  if (!hasBrought(site, places)) return cancelled(statAt(site, places.from));
  return act.before.kind === "folder" ? await finishFolder(site, act) : await finishFile(site, act);
}

/** @param isFolded its old name is what the disk finds under the new one. */
async function isMovable(site: Site, act: MoveAct, isFolded: boolean): Promise<boolean> {
  using from = findSpot(site, placeOf(act.from));
  using to = findSpot(site, placeOf(act.to));
  if (from === undefined || to === undefined) return false;
  if (!isFolded && to.look() !== undefined) return false;
  return await isAsSeen(site, from, act.before);
}

/** Whether the entry has its new name now. */
function hasBrought(site: Site, places: MovePlaces): boolean {
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
function displaceOldName(site: Site, places: MovePlaces): void {
  using from = findSpot(site, places.from);
  using to = findSpot(site, places.to);
  using trash = openSpot(site, places.trash);
  const [old, now] = [from?.look(), to?.look()];
  if (from === undefined || old === undefined || now === undefined || !sameInode(old, now)) return;
  if (trash.look() !== undefined) refuseTaken(places.trash);
  renameIfThere(site.disk, from, trash);
}

/** After a crash: finish a move that had given the file its new name, else leave it where it was (S74). */
export async function settleMove(site: Site, act: MoveAct): Promise<ActOutcome> {
  const places = placesOf(act);
  const folded = foldedName(site, places);
  if (folded !== undefined) return await settleFolded(site, act, folded);
  if (act.before.kind === "folder") return await settleFolder(site, act);
  finishPlaceholder(site, { source: places.from, target: places.to });
  const looks = { old: lookAt(site, places.from), now: lookAt(site, places.to) };
  if (!(await hasMoved(site, act, looks))) return await leaveThere(site, act);
  // What was never begun may be settled, too, where the file has both names already.
  await makeFolders(site, places.trash.slice(0, -1), 0o700);
  return await finishFile(site, act);
}

function lookAt(site: Site, place: Place): BigIntStats | undefined {
  using spot = findSpot(site, place);
  return spot?.look();
}

/** Under its new name it has arrived, unless that is another file, which was saved while this one was in the trash. */
async function settleFolded(site: Site, act: MoveAct, folded: "from" | "to"): Promise<ActOutcome> {
  const { to, trash } = placesOf(act);
  finishPlaceholder(site, { source: trash, target: to });
  const [now, waiting] = [lookAt(site, to), lookAt(site, trash)];
  const isOther = now === undefined || (waiting !== undefined && !sameInode(now, waiting));
  const hasArrived = folded === "to" && !isOther;
  return await (hasArrived ? finishFolded : leaveThere)(site, act);
}

async function settleFolder(site: Site, act: MoveAct): Promise<ActOutcome> {
  const places = placesOf(act);
  if (lookAt(site, places.trash) !== undefined) return await leaveThere(site, act);
  using to = findSpot(site, places.to);
  const moved = lookAt(site, places.from) === undefined && to !== undefined;
  return moved && (await isAsExpected(site, to, act.before))
    ? await finishFolder(site, act)
    : cancelled(statAt(site, places.from));
}

/** Where hard links are missing, the last step of the move is a rename over the placeholder. */
function finishPlaceholder(site: Site, step: { source: Place; target: Place }): void {
  using from = findSpot(site, step.source);
  using to = findSpot(site, step.target);
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
