import { pathComponents, type RelPath } from "../path/rel-path.ts";
import { repositoryMarker, type EntryKind } from "./marker.ts";

/**
 * Whether a path names a repository's marker or something below one. No operation may have such a path as its source or
 * target, on either side (G14, G21 a): a downloaded `.git/hooks` would be code.
 *
 * Every component but the last is a folder. `kind` is that of the last one; without it, its name alone decides.
 */
export function hasMarkerComponent(path: RelPath, kind?: EntryKind): boolean {
  return markerDepth(path, kind) !== undefined;
}

/** How many components lead to the first marker, itself included: the part of the path that a hold covers. */
export function markerDepth(path: RelPath, kind?: EntryKind): number | undefined {
  const names = pathComponents(path);
  const last = names.length - 1;
  const index = names.findIndex(
    (name, at) => repositoryMarker(name, at === last ? kind : "folder") !== undefined,
  );
  return index < 0 ? undefined : index + 1;
}
