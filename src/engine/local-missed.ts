import type { LocalEntry, NodeId } from "../core/tree/node.ts";
import type { Missed } from "./local-findings.ts";
import type { Folder } from "./local-folder.ts";
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
  const ignored = new Set(look.ignored.map(({ name }) => name));
  const unsynced = new Set(look.unsynced.map(({ name }) => name));
  for (const { node, name } of rows) {
    const reason = unsynced.has(name) ? "unsynced" : undefined;
    const foreign = ignored.has(name) ? "ignored" : reason;
    missed.set(node, { folder, name, taker: names.get(name), foreign });
  }
}
