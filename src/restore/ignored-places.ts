import { isAlwaysOutside } from "../core/ignore.ts";
import { isRelPath, type RelPath } from "../core/path/rel-path.ts";
import type { PlanOptions } from "../core/snapshot/restore-item.ts";
import { selectionOf } from "../core/snapshot/restore-select.ts";
import type { SnapshotRoot } from "../core/snapshot/root.ts";
import { withoutUnits } from "../core/snapshot/unit.ts";
import type { RestoreDeps } from "./restore-deps.ts";

/**
 * The places of a snapshot that were ignored and are put back on the disk, since the user asks for them (N33); undefined where that
 * was not asked. None is excluded, or never synced by nature. What nothing ignores any more is taken up by the next sync.
 */
export async function ignoredPlaces(
  deps: RestoreDeps,
  { root, options }: { readonly root: SnapshotRoot; readonly options: PlanOptions },
): Promise<ReadonlySet<RelPath> | undefined> {
  if (options.ignored !== true) return undefined;
  const [isOutside, isIgnored] = [await deps.scope(), await deps.ignored()];
  const selection = selectionOf(options.paths);
  const places = new Set<RelPath>();
  for await (const { path, type, flags } of withoutUnits(deps.store.entries(root.id))) {
    if (!flags.includes("ignored") || !isRelPath(path) || isAlwaysOutside(path)) continue;
    const kind = type === "folder" ? "folder" : "file";
    const isByRule = !isOutside(path, kind) || isIgnored(path, kind);
    if (isByRule && selection.selects(path)) places.add(path);
  }
  return places;
}
