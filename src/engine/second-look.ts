import type { LeftPath } from "../core/plan/sync-report.ts";
import type { LocalStat } from "../core/tree/local-stat.ts";
import type { NodeId } from "../core/tree/node.ts";
import type { IndexStore, LocalSide } from "../ports.ts";
import { throwIfAborted } from "../std/error.ts";
import type { Work } from "../std/events.ts";
import { forEachLimited } from "../std/limiter.ts";
import type { EngineDeps } from "./engine-deps.ts";
import { movedMeanwhile } from "./moved-meanwhile.ts";
import { checkWorkspace } from "./presence.ts";
import type { Foreign, Scan, Seen } from "./scan.ts";
import { isTroubleWithOne } from "./trouble.ts";
import type { Missed, Vanished, VanishedTop } from "./vanished.ts";

/** Time between the first and the second look at something that vanished, ms (S27). */
export const settleMs = 2_000;

/** Places that are looked at again at once. */
const statsParallelMax = 32;

/** Vanished nodes that may still be there, with what to tell about them. The others are gone (S27). */
export type Doubts = ReadonlyMap<NodeId, LeftPath>;

/** Note what was missed, so that the time of the first look survives an interrupted run. */
export function noteAbsence(index: IndexStore, { tops }: Vanished, at: number): void {
  const fresh = tops.filter(({ entry }) => entry.absentAt === undefined);
  if (fresh.length === 0) return;
  index.transaction(() => {
    for (const { entry } of fresh) index.local.put({ ...entry, absentAt: at });
  });
}

/**
 * Look again at everything that vanished, `settleMs` after the first look (S27). Waits once for all, and not at all
 * where nothing vanished.
 *
 * @throws {SnapError} `workspace-missing` when the disk was unmounted meanwhile
 */
export async function lookAgain(deps: EngineDeps, missed: Missed, work: Work): Promise<Doubts> {
  const { scan, vanished } = missed;
  if (vanished.tops.length === 0) return new Map();
  await settle(deps, missed, work);
  await checkWorkspace(deps);
  const doubts = new Map(await movedMeanwhile(deps.local, missed, work));
  const places = new ScanPlaces(scan);
  const options = { parallel: statsParallelMax, signal: work.signal };
  await forEachLimited(vanished.tops, options, async (top) => {
    const { entry, path } = top;
    const folder = scan.seen[top.parent];
    const reason = places.doubt(top) ?? (await doubtOnDisk(deps.local, { top, folder, places }));
    if (reason !== undefined) doubts.set(entry.node, { path, kind: "unknown", reason });
  });
  return doubts;
}

/** A clock that was set back does not make the wait longer. */
async function settle(deps: EngineDeps, { scan, vanished }: Missed, work: Work): Promise<void> {
  const missedAt = vanished.tops.map(({ entry }) => entry.absentAt ?? scan.startedAt);
  const last = missedAt.reduce((a, b) => Math.max(a, b), 0);
  const wait = Math.min(last + settleMs - deps.clock.now(), settleMs);
  if (wait <= 0) return;
  await deps.clock.sleep(wait, work.signal).catch((error: unknown) => {
    throwIfAborted(work.signal);
    throw error;
  });
}

/** What stood at each place at the first look. */
class ScanPlaces {
  readonly #seen: ReadonlyMap<string, Seen>;
  readonly #foreign: ReadonlyMap<string, Foreign>;
  readonly #clouded: ReadonlySet<number>;

  constructor(scan: Scan) {
    this.#seen = new Map(scan.seen.map((seen) => [`${seen.parent}/${seen.stat.name}`, seen]));
    this.#foreign = new Map(scan.foreign.map((other) => [`${other.parent}/${other.name}`, other]));
    this.#clouded = scan.clouded;
  }

  taker({ parent, entry }: VanishedTop): Seen | undefined {
    return this.#seen.get(`${parent}/${entry.name}`);
  }

  /** Why the first look alone speaks against a removal. */
  doubt({ parent, entry }: VanishedTop): string | undefined {
    if (this.#clouded.has(parent)) {
      return "is missing, but may be one of the names beside it that are not valid UTF-8";
    }
    const foreign = this.#foreign.get(`${parent}/${entry.name}`);
    if (foreign === undefined) return undefined;
    return foreign.why === "ignored"
      ? "was replaced by something that the rules leave out"
      : "was replaced by a link or a special file";
  }
}

type SecondLook = {
  readonly top: VanishedTop;
  /** Its folder at the first look; undefined for the top of the workspace. */
  readonly folder: Seen | undefined;
  readonly places: ScanPlaces;
};

/** Gone is what is absent again while its folder is the same; something else may have taken its place (S27). */
async function doubtOnDisk(
  local: LocalSide,
  { top, folder, places }: SecondLook,
): Promise<string | undefined> {
  try {
    if (folder !== undefined && (await local.stat(folder.path))?.fileId !== folder.stat.fileId) {
      return "is missing, and its folder was replaced just now";
    }
    const here = await local.stat(top.path);
    if (here === undefined) return undefined;
    return isTaken(places.taker(top), here) ? undefined : "comes and goes";
  } catch (error) {
    if (!isTroubleWithOne(error)) throw error;
    return error.message;
  }
}

/** What stands there is what the first look met there, and took for another node. */
function isTaken(taker: Seen | undefined, here: LocalStat): boolean {
  return taker?.kind === here.kind && taker.stat.fileId === here.fileId;
}
