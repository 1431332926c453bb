import { composed, pathKeyOf } from "../../core/path/path-key.ts";
import type { LocalEntry, NodeId } from "../../core/tree/node.ts";
import type { Missed } from "./findings.ts";
import type { Folder } from "./folder.ts";
import type { FolderLook } from "./scan.ts";

/** Rows of a folder that nothing in it answers to. */
type Unanswered = {
  readonly folder: Folder;
  readonly look: FolderLook;
  readonly rows: readonly LocalEntry[];
};

/** Note what is missed in a folder, with what stands at its place now. */
export function noteMissed(missed: Map<NodeId, Missed>, { folder, look, rows }: Unanswered): void {
  if (rows.length === 0) return;
  const names = new Map(look.inside.map((stat) => [stat.name, stat]));
  // A disk may take several names for one, and then it has only one of them (S16).
  const keys = new Map(look.inside.map((stat) => [pathKeyOf(stat.name), stat]));
  const ignored = new Set(look.ignored.map((stat) => composed(stat.name)));
  const unsynced = new Set(look.unsynced.map((stat) => composed(stat.name)));
  for (const { node, name, key } of rows) {
    const reason = unsynced.has(composed(name)) ? "unsynced" : undefined;
    const foreign = ignored.has(composed(name)) ? "ignored" : reason;
    missed.set(node, { folder, name, taker: names.get(name) ?? keys.get(key), foreign });
  }
}
