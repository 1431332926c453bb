import type { AreaPath } from "../core/plan/local-act.ts";
import { parseRelPath, type RelPath } from "../core/path/rel-path.ts";
import type { PlanItem } from "../core/snapshot/restore-item.ts";
import { hasMetadata } from "../core/snapshot/restore-plan.ts";
import type { WantedFile } from "../core/snapshot/restore-wanted.ts";
import { isSnapError, SnapError } from "../std/error.ts";
import { forEachLimited } from "../std/limiter.ts";
import type { ChosenSources } from "./preflight.ts";
import type { Run } from "./run.ts";
import { hashOf } from "./sources.ts";

const looksParallel = 8;

/** How often a restore may be gone on with while it stages: each run uses new names for what it does not keep. */
const runsMax = 100;

/** Where everything that is placed waits, and what of it is there already. */
export type StagedPlaces = {
  readonly places: ReadonlyMap<RelPath, AreaPath>;
  readonly kept: ReadonlySet<RelPath>;
};

/** A place for each: a new one, or where an earlier restore displaced what is wanted. Nothing is there yet. */
export function newPlaces(
  run: Run,
  items: readonly PlanItem[],
  chosen: ChosenSources,
): StagedPlaces {
  const places = items.map(({ path }, order) => {
    const source = chosen.get(path);
    const place = source?.from === "area" ? source.place : stagingPlace(run, order, 0);
    return [path, place] as const;
  });
  return { places: new Map(places), kept: new Set() };
}

/** The same for a restore that was cut off: what it had staged stays, as far as it is whole and dressed as wanted (T30). */
export async function placesAgain(
  run: Run,
  items: readonly PlanItem[],
  chosen: ChosenSources,
): Promise<StagedPlaces> {
  const places = new Map<RelPath, AreaPath>();
  const kept = new Set<RelPath>();
  const options = { parallel: looksParallel, signal: run.work.signal };
  await forEachLimited([...items.entries()], options, async ([order, item]) => {
    const source = chosen.get(item.path);
    const found =
      source?.from === "area"
        ? { place: source.place, isKept: false }
        : await placeAgain(run, item, order);
    places.set(item.path, found.place);
    if (found.isKept) kept.add(item.path);
  });
  return { places, kept };
}

async function placeAgain(
  run: Run,
  { want }: PlanItem,
  order: number,
): Promise<{ readonly place: AreaPath; readonly isKept: boolean }> {
  // Names of one file are staged together, so none of them is kept.
  const file = want?.kind === "file" && want.linkGroup === undefined ? want : undefined;
  for (let earlier = 0; earlier < runsMax; earlier += 1) {
    const place = stagingPlace(run, order, earlier);
    const standing = await standingAt(run, place, file);
    if (standing !== "taken") return { place, isKept: standing === "sound" };
  }
  throw new SnapError("refused", `Restore ${run.id} was cut off too often to go on`, {
    hint: "Nothing was changed. Run the restore again, without --resume.",
  });
}

async function standingAt(
  { deps }: Run,
  place: AreaPath,
  want: WantedFile | undefined,
): Promise<"free" | "sound" | "taken"> {
  try {
    await using file = await deps.local.openInArea(place);
    const isLikely = want?.size === file.stat.size && hasMetadata(want, file);
    return isLikely && (await hashOf(file)) === want.hash ? "sound" : "taken";
  } catch (error) {
    if (isSnapError(error, "not-found")) return "free";
    if (error instanceof SnapError && error.class === "item") return "taken";
    throw error;
  }
}

/** Staged files are numbered: their own paths would have to be made and made durable, too. */
function stagingPlace({ id }: Run, order: number, earlier: number): AreaPath {
  const name = earlier === 0 ? String(order) : `${order}.${earlier}`;
  return { area: { kind: "staging", id }, path: parseRelPath(name) };
}
