import { hostname } from "node:os";
import { basename, join } from "node:path";
import type { RelPath } from "../core/path/rel-path.ts";
import { repositoryMarker } from "../core/repo/marker.ts";
import { gitdirRestMs, type BusyWorkTree, type WorkTrees } from "../core/repo/work-trees.ts";
import type { Clock } from "../std/time.ts";
import type { Evidence } from "./evidence.ts";
import { lookAt } from "./examine.ts";
import { restOfGitdir } from "./gitdir-rest.ts";
import { isOutOfReach, type Bytes } from "./read-only.ts";
import { describeError } from "../std/error.ts";

/** A damaged repository is looked at again when it was written to, and else as often, ms. */
const damagedAgainMs = 60_000;

/** Tiers 1 and 2 of one repository take no longer, ms; the guard itself tells what they did not reach. */
const lookBudgetMs = 5_000;

/** What a sync leaves that was cut off, and what the rest of it mends: to hold it then would be for ever. */
const mendedByGoingOn: ReadonlySet<Evidence["code"]> = new Set(["pack-without-index", "refs-lost"]);

/** What the guard found of a gitdir that was last written to at a time. */
type Looked = { readonly writtenAt: number; readonly damage: Evidence | undefined };

/**
 * Says when repositories that are synced by override may be touched (G45). Each is looked at for damage (tiers 1 and 2) whenever
 * it was written to, as after each cycle that brought something; a damaged one is left alone, so that the damage goes no further.
 */
export function openSyncedGitdirs({
  top,
  clock,
}: {
  readonly top: string;
  readonly clock: Clock;
}): Pick<WorkTrees, "resting" | "locked"> {
  const looked = new Map<RelPath, Looked>();
  const damageOf = async (
    gitdir: RelPath,
    place: Bytes,
    writtenAt: number,
  ): Promise<Evidence | undefined> => {
    const known = looked.get(gitdir);
    if (known?.writtenAt === writtenAt) return known.damage;
    const damage = await damageIn(place, clock);
    looked.set(gitdir, { writtenAt, damage });
    return damage;
  };
  const ask = async (
    gitdir: RelPath,
    since: number | undefined,
  ): Promise<BusyWorkTree | undefined> => {
    const now = clock.now();
    const place = Buffer.from(join(top, gitdir));
    const rest = restOfGitdir(place, { now, since });
    if (rest.busy !== undefined || since === undefined) return rest.busy;
    try {
      const damage = await damageOf(gitdir, place, rest.writtenAt);
      return damage && damaged(damage, now);
    } catch (error) {
      if (!isOutOfReach(error)) throw error;
      const reason = `holds a repository that cannot be read: ${describeError(error)}`;
      return { reason, againAt: now + damagedAgainMs };
    }
  };
  return {
    resting: (gitdir, since = Number.POSITIVE_INFINITY) =>
      ask(gitdir, Math.min(since, clock.now() - gitdirRestMs)),
    locked: (gitdir) => ask(gitdir, undefined),
  };
}

async function damageIn(gitdir: Bytes, clock: Clock): Promise<Evidence | undefined> {
  // Of other systems the guard looks at by itself only when it is asked.
  if (isOfOther(basename(gitdir.toString()))) return undefined;
  const deadline = clock.now() + lookBudgetMs;
  const places = { gitdir, common: gitdir };
  const look = { clock, deadline, host: hostname() };
  const { evidence } = await lookAt({ places, withCommon: true }, look);
  return evidence.find(({ severity, code }) => severity === "damage" && !mendedByGoingOn.has(code));
}

/** A marker of another system; a bare gitdir has any name. */
function isOfOther(name: string): boolean {
  const marker = repositoryMarker(name, "folder");
  return marker !== undefined && marker.vcs !== "git";
}

function damaged({ code, path, detail }: Evidence, now: number): BusyWorkTree {
  return {
    reason: `holds a damaged repository (${code}, "${path}"): ${detail}`,
    hint: "`snap guard check` tells all of it, and `snap guard rescue` saves lost commits.",
    againAt: now + damagedAgainMs,
  };
}
