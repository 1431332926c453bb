import { Exclusions } from "../../core/exclusions.ts";
import { pathKeyOf } from "../../core/path/path-key.ts";
import {
  comparePaths,
  isInside,
  isRelPath,
  parentPath,
  pathComponents,
  topPath,
  type RelPath,
} from "../../core/path/rel-path.ts";
import type { LeftPath } from "../../core/plan/sync-report.ts";
import { rootNode, type NodeId } from "../../core/tree/node.ts";
import type { IndexStore, RootMarker } from "../../ports.ts";
import type { EngineDeps } from "../engine-deps.ts";
import { exclusionsInForce, setExclusionsInForce } from "../scope/exclusions-in-force.ts";
import { refusePutBack } from "./generation.ts";
import { checkWorkspace } from "./presence.ts";

/** A folder that a choice between disk and cloud leaves out, and whether Dropbox has one of that name now. */
export type LeftOut = { readonly path: RelPath; readonly isThere: boolean };

/**
 * Every folder that may be missing on this disk because it is excluded: now, from now on, or when the root marker was last
 * written. It goes into the marker before the first file of such a folder leaves the disk, and is taken out only when a sync
 * has come to its end (S116): so a disk image never lacks a folder that the marker in it does not name.
 */
export function mayLack({ index, config }: EngineDeps, marker: RootMarker): readonly RelPath[] {
  const inForce = exclusionsInForce(index).paths;
  return withoutParts([...(marker.excluded ?? []), ...inForce, ...config.excluded()]);
}

/** A marker with other exclusions; none, and it has no such line. */
export function markerWith(marker: RootMarker, excluded: readonly RelPath[]): RootMarker {
  const { excluded: _, ...rest } = marker;
  return excluded.length === 0 ? rest : { ...rest, excluded };
}

/**
 * At the end of a sync the root marker names the exclusions that are in force, and of the others those below which something
 * could not come down yet (S116).
 *
 * @param left what the sync left aside or holds
 * @throws {SnapError} `rolled-back` when an older workspace was put back since the sync began: its marker is not ours to write
 */
export async function noteExclusions(deps: EngineDeps, left: readonly LeftPath[]): Promise<void> {
  const marker = await checkWorkspace(deps);
  refusePutBack(deps.index, marker);
  const isAwaited = (folder: RelPath): boolean =>
    left.some(({ path }) => isRelPath(path) && isInside(path, folder));
  const awaited = (marker.excluded ?? []).filter(isAwaited);
  const excluded = withoutParts([...exclusionsInForce(deps.index).paths, ...awaited]);
  if (isSameList(marker.excluded ?? [], excluded)) return;
  await deps.local.writeMarker(markerWith(marker, excluded));
}

/**
 * Folders that `snap rollback keep` says nothing about, besides those in force: what is missing there was not deleted, but was
 * excluded when the disk image was made, or is to be excluded by the next sync (S119).
 */
export async function leftOutOfKeep(deps: EngineDeps): Promise<readonly LeftOut[]> {
  const inForce = exclusionsInForce(deps.index);
  const all = mayLack(deps, await checkWorkspace(deps));
  return all
    .filter((path) => inForce.above(path) === undefined)
    .map((path) => ({ path, isThere: isFolderThere(deps.index, path) }));
}

/** As the last look at the server left it. */
function isFolderThere({ remote }: IndexStore, path: RelPath): boolean {
  let node: NodeId = rootNode;
  for (const name of pathComponents(path)) {
    const entry = remote.childByKey(node, pathKeyOf(name));
    if (entry?.kind !== "folder") return false;
    node = entry.node;
  }
  return true;
}

/**
 * The disk that is kept lacks what was excluded when its image was made: from now on this is so in the index, too, and what
 * both sides once agreed on there is forgotten with the next look (S95). Whatever is excluded no more is listed by the next
 * sync, as after any other change of the list (S93). Called inside a transaction.
 */
export function adoptExclusions({ index }: EngineDeps, { excluded = [] }: RootMarker): void {
  if (excluded.length === 0) return;
  const inForce = exclusionsInForce(index).paths;
  setExclusionsInForce(index, new Exclusions(withoutParts([...inForce, ...excluded])));
}

/** In path order; what lies in another one needs no line of its own. */
function withoutParts(paths: readonly RelPath[]): readonly RelPath[] {
  const all = new Exclusions(paths);
  return all.paths.filter((path) => all.above(parentPath(path) ?? topPath) === undefined);
}

function isSameList(a: readonly RelPath[], b: readonly RelPath[]): boolean {
  const [first, second] = [a.toSorted(comparePaths), b.toSorted(comparePaths)];
  return first.length === second.length && first.every((path, at) => path === second[at]);
}
