import type { LocalExpectation } from "../core/plan/local-act.ts";
import type { LocalStat } from "../core/tree/local-stat.ts";
import type { Stamp } from "../core/tree/node.ts";
import { isSnapError } from "../std/error.ts";
import type { Site } from "./parents.ts";
import type { Spot } from "./spot.ts";
import { hashOnce } from "./read.ts";

/** `ask`: the stat does not tell, the content has to be read. */
type Likeness = "same" | "other" | "ask";

/**
 * Compare what stands at a place with what the planner believes, by file id, size and mtime; not where these prove nothing (S24).
 * The ctime says nothing here: renames and links change it.
 */
export function compare(stat: LocalStat, expected: LocalExpectation): Likeness {
  if (stat.kind !== expected.kind) return "other";
  switch (expected.kind) {
    case "folder":
      return stat.fileId === expected.fileId ? "same" : "other";
    case "symlink":
      return stat.linkTarget === expected.linkTarget ? "same" : "other";
    case "file":
      if (stat.size !== expected.size) return "other";
      if (expected.hash === undefined) return isSameFile(stat, expected) ? "same" : "other";
      return expected.isUnproven !== true && isSameFile(stat, expected) ? "same" : "ask";
  }
}

function isSameFile(
  stat: LocalStat,
  expected: LocalExpectation & { readonly kind: "file" },
): boolean {
  return stat.fileId === expected.fileId && stat.modifiedNs === expected.modifiedNs;
}

/**
 * Whether what stands at a place is what was seen there, before anything of ours has touched it (S53). The whole stamp
 * counts then: its ctime shows an edit of equal size whose mtime was set back (S18).
 */
export async function isAsSeen(
  site: Site,
  spot: Spot,
  expected: LocalExpectation,
): Promise<boolean> {
  const stat = spot.stat();
  const isTouched = expected.kind === "file" && stat !== undefined && hasOtherStamp(stat, expected);
  if (!isTouched) return await isAsExpected(site, spot, expected);
  if (stat.kind !== "file" || stat.size !== expected.size) return false;
  return expected.hash !== undefined && (await hashOf(site, spot)) === expected.hash;
}

function hasOtherStamp(stat: LocalStat, { stamp }: { readonly stamp?: Stamp }): boolean {
  return stamp !== undefined && stat.stamp !== stamp;
}

/** Whether the expected content stands at a place, wherever an act has brought it: by its stat, else by its hash. */
export async function isAsExpected(
  site: Site,
  spot: Spot,
  expected: LocalExpectation,
): Promise<boolean> {
  const stat = spot.stat();
  if (stat === undefined) return false;
  const likeness = compare(stat, expected);
  if (likeness !== "ask" || expected.kind !== "file") return likeness === "same";
  return (await hashOf(site, spot)) === expected.hash;
}

/** undefined where no file holds still at the place. */
async function hashOf(site: Site, spot: Spot): Promise<string | undefined> {
  try {
    return (await hashOnce(site, spot))?.content.hash;
  } catch (error) {
    if (isSnapError(error, "volatile", "conflict", "not-found")) return undefined;
    throw error;
  }
}
