import { isConflictName } from "../path/names.ts";
import { baseName, type RelPath } from "../path/rel-path.ts";
import { placeKey, type PlaceKey } from "./restore-picture.ts";
import { readLocalRecord, readRemoteRecord } from "./restore-record.ts";
import type { RestoreItemRow } from "./restore-state.ts";
import { keysAbove } from "./server-world.ts";

/**
 * Which files the undo of a restore may have to do with: what it touched, under any spelling of the name; what stands now where a file
 * or link comes back; and conflicted copies, since a new one needs a free name. All others only keep their folders.
 */
export function concernOf(rows: readonly RestoreItemRow[]): (path: RelPath) => boolean {
  const touched = new Set<PlaceKey>();
  const leaves = new Set<PlaceKey>();
  for (const row of rows) {
    const key = placeKey(row.path);
    touched.add(key);
    if (hadLeaf(row)) leaves.add(key);
  }
  return (path) => {
    const key = placeKey(path);
    if (touched.has(key) || isConflictName(baseName(path))) return true;
    return keysAbove(key).some((above) => leaves.has(above));
  };
}

function hadLeaf({ side, expected }: RestoreItemRow): boolean {
  const { before } = side === "local" ? readLocalRecord(expected) : readRemoteRecord(expected);
  return before !== null && before.kind !== "folder";
}
