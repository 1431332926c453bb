import type { ThinStates } from "../app/check-thin.ts";
import { thinUntil } from "../core/snapshot/root-filter.ts";
import type { SnapshotRoot } from "../core/snapshot/root.ts";
import { formatTime, plural } from "./format.ts";

/** Until when what is only in Dropbox is sure to be there, for programs. */
export function expiresOf(root: SnapshotRoot): string | undefined {
  const until = thinUntil(root);
  return until === undefined ? undefined : new Date(until).toISOString();
}

/** The same day for people; undefined for a snapshot that needs no Dropbox. */
export function expiryDay(root: SnapshotRoot): string | undefined {
  const until = thinUntil(root);
  return until === undefined ? undefined : formatTime(until).slice(0, 10);
}

/** What a list says of that day. */
export function needsText(root: SnapshotRoot, nowMs: number): string {
  const day = expiryDay(root);
  if (day === undefined) return "";
  const isOver = (thinUntil(root) ?? 0) <= nowMs;
  return isOver
    ? `, needed Dropbox until ${day}: look with --check`
    : `, needs Dropbox until ${day}`;
}

/** What some files of a list need, and what to do about it. */
export function thinText(root: SnapshotRoot, count: number): string {
  const day = expiryDay(root);
  const until = day === undefined ? "" : `, which keeps it until ${day} at least`;
  return `The content of ${plural(count, "file")} is only in Dropbox${until}. Fetch it with: snap hydrate ${root.id.slice(0, 8)}`;
}

/** Where the content of a thin snapshot is now. */
export function statesText({ held, current, kept, gone }: ThinStates): readonly string[] {
  if (held + current + kept + gone === 0) return ["all content is in the store"];
  return [
    ...(held === 0 ? [] : [`${plural(held, "file")}: in the store by now`]),
    ...(current === 0 ? [] : [`${plural(current, "file")}: in Dropbox as it was`]),
    ...(kept === 0
      ? []
      : [`${plural(kept, "file")}: changed or deleted in Dropbox, which still keeps the revision`]),
    ...(gone === 0 ? [] : [`${plural(gone, "file")}: gone`]),
  ];
}
