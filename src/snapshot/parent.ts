import { canonicalJson } from "../core/snapshot/checked-json.ts";
import type { SnapshotEntry } from "../core/snapshot/entry.ts";
import type { CaptureFacts, SnapshotRoot } from "../core/snapshot/root.ts";
import { isSnapError } from "../std/error.ts";
import type { SnapError } from "../std/error.ts";
import { readRuns } from "./manifest-store.ts";
import type { PackReader } from "./pack-reader.ts";
import type { FoundRoot } from "./root-files.ts";

/** The snapshot that a new one starts from: the newest of the same workspace, side and scope. */
export function parentOf(
  roots: readonly FoundRoot[],
  facts: CaptureFacts,
): SnapshotRoot | undefined {
  return roots.findLast(({ root }) => root !== undefined && isSameScope(root, facts))?.root;
}

/** Whose block lists are taken over where the content is the same: the parent, or else the newest of workspace and side (N35). */
export function baseOf(roots: readonly FoundRoot[], facts: CaptureFacts): SnapshotRoot | undefined {
  const newest = roots.findLast(({ root }) => root !== undefined && isSameSide(root, facts));
  return parentOf(roots, facts) ?? newest?.root;
}

/** The same among the snapshots of a list: of whole roots alone. */
export function baseIn(
  roots: readonly SnapshotRoot[],
  facts: CaptureFacts,
): SnapshotRoot | undefined {
  return baseOf(
    roots.map((root) => ({ name: root.id, root })),
    facts,
  );
}

function isSameScope(root: SnapshotRoot, facts: CaptureFacts): boolean {
  const [before, now] = [root, facts].map(({ paths = null, ignored = false, attributes = false }) =>
    canonicalJson([paths, ignored, attributes]),
  );
  return isSameSide(root, facts) && before === now;
}

/** What came from an archive was never there. */
function isSameSide(root: SnapshotRoot, { workspace, side }: CaptureFacts): boolean {
  return root.workspace.id === workspace.id && root.side === side && root.reason !== "import";
}

/**
 * The entries of an earlier snapshot as far as they can be read: damage costs speed, never the new snapshot.
 * `onDamage` is called once, before the entry that cannot be read is reached.
 */
export async function* readableEntries(
  meta: PackReader,
  root: Pick<SnapshotRoot, "lists"> | undefined,
  onDamage: (error: SnapError) => void,
): AsyncGenerator<readonly SnapshotEntry[]> {
  if (root === undefined) return;
  try {
    yield* readRuns(meta, root);
  } catch (error) {
    if (!isSnapError(error, "damaged")) throw error;
    onDamage(error);
  }
}
