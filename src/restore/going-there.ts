import { comparePaths, type RelPath } from "../core/path/rel-path.ts";
import type { GoingThere } from "../core/snapshot/engine-control.ts";
import type { PlaceKey } from "../core/snapshot/restore-picture.ts";
import type { RemoteEntry } from "../core/tree/node.ts";
import type { IndexStore } from "../ports.ts";
import { isForeign, remotePicture, rowAt, type Place } from "./look-remote.ts";
import type { Outside } from "./restore-deps.ts";

/** What is planned at a place in Dropbox; `stays` where it is left as it is. */
export type PlannedThere =
  | "stays"
  | {
      /** Of what the plan takes away there; undefined where nothing is. */
      readonly rev: string | undefined;
      readonly isFolderWanted: boolean;
    };

/** What goes from Dropbox, and how many bytes of it are uploaded anew. */
export type Going = GoingThere & { readonly keptFiles: number; readonly keptBytes: number };

/**
 * What the procedure `documented` removes from Dropbox (T36): what the plan takes away there, and the files that are uploaded anew because the
 * disk has just this content. All else stays: what is out of scope (T8), what was left aside, and what nobody here has.
 */
export function goingThere(
  index: IndexStore,
  outside: Outside,
  planned: ReadonlyMap<PlaceKey, PlannedThere>,
): Going {
  const files: { readonly path: RelPath; readonly rev: string }[] = [];
  const kept = { keptFiles: 0, keptBytes: 0 };
  const look = (row: RemoteEntry, place: Place): boolean => {
    if (outside(place.path, "file") || isForeign(row, index)) return true;
    const plan = planned.get(place.key);
    const isKept = plan === undefined && isHere(index, row, place);
    if (isKept) {
      kept.keptFiles += 1;
      kept.keptBytes += row.size;
    }
    const isTaken = plan !== undefined && plan !== "stays" && plan.rev === row.rev;
    if (isKept || isTaken) files.push({ path: place.path, rev: row.rev });
    return true;
  };
  const { items } = remotePicture(index, outside, look);
  const folders = [...items].flatMap(([key, { path }]) =>
    isUnwanted(planned.get(key)) ? [path] : [],
  );
  files.sort((a, b) => comparePaths(a.path, b.path));
  return { files, folders: folders.toSorted(comparePaths), ...kept };
}

function isHere({ local }: IndexStore, { hash }: RemoteEntry, { key }: Place): boolean {
  const here = rowAt(local, key);
  return here?.kind === "file" && here.absentAt === undefined && here.hash === hash;
}

function isUnwanted(plan: PlannedThere | undefined): boolean {
  return plan !== undefined && plan !== "stays" && !plan.isFolderWanted;
}
