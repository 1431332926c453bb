import type { SnapshotEntry } from "./entry.ts";

/** One difference between two manifests; a move has equal content at another path. */
export type EntryChange =
  | { readonly change: "added"; readonly after: SnapshotEntry }
  | { readonly change: "removed"; readonly before: SnapshotEntry }
  | { readonly change: "changed"; readonly before: SnapshotEntry; readonly after: SnapshotEntry }
  | { readonly change: "metadata"; readonly before: SnapshotEntry; readonly after: SnapshotEntry }
  | { readonly change: "moved"; readonly before: SnapshotEntry; readonly after: SnapshotEntry };
