import type { BigIntStats } from "node:fs";
import type { RelPath } from "../core/path/rel-path.ts";
import type { ActOutcome, PlaceAct, PlacedFile } from "../core/plan/local-act.ts";
import type { LocalStat } from "../core/tree/local-stat.ts";
import { SnapError } from "../std/error.ts";
import { isAsExpected, isAsSeen } from "./expectation.ts";
import { bring, isPlaceholder, renameIfThere, type Brought } from "./no-replace.ts";
import { cancelled, done, refuseTaken, statAt } from "./outcome.ts";
import { areaPlace, makeFolders, placeOf, syncFolder } from "./parents.ts";
import { findSpot, openSpot } from "./spot.ts";
import type { Place, Site } from "./parents.ts";
import type { Spot } from "./spot.ts";
import { putBack } from "./put-back.ts";
import { localStat, sameInode, unproven } from "./stat-facts.ts";
import { readWitness, writeWitness, type Witness } from "./witness.ts";

/** The three places of the act. */
type Places = { readonly source: Place; readonly target: Place; readonly trash: Place };

function placesOf(act: PlaceAct): Places {
  return {
    source: areaPlace(act.source.area, act.source.path),
    target: placeOf(act.path),
    trash: areaPlace(act.displaceTo, act.path),
  };
}

/**
 * Bring staged content to its place (S64): displace what is there, link, verify what was displaced.
 *
 * The order makes every moment recoverable. What is displaced is whole below `.snap/` before anything new appears; the
 * staged name goes last, so that as long as it is there the act can be finished, and once it is gone its witness
 * tells that the act had happened.
 */
export async function place(site: Site, act: PlaceAct): Promise<ActOutcome> {
  const places = placesOf(act);
  if (act.before !== undefined) await makeFolders(site, places.trash.slice(0, -1), 0o700);
  if (!(await isAsBelieved(site, act))) return cancelled(statAt(site, places.target));
  if (act.before !== undefined) {
    using target = openSpot(site, places.target);
    using trash = openSpot(site, places.trash);
    if (trash.look() !== undefined) refuseTaken(places.trash);
    // Whoever removed it since then is found out by the next look, as any other edit.
    if (!renameIfThere(site.disk, target, trash)) return cancelled(undefined);
  }
  return await bringAndFinish(site, act);
}

async function isAsBelieved(site: Site, act: PlaceAct): Promise<boolean> {
  using target = findSpot(site, placeOf(act.path));
  if (target === undefined) return false;
  if (act.before === undefined) return target.look() === undefined;
  if (!(await isAsSeen(site, target, act.before))) return false;
  return act.before.kind !== "folder" || isEmptyFolder(site, target);
}

/** Only an empty folder is displaced by a file: what one holds is for `DisplaceAct` to know. */
function isEmptyFolder(site: Site, spot: Spot): boolean {
  using folder = spot.folder.child(spot.name);
  return site.disk.readNames(folder.itself()).length === 0;
}

async function bringAndFinish(site: Site, act: PlaceAct): Promise<ActOutcome> {
  let brought: Brought | undefined;
  try {
    brought = bringToPlace(site, placesOf(act));
  } finally {
    // An error here leaves the old content displaced: it returns before the caller hears of the error.
    if (brought === undefined) await takeBack(site, act);
  }
  const isThere = brought === "linked" || brought === "moved";
  return isThere ? await finish(site, act) : await takeBack(site, act);
}

function bringToPlace(site: Site, places: Places): Brought {
  using source = openSpot(site, places.source);
  using target = openSpot(site, places.target);
  const stats = source.look();
  if (stats === undefined) throw notStaged(places.source);
  writeWitness(site.disk, source.folder, { name: source.name, stats });
  const now = target.look();
  if (now !== undefined && sameInode(now, stats)) return "linked";
  if (now !== undefined && isPlaceholder(now)) {
    site.disk.rename(source.at(), target.at());
    return "moved";
  }
  return bring(site.disk, source, target);
}

function notStaged(source: Place): SnapError {
  const path = source.join("/");
  return new SnapError("not-found", `What was staged as "${path}" is not there`, {
    path,
    hint: "It is fetched again by itself.",
  });
}

/** The new content is at its place: make it last, deal with the displaced one, let the staged name go. */
async function finish(site: Site, act: PlaceAct): Promise<ActOutcome> {
  const places = placesOf(act);
  await syncFolder(site, places.target.slice(0, -1));
  if (act.before !== undefined) await syncFolder(site, places.trash.slice(0, -1));
  // Its stamp is taken before it is compared, so that whatever is written to it later shows (S65).
  const displaced = statAt(site, places.trash);
  const returned = await returnRacedEdit(site, act, { beside: true });
  const { stat, placed } = settleNames(site, places);
  const outcome = { ...done(stat, returned), ...(placed && { placed }) };
  if (displaced === undefined || returned.length > 0) return outcome;
  // Under its other names it is a file of the user as before, and written to as such (S20).
  if (displaced.linkGroup !== undefined) return outcome;
  const place = { area: act.displaceTo, path: act.path };
  return { ...outcome, displaced: { place, stamp: displaced.stamp } };
}

