import type { RelPath } from "../core/path/rel-path.ts";
import type { ActOutcome } from "../core/plan/local-act.ts";
import type { LocalStat } from "../core/tree/local-stat.ts";
import { SnapError } from "../std/error.ts";
import type { Place, Site } from "./parents.ts";
import { findSpot } from "./spot.ts";

/** The act happened; the stat is of what stands at the place now. */
export function done(stat: LocalStat | undefined, putBack: readonly RelPath[] = []): ActOutcome {
  return { state: "done", stat, putBack, leftover: false };
}

/** The disk was not as believed, and is as the user left it. */
export function cancelled(
  stat: LocalStat | undefined,
  putBack: readonly RelPath[] = [],
): ActOutcome {
  return { state: "cancelled", stat, putBack, leftover: false };
}

/** What stands at a place; undefined also where a folder on the way is missing. */
export function statAt(site: Site, place: Place): LocalStat | undefined {
  using spot = findSpot(site, place);
  return spot?.stat();
}

/** @throws {SnapError} `place-taken`: an area would hold two things under one path, and one would be lost. */
export function refuseTaken(place: Place): never {
  const path = place.join("/");
  throw new SnapError("place-taken", `"${path}" is there already`, {
    path,
    hint: "Finish or take back what was under way before, then run the same command again.",
  });
}
