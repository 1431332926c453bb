import { baseName, parentPath, topPath, type RelPath } from "../core/path/rel-path.ts";
import { isSnapError, systemCode, throwIfAborted } from "../std/error.ts";
import type { Work } from "../std/events.ts";
import { turn } from "../std/turn.ts";
import { openFolder, placeOf, type Site } from "./parents.ts";
import { hashOnce, type DatedContent } from "./read.ts";
import { Spot } from "./spot.ts";

/**
 * One pass of the hash loop over each of several files; those that stand side by side share the way to their folder (S25, X2).
 * What does not come off is missing from the answer: `hashStable` tells why. The rest of the program has a turn before it.
 *
 * @throws {SnapError} `interrupted`
 */
export async function hashEach(
  site: Site,
  paths: readonly RelPath[],
  work: Work = {},
): Promise<ReadonlyMap<RelPath, DatedContent>> {
  await turn();
  const found = new Map<RelPath, DatedContent>();
  for (const [parent, inside] of Map.groupBy(paths, (path) => parentPath(path) ?? topPath)) {
    await unlessTrouble(async () => {
      using folder = openFolder(site, placeOf(parent));
      for (const path of inside) {
        throwIfAborted(work.signal);
        const content = await unlessTrouble(() =>
          hashNow(site, new Spot(site.disk, folder, baseName(path)), work),
        );
        if (content !== undefined) found.set(path, content);
      }
    });
  }
  return found;
}

async function hashNow(site: Site, spot: Spot, work: Work): Promise<DatedContent | undefined> {
  const startedAt = site.clock.now();
  const stable = await hashOnce(site, spot, work);
  return stable && { ...stable, startedAt };
}

/** Undefined where the system, or the state of the disk, is against it: that is for another attempt to tell. */
export async function unlessTrouble<T>(attempt: () => Promise<T> | T): Promise<T | undefined> {
  try {
    return await attempt();
  } catch (error) {
    return noneIfTrouble(error);
  }
}

/** The same at once. */
export function unlessTroubleNow<T>(attempt: () => T): T | undefined {
  try {
    return attempt();
  } catch (error) {
    return noneIfTrouble(error);
  }
}

function noneIfTrouble(error: unknown): undefined {
  const isTrouble = isSnapError(error) || systemCode(error) !== undefined;
  if (!isTrouble || isSnapError(error, "interrupted")) throw error;
  return undefined;
}
