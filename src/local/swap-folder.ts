import type { Area, AreaPath } from "../core/plan/local-act.ts";
import type { RelPath } from "../core/path/rel-path.ts";
import { bring, renameIfThere } from "./no-replace.ts";
import { areaPlace, makeFolders, placeOf, syncFolder, type Ground, type Place } from "./parents.ts";
import { findSpot, openSpot } from "./spot.ts";

/** A folder whose place another one takes, or nothing. */
export type SwapFolder = {
  readonly path: RelPath;
  /** What comes there; absent where nothing does. */
  readonly source: AreaPath | undefined;
  /** Where what is there goes, under its own path; absent where nothing may be there. */
  readonly displaceTo?: Area;
};

/**
 * Swap a folder that is kept as a whole, by two renames (T40). What is there is displaced, and then the other takes its place, never over
 * anything. May be repeated after a crash: what the disk shows tells how far it came.
 *
 * @returns `taken` where somebody made something in between: that stays, and so does what was displaced
 * @throws what the disk says; then nothing more was done
 */
export async function swapFolder(ground: Ground, swap: SwapFolder): Promise<"done" | "taken"> {
  const target = placeOf(swap.path);
  const trash = swap.displaceTo && areaPlace(swap.displaceTo, swap.path);
  const source = swap.source && areaPlace(swap.source.area, swap.source.path);
  if (source !== undefined && !isThere(ground, source)) return "done";
  if (trash !== undefined && !isThere(ground, trash)) {
    await makeFolders(ground, trash.slice(0, -1), 0o700);
    displace(ground, target, trash);
    await syncFolder(ground, trash.slice(0, -1));
  }
  if (source !== undefined) {
    await makeFolders(ground, target.slice(0, -1), 0o755);
    if (!place(ground, source, target)) return "taken";
  }
  await syncFolder(ground, target.slice(0, -1));
  return source === undefined && isThere(ground, target) ? "taken" : "done";
}

function isThere(ground: Ground, place: Place): boolean {
  using spot = findSpot(ground, place);
  return spot?.look() !== undefined;
}

function place(ground: Ground, from: Place, to: Place): boolean {
  using source = openSpot(ground, from);
  using target = openSpot(ground, to);
  return bring(ground.disk, source, target) === "moved";
}

/** Nothing to move is nothing to do. */
function displace(ground: Ground, from: Place, to: Place): void {
  using source = findSpot(ground, from);
  if (source?.look() === undefined) return;
  using target = openSpot(ground, to);
  renameIfThere(ground.disk, source, target);
}
