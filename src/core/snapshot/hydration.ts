import { isPinned } from "./note.ts";
import type { NotedRoot } from "./note.ts";
import { thinUntil } from "./root-filter.ts";
import type { SnapshotRoot } from "./root.ts";

/** How long before a pinned thin snapshot may lose its content it is hydrated, ms (N42): room for some days without a line. */
const aheadMs = 7 * 86_400_000;

/** Whether some content of a snapshot may be only in Dropbox, so that it can be fetched. */
export function isHydratable({ side, completeness, git }: SnapshotRoot): boolean {
  if (git !== undefined || completeness === "full") return false;
  return completeness === "thin" || side === "remote";
}

/** The snapshot that holds the most of the content of a thin one: what came of it by hydration, or itself. */
export function newestHydrated<R extends SnapshotRoot>(roots: readonly R[], thin: R): R {
  const child = roots.findLast(
    ({ parent, hydrated }) => parent === thin.id && hydrated !== undefined,
  );
  return child === undefined || child.id === thin.id ? thin : newestHydrated(roots, child);
}

/**
 * The pinned thin snapshots that must be hydrated now, oldest first: what they have only in Dropbox may be gone within a week, and they
 * are to stay longer than that (N42). One whose content may be gone already is among them, as something may still be there.
 */
export function hydrateDue(roots: readonly NotedRoot[], nowMs: number): readonly NotedRoot[] {
  return roots.filter((root) => {
    const until = root.completeness === "thin" ? thinUntil(root) : undefined;
    if (until === undefined || root.link === undefined || !isPinned(root, nowMs)) return false;
    const end = root.pin?.until === undefined ? Infinity : Date.parse(root.pin.until);
    return nowMs >= until - aheadMs && end > until && newestHydrated(roots, root) === root;
  });
}
