import type { RelPath } from "../path/rel-path.ts";
import type { LeftAside, SnapshotRoot } from "./root.ts";

/** What a safety snapshot lacks of the paths that it was taken for. */
export type UnsavedStake = LeftAside | "not-listed";

/**
 * Whether a safety snapshot holds all that is at stake (N48): the first place at, below or above one of the paths that could
 * not be read or may be torn. `not-listed`: there are more such places than the root lists, so that it may be one of those.
 */
export function unsavedStake(
  { completeness, left }: Pick<SnapshotRoot, "completeness" | "left">,
  stakes: readonly RelPath[],
): UnsavedStake | undefined {
  if (completeness !== "partial") return undefined;
  const hit = left.items.find(({ path }) =>
    stakes.some((stake) => holds(stake, path) || holds(path, stake)),
  );
  return hit ?? (left.count > left.items.length ? "not-listed" : undefined);
}

/** A folder that cannot be listed may hold what is at stake. */
function holds(folder: string, path: string): boolean {
  return folder === "" || path === folder || path.startsWith(`${folder}/`);
}
