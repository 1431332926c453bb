import { constants } from "node:fs";
import type { AreaPath } from "../core/plan/local-act.ts";
import type { RelPath } from "../core/path/rel-path.ts";
import type { WhileHeld } from "../core/snapshot/attribute-control.ts";
import { isSnapError, systemCode } from "../std/error.ts";
import { nodeDisk, type Disk } from "./disk.ts";
import { areaPlace, placeOf, type Ground, type Place } from "./parents.ts";
import { openSpot, type Spot } from "./spot.ts";

const openFlags = constants.O_RDONLY | constants.O_NOFOLLOW | constants.O_NONBLOCK;

const writable = 0o200;

/**
 * Lets another program work on places of a workspace by paths through folders that are held open (X2). Files and folders may be written by
 * their owner until it has ended; then their modes are as before, and they are durable.
 */
export function placeHolder(top: string, disk: Disk = nodeDisk): WhileHeld {
  return async (places, use) => {
    await using held = new AsyncDisposableStack();
    return await use(places.map((place) => hold({ top, disk }, placed(place), held)));
  };
}

function placed(place: RelPath | AreaPath): Place {
  return typeof place === "string" ? placeOf(place) : areaPlace(place.area, place.path);
}

function hold(site: Ground, place: Place, held: AsyncDisposableStack): string | undefined {
  try {
    const spot = held.use(openSpot(site, place));
    const kind = spot.stat()?.kind;
    if (kind === "file" || kind === "folder") open(site, spot, held);
    else if (kind !== "symlink") return undefined;
    // The handle is one of this process: to another `self` is itself.
    return spot.at().replace("/proc/self/", `/proc/${process.pid}/`);
  } catch (error) {
    if (systemCode(error) === undefined && !isSnapError(error)) throw error;
    return undefined;
  }
}

function open({ disk }: Ground, spot: Spot, held: AsyncDisposableStack): void {
  const fd = disk.open(spot.at(), openFlags);
  held.defer(() => disk.close(fd));
  held.defer(() => disk.sync(fd));
  const mode = Number(disk.fstat(fd).mode) & 0o7777;
  if ((mode & writable) !== 0) return;
  disk.chmodOpen(fd, mode | writable);
  held.defer(() => disk.chmodOpen(fd, mode));
}
