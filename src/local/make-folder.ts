import type { RelPath } from "../core/path/rel-path.ts";
import type { LocalStat } from "../core/tree/local-stat.ts";
import { SnapError, systemCode } from "../std/error.ts";
import { placeOf, type Site } from "./parents.ts";
import { openSpot } from "./spot.ts";

/** Make a folder in one that is there; a folder in its place is adopted (S67). Durable on return. */
export async function makeFolder(site: Site, path: RelPath): Promise<LocalStat> {
  using spot = openSpot(site, placeOf(path));
  try {
    site.disk.mkdir(spot.at(), 0o777);
  } catch (error) {
    if (systemCode(error) !== "EEXIST") throw error;
  }
  const stat = spot.stat();
  if (stat === undefined) throw new SnapError("volatile", `"${path}" went again`, { path });
  if (stat.kind !== "folder") throw placeTaken(path);
  await spot.folder.sync();
  return stat;
}

function placeTaken(path: RelPath): SnapError {
  return new SnapError("place-taken", `"${path}" is there already and is no folder`, {
    path,
    hint: "It is looked at again by itself.",
  });
}
