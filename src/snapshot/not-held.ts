import type { SnapshotEntry } from "../core/snapshot/entry.ts";
import { SnapError } from "../std/error.ts";

/** The error for content that a snapshot names and the store has not. */
export function notHeld(entry: SnapshotEntry): SnapError {
  const message = `The snapshot does not hold the content of "${entry.path}"`;
  const isThin = entry.flags.includes("thin");
  return new SnapError("not-found", message, {
    hint: isThin ? "It is only in Dropbox." : "It could not be read when the snapshot was taken.",
    path: entry.path,
  });
}
