import { createHash } from "node:crypto";
import { encodeEntry } from "../core/snapshot/entry.ts";
import type { SnapshotEntry } from "../core/snapshot/entry.ts";
import { turn } from "../std/turn.ts";

/** Entries that are hashed between two turns of everything else. */
const entriesInARow = 512;

/**
 * A hash over the entries of a unit, that of its folder excepted: over names, kinds, modes and contents. Times do not count (N39), nor
 * whether the unit was ignored.
 */
export async function unitContent(
  entries: AsyncIterable<SnapshotEntry> | Iterable<SnapshotEntry>,
): Promise<string> {
  const hash = createHash("sha256");
  let count = 0;
  for await (const { modifiedNs: _time, ...entry } of entries) {
    hash.update(`${encodeEntry({ ...entry, flags: [] })}\n`);
    count += 1;
    if (count % entriesInARow === 0) await turn();
  }
  return hash.digest("hex");
}
