import { placeKey, type PlaceKey } from "../core/snapshot/restore-picture.ts";
import type { PlanItem } from "../core/snapshot/restore-item.ts";
import type { ServerForecast } from "../core/snapshot/server-forecast.ts";
import type { IndexStore } from "../ports.ts";
import { goingThere, type PlannedThere } from "./going-there.ts";
import type { Outside } from "./restore-deps.ts";

/** How the procedure `documented` reaches Dropbox (T17, T36): every file is removed there, and uploaded. */
export function forecastAnew(
  index: IndexStore,
  outside: Outside,
  items: readonly PlanItem[],
): ServerForecast {
  const { files, folders, keptFiles, keptBytes } = goingThere(index, outside, plannedOf(items));
  const sizes = items.flatMap(({ want, remote }) => {
    const isMade = remote?.action === "create" || remote?.action === "replace";
    return isMade && want?.kind === "file" ? [want.size] : [];
  });
  const uploaded = keptFiles + sizes.length;
  const uploadBytes = sizes.reduce((sum, size) => sum + size, keptBytes);
  const calls = files.length + folders.length + uploaded;
  const nothing = { reverted: 0, moved: 0, copied: 0, unasked: 0 };
  return { serverSide: "never", ...nothing, uploaded, uploadBytes, calls };
}

function plannedOf(items: readonly PlanItem[]): ReadonlyMap<PlaceKey, PlannedThere> {
  const planned = new Map<PlaceKey, PlannedThere>();
  for (const { path, want, remote } of items) {
    if (remote === undefined) continue;
    const isFolderWanted = want?.kind === "folder";
    const plan = { rev: remote.before?.rev, isFolderWanted };
    if (remote.action !== "keep")
      planned.set(placeKey(path), remote.action === "aside" ? "stays" : plan);
  }
  return planned;
}