/** Unlink the staged name; the stat of what we placed, or an unproven one where somebody wrote since. */
function settleNames(site: Site, places: Places): Pick<ActOutcome, "stat" | "placed"> {
  using source = openSpot(site, places.source);
  const staged = source.look();
  const witness = readWitness(site.disk, source.folder, source.name) ?? witnessOf(staged);
  if (staged !== undefined) site.disk.unlink(source.at());
  const stat = statAt(site, places.target);
  if (witness === undefined) return notWitnessed(stat, undefined);
  if (stat !== undefined && isWitnessed(stat, witness)) return { stat };
  // After a crash nothing tells the kind; only of a file is it ever asked.
  const isFile = staged === undefined || staged.isFile();
  const isElsewhere = isFile && (stat?.kind !== "file" || stat.fileId !== witness.fileId);
  return notWitnessed(stat, isElsewhere ? placedFile(places, witness) : undefined);
}

function notWitnessed(
  stat: LocalStat | undefined,
  placed: PlacedFile | undefined,
): Pick<ActOutcome, "stat" | "placed"> {
  return { stat: stat && unproven(stat), ...(placed && { placed }) };
}

/** By its identity the next look finds where it is now. */
function placedFile({ target }: Places, { fileId, size, modifiedNs }: Witness): PlacedFile {
  return {
    name: target.at(-1) ?? "",
    kind: "file",
    fileId,
    size,
    stamp: `${size} ${modifiedNs} 0`,
  };
}

function witnessOf(stats: BigIntStats | undefined): Witness | undefined {
  return stats && localStat({ name: "", stats, linkTarget: undefined });
}

function isWitnessed(stat: LocalStat, witness: Witness): boolean {
  if (stat.fileId !== witness.fileId) return false;
  // The mtime of a folder changes with every entry made in it, which says nothing about the folder.
  if (stat.kind === "folder") return true;
  return stat.size === witness.size && stat.modifiedNs === witness.modifiedNs;
}

/** What was displaced and differs from what was believed is an edit that raced with us: it returns. */
async function returnRacedEdit(
  site: Site,
  act: PlaceAct,
  { beside }: { beside: boolean },
): Promise<RelPath[]> {
  const { trash } = placesOf(act);
  if (statAt(site, trash) === undefined) return [];
  if (await isDisplacedAsBelieved(site, act)) return [];
  return [await putBack(site, { from: trash, to: act.path, beside, copy: act.copy })];
}

async function isDisplacedAsBelieved(site: Site, act: PlaceAct): Promise<boolean> {
  using trash = openSpot(site, placesOf(act).trash);
  if (act.before === undefined || !(await isAsExpected(site, trash, act.before))) return false;
  return act.before.kind !== "folder" || isEmptyFolder(site, trash);
}

/**
 * The place belongs to somebody else now, or nothing was brought there. Displaced content returns if the place is free
 * or if it is an edit; otherwise it is the old content of a file that was just saved anew, and rests in its area.
 */
async function takeBack(site: Site, act: PlaceAct): Promise<ActOutcome> {
  const { target, trash } = placesOf(act);
  if (statAt(site, trash) === undefined) return cancelled(statAt(site, target));
  const raced = await returnRacedEdit(site, act, { beside: false });
  if (raced.length === 0 && isFree(site, target)) {
    await putBack(site, { from: trash, to: act.path, beside: false, copy: act.copy });
  }
  return cancelled(statAt(site, target), raced);
}

/** A place in a folder that is gone is not free: its content was removed together with the folder. */
function isFree(site: Site, target: Place): boolean {
  using spot = findSpot(site, target);
  return spot !== undefined && spot.look() === undefined;
}

/** After a crash: finish a `place` that had displaced or linked something, else take it back (S74, S75). */
export async function settlePlace(site: Site, act: PlaceAct): Promise<ActOutcome> {
  const places = placesOf(act);
  using source = findSpot(site, places.source);
  const staged = source?.look();
  if (source === undefined) return await takeBack(site, act);
  if (staged === undefined) {
    const placed = readWitness(site.disk, source.folder, source.name) !== undefined;
    return placed ? await finish(site, act) : await takeBack(site, act);
  }
  return canFinish(site, act, staged) ? await bringAndFinish(site, act) : await takeBack(site, act);
}

function canFinish(site: Site, act: PlaceAct, staged: BigIntStats): boolean {
  const { target, trash } = placesOf(act);
  using spot = findSpot(site, target);
  if (spot === undefined) return false;
  const now = spot.look();
  if (now !== undefined) return sameInode(now, staged) || isPlaceholder(now);
  return act.before === undefined || statAt(site, trash) !== undefined;
}
