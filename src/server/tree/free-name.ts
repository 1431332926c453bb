import { pathKeyOf } from "../../core/path/path-key.ts";
import { conflict } from "../wire/failure.ts";
import { nameUnitsMax, otherNamesMax } from "../limits.ts";
import { nameOf, parentKey } from "./node.ts";
import type { Place } from "./node.ts";
import type { Tree } from "./tree.ts";

/** How the n-th other name differs, n from 1: the text that goes before the extension. */
export type NameMark = (attempt: number) => string;

/** ` (1)`, ` (2)`…: folders, and files that were added (V35). */
export const numberMark: NameMark = (attempt) => ` (${attempt})`;

/** ` (Anna's conflicted copy)`, then `… copy 1)`: files whose rev was not the expected one (Choice 17). In NFC. */
export function conflictMark(displayName: string): NameMark {
  const name = displayName.normalize("NFC");
  return (attempt) => ` (${name}'s conflicted copy${attempt === 1 ? "" : ` ${attempt - 1}`})`;
}

/**
 * The first free place beside a taken one (V35).
 *
 * @throws {WriteFailure} `conflict` when every other name is taken as well.
 */
export function freePlace(tree: Tree, taken: Place, mark: NameMark): Place {
  const folderKey = parentKey(taken.key);
  const name = nameOf(taken.display);
  const folder = taken.display.slice(0, taken.display.length - name.length);
  for (let attempt = 1; attempt <= otherNamesMax; attempt += 1) {
    const marked = markedName(name, mark(attempt));
    const place = { key: `${folderKey}/${pathKeyOf(marked)}`, display: folder + marked };
    if (!tree.isTaken(place.key)) return place;
  }
  throw conflict("file");
}

/** The mark before the extension; a dot at the start begins no extension. A long name is cut to make room. */
export function markedName(name: string, mark: string): string {
  const dot = name.lastIndexOf(".");
  const stem = dot > 0 ? name.slice(0, dot) : name;
  const extension = dot > 0 ? name.slice(dot) : "";
  const room = nameUnitsMax - mark.length - extension.length;
  if (stem.length <= room) return stem + mark + extension;
  if (room <= 0) return cut(name, nameUnitsMax - mark.length) + mark;
  return cut(stem, room) + mark + extension;
}

/** Never through the middle of a surrogate pair. */
function cut(text: string, length: number): string {
  const short = text.slice(0, Math.max(1, length));
  return short.isWellFormed() ? short : short.slice(0, -1);
}
