import type { NotedRoot } from "../core/snapshot/note.ts";
import type { FoundRoot } from "./root-files.ts";

/** A root that cannot be read: the file in `roots/` and the reason. Its snapshot is in no list. */
export type DamagedRoot = { readonly name: string; readonly reason: string };

/** The snapshots that fit, and those of which nobody can tell. */
export type LookedRoots = {
  readonly roots: readonly NotedRoot[];
  readonly damaged: readonly DamagedRoot[];
};

/** Oldest first, of all workspaces: whose they are cannot be told (N8). */
export function damagedOf(found: readonly FoundRoot[]): readonly DamagedRoot[] {
  return found.flatMap(({ name, trouble }) =>
    trouble === undefined ? [] : [{ name, reason: trouble.message }],
  );
}
