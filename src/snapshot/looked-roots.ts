import type { NotedRoot } from "../core/snapshot/note.ts";
import { isSelected } from "../core/snapshot/root-reference.ts";
import type { SnapshotFilter } from "../core/snapshot/store-request.ts";
import type { Logger } from "../std/log.ts";
import { readNotes } from "./note-files.ts";
import { readRoots, type FoundRoot } from "./root-files.ts";
import { checkFormat } from "./store-format.ts";
import type { StoreFiles } from "./store-files.ts";

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

/** Files of a store, and a log. */
export type LookParts = { readonly files: StoreFiles; readonly logger: Logger };

/** All roots of a store, whole or not; none where there is no store. */
export async function rootsOf(files: StoreFiles): Promise<readonly FoundRoot[]> {
  return (await checkFormat(files, "read")) ? await readRoots(files) : [];
}

/** Look at the snapshots of a store and at nothing else in it. @throws {SnapError} `version-too-new`, `damaged` */
export async function lookAtRoots(parts: LookParts, filter?: SnapshotFilter): Promise<LookedRoots> {
  const found = await rootsOf(parts.files);
  return { roots: await soundOf(parts, found, filter), damaged: damagedOf(found) };
}

/** Roots that are whole, with their notes; the others are logged, and `damagedRoots` and `verify` tell them. */
export async function soundOf(
  { files, logger }: LookParts,
  found: readonly FoundRoot[],
  filter: SnapshotFilter | undefined,
): Promise<readonly NotedRoot[]> {
  const notes = await readNotes(files, logger);
  return found.flatMap(({ name, root, trouble }) => {
    if (root !== undefined) return [notes.of(root)].filter((noted) => isSelected(noted, filter));
    logger.error("a snapshot is damaged", { name, reason: trouble.message });
    return [];
  });
}
