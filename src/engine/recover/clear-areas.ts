import type { Area } from "../../core/plan/local-act.ts";
import { rootNode } from "../../core/tree/node.ts";
import { isSnapError } from "../../std/error.ts";
import { isoDate } from "../../std/time.ts";
import type { EngineDeps } from "../engine-deps.ts";
import { isPartial } from "../execute/partial.ts";
import { trashDays } from "../limits.ts";

/**
 * Remove staging that nobody owns. A restore stages below its own id, and clears that itself (S75); what has come of a large file
 * stays while the file is to come (S66).
 */
export async function clearStaging(deps: EngineDeps): Promise<void> {
  for (const area of await deps.local.areas("staging")) {
    const isOwned = deps.journal.restore(area.id) !== undefined || isPartial(deps.index, area);
    if (!isOwned) await removeIfPossible(deps, area);
  }
}

/**
 * Empty what of the trash is old. Ours begin with the day; anything else in it, and what an intent or a row still needs, is not
 * to be emptied (S71).
 */
export async function emptyTrash(deps: EngineDeps): Promise<void> {
  const needed = deps.index.intents().map(({ detail }) => detail);
  for (const { name } of deps.index.local.children(rootNode)) {
    // The row of a node that was taken out of a ring has the whole path as its name (S49).
    if (name.startsWith(".snap/")) needed.push(name);
  }
  const last = isoDate(deps.clock.now() - trashDays * 24 * 3_600_000).replaceAll("-", "");
  for (const area of await deps.local.areas("trash")) {
    const day = /^(\d{8})-[0-9a-f]+$/.exec(area.id)?.[1];
    if (day === undefined || day >= last) continue;
    if (!needed.some((detail) => detail.includes(area.id))) await removeIfPossible(deps, area);
  }
}

/** What nobody needs any more may hold what its owner had locked up: it stays, and everything else goes on (P9). */
async function removeIfPossible({ local, logger }: EngineDeps, area: Area): Promise<void> {
  try {
    await local.removeArea(area);
  } catch (error) {
    if (!isSnapError(error, "disk-error")) throw error;
    logger.error("an area could not be removed", { ...area, reason: error.message });
  }
}
