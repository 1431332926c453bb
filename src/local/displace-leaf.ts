import type { RelPath } from "../core/path/rel-path.ts";
import type { ActOutcome, Area, CopyTag, LocalExpectation } from "../core/plan/local-act.ts";
import { isAsExpected, isAsSeen } from "./expectation.ts";
import { renameIfThere } from "./no-replace.ts";
import { cancelled, done, refuseTaken, statAt } from "./outcome.ts";
import { areaPlace, makeFolders, placeOf, syncFolder } from "./parents.ts";
import { findSpot, openSpot } from "./spot.ts";
import type { Site } from "./parents.ts";
import { putBack } from "./put-back.ts";

/** One file or link to be taken away. */
export type LeafAct = {
  readonly path: RelPath;
  readonly before: LocalExpectation;
  readonly displaceTo: Area;
  readonly copy: CopyTag;
};

/** Take a file or link away into an area, and compare it there once more (S69). */
export async function displaceLeaf(site: Site, act: LeafAct): Promise<ActOutcome> {
  const trash = areaPlace(act.displaceTo, act.path);
  await makeFolders(site, trash.slice(0, -1), 0o700);
  if (!(await isStillThere(site, act))) return cancelled(statAt(site, placeOf(act.path)));
  {
    using from = openSpot(site, placeOf(act.path));
    using to = openSpot(site, trash);
    if (to.look() !== undefined) refuseTaken(trash);
    if (!renameIfThere(site.disk, from, to)) return cancelled(undefined);
  }
  return await verifyDisplaced(site, act);
}

async function isStillThere(site: Site, act: LeafAct): Promise<boolean> {
  using spot = findSpot(site, placeOf(act.path));
  return spot !== undefined && (await isAsSeen(site, spot, act.before));
}

/** What was displaced is what was believed, or it goes back: to its place, or beside it if that was taken meanwhile. */
async function verifyDisplaced(site: Site, act: LeafAct): Promise<ActOutcome> {
  const trash = areaPlace(act.displaceTo, act.path);
  const place = placeOf(act.path);
  await syncFolder(site, place.slice(0, -1));
  await syncFolder(site, trash.slice(0, -1));
  if (await isDisplaced(site, act)) return done(statAt(site, place));
  const back = { from: trash, to: act.path, beside: false, copy: act.copy };
  const returned = await putBack(site, back);
  return cancelled(statAt(site, place), [returned]);
}

async function isDisplaced(site: Site, act: LeafAct): Promise<boolean> {
  using spot = openSpot(site, areaPlace(act.displaceTo, act.path));
  return await isAsExpected(site, spot, act.before);
}

/** After a crash: what was displaced is verified; where nothing was, nothing is done (S74). */
export async function settleLeaf(site: Site, act: LeafAct): Promise<ActOutcome> {
  const displaced = statAt(site, areaPlace(act.displaceTo, act.path));
  if (displaced === undefined) return cancelled(statAt(site, placeOf(act.path)));
  return await verifyDisplaced(site, act);
}
