import type { PathKey } from "../path/path-key.ts";
import type { RelPath } from "../path/rel-path.ts";

/** A folder by its place. */
export type PlacedFolder = { readonly path: RelPath; readonly keys: readonly PathKey[] };

/** Folders that stand in one folder and go away together with all that they hold. */
export type Piece = { readonly folder: RelPath; readonly children: readonly RelPath[] };

/**
 * Cut an empty folder into pieces of no more entries than go at once. The deepest go first; what is left of the folder in the end is no
 * larger than a piece.
 *
 * @param inside all folders below it
 * @param entriesMax at least 1
 */
export function piecesOf(
  top: RelPath,
  inside: readonly PlacedFolder[],
  entriesMax: number,
): readonly Piece[] {
  const places = new Set(inside.map(placeOf));
  const children = Map.groupBy(inside, ({ keys }) => {
    const above = keys.slice(0, -1).join("/");
    return places.has(above) ? above : "";
  });
  const pieces: Piece[] = [];
  const cut = (folder: RelPath, place: string): number => {
    const sized = (children.get(place) ?? []).map((child): Sized => ({
      path: child.path,
      entries: cut(child.path, placeOf(child)),
    }));
    const entries = sized.reduce((sum, child) => sum + child.entries, 1);
    if (entries <= entriesMax) return entries;
    for (const group of grouped(sized, entriesMax)) pieces.push({ folder, children: group });
    return 1;
  };
  cut(top, "");
  return pieces;
}

/** A folder with how many entries it has that are in no piece, itself included. */
type Sized = { readonly path: RelPath; readonly entries: number };

function placeOf({ keys }: PlacedFolder): string {
  return keys.join("/");
}

/** In their order, each group as large as it may be. */
function grouped(sized: readonly Sized[], entriesMax: number): readonly (readonly RelPath[])[] {
  const groups: RelPath[][] = [];
  let entries = entriesMax;
  for (const child of sized) {
    if (entries + child.entries > entriesMax) {
      groups.push([]);
      entries = 0;
    }
    groups.at(-1)?.push(child.path);
    entries += child.entries;
  }
  return groups;
}
