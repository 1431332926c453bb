import { baseName, parentPath, topPath, type RelPath } from "../core/path/rel-path.ts";
import { unitFolder, unitPlaceAt } from "../core/repo/unit.ts";
import type { PlanItem } from "../core/snapshot/restore-item.ts";
import { parentsOf } from "../core/snapshot/restore-wanted.ts";
import type { SnapshotRoot } from "../core/snapshot/root.ts";
import type { Standing } from "../core/snapshot/unit-changes.ts";
import type { UnitFacts } from "../core/snapshot/unit.ts";
import type { UnitElsewhere, UnitStep } from "../core/snapshot/unit-step.ts";
import type { Work } from "../std/events.ts";
import type { RestoreUnits } from "./restore-deps.ts";

type Planned = {
  readonly root: SnapshotRoot;
  readonly items: readonly PlanItem[];
  readonly steps: readonly UnitStep[];
};

/** Repositories that stay, whose files go back to another commit or branch than they stand on (T41). */
export async function unitsElsewhere(
  units: Pick<RestoreUnits, "standing">,
  { root, items, steps }: Planned,
  work: Work,
): Promise<readonly UnitElsewhere[]> {
  const going = new Set(steps.map(({ path }) => path));
  const staying = (root.git ?? []).filter(({ id }) => !going.has(unitFolder(id)));
  const touched = foldersOf(staying.length === 0 ? [] : items);
  const found: UnitElsewhere[] = [];
  for (const facts of staying) {
    const place = unitPlaceAt(unitFolder(facts.id));
    const files = workTreeOf(place.path);
    if (files === undefined || !touched.has(files)) continue;
    const stands = await units.standing(place, work);
    const captured = standingOf(facts);
    if (stands === undefined || isSame(stands, captured)) continue;
    found.push({ path: place.path, stands, captured });
  }
  return found;
}

/** Where a repository stood when it was captured. */
export function standingOf({ branch, head }: Pick<UnitFacts, "branch" | "head">): Standing {
  return {
    ...(branch === undefined ? {} : { branch }),
    ...(head === undefined ? {} : { commit: head }),
  };
}

/** The folder of the files that belong to a repository; undefined where it is bare. */
export function workTreeOf(repository: RelPath): RelPath | undefined {
  return [".git", ".hg"].includes(baseName(repository)) ? parentPath(repository) : undefined;
}

/** Every folder in which something is done, the top among them. */
function foldersOf(items: readonly PlanItem[]): ReadonlySet<RelPath> {
  return new Set(items.flatMap(({ path }) => [topPath, ...parentsOf(path)]));
}

function isSame(one: Standing, other: Standing): boolean {
  return one.branch === other.branch && one.commit === other.commit;
}
