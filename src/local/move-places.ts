import type { RelPath } from "../core/path/rel-path.ts";
import type { ActOutcome, MoveAct } from "../core/plan/local-act.ts";
import type { LocalStat } from "../core/tree/local-stat.ts";
import { isAsExpected } from "./expectation.ts";
import { cancelled, statAt } from "./outcome.ts";
import { areaPlace, placeOf, type Place, type Site } from "./parents.ts";
import { dropFirstName, putBack } from "./put-back.ts";
import { findSpot } from "./spot.ts";
import { unproven } from "./stat-facts.ts";

/** The three places of a move. */
export type MovePlaces = { readonly from: Place; readonly to: Place; readonly trash: Place };

/** Where a move takes its entry from, where to, and where the old name waits meanwhile. */
export function placesOf(act: MoveAct): MovePlaces {
  return {
    from: placeOf(act.from),
    to: placeOf(act.to),
    trash: areaPlace(act.displaceTo, act.from),
  };
}

/** Unlink the displaced name if the new one is the same file; anything else goes back to where it was. */
export async function settleOldName(site: Site, act: MoveAct): Promise<RelPath[]> {
  const places = placesOf(act);
  if (statAt(site, places.trash) === undefined) return [];
  dropFirstName(site, places.trash, places.to);
  if (statAt(site, places.trash) === undefined) return [];
  const back = { from: places.trash, to: act.from, beside: false, copy: act.copy };
  return [await putBack(site, back)];
}

/** The move did not happen: what waits in the trash goes back, and the rest stays where it is. */
export async function leaveThere(site: Site, act: MoveAct): Promise<ActOutcome> {
  const returned = await settleOldName(site, act);
  const raced = returned.filter((path) => path !== act.from);
  return cancelled(statAt(site, placeOf(act.from)), raced);
}

/** An edit that went along with the move has a stamp that the next look will not see, so it is read then. */
export async function provenStat(site: Site, act: MoveAct): Promise<LocalStat | undefined> {
  using to = findSpot(site, placeOf(act.to));
  const stat = to?.stat();
  if (to === undefined || stat === undefined) return undefined;
  return (await isAsExpected(site, to, act.before)) ? stat : unproven(stat);
}
