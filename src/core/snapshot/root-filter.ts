import { SnapError } from "../../std/error.ts";
import { snapshotReasons } from "./root.ts";
import type { SnapshotRoot } from "./root.ts";

/** Which snapshots of a list are shown; all where nothing is said. */
export type RootFilter = {
  /** All of these. */
  readonly tags?: readonly string[];
  /** `*` and `?` are not special. */
  readonly label?: string | undefined;
  readonly reason?: string | undefined;
  readonly side?: "local" | "remote" | undefined;
};

/** @throws {SnapError} `usage` for a reason that no snapshot can have */
export function isAskedFor(root: SnapshotRoot, filter: RootFilter): boolean {
  const { tags = [], label, reason, side } = filter;
  if (reason !== undefined && !snapshotReasons.some((one) => one === reason)) {
    throw new SnapError("usage", `No snapshot has the reason "${reason}"`, {
      hint: `One of: ${snapshotReasons.join(", ")}.`,
    });
  }
  return (
    tags.every((tag) => root.tags.includes(tag)) &&
    (label === undefined || root.label === label) &&
    (reason === undefined || root.reason === reason) &&
    (side === undefined || root.side === side)
  );
}

/** Days for which Dropbox keeps a replaced revision at least: 30 with its smallest plan, 180 with others (N41). */
const revisionDaysMin = 30;

const dayMs = 86_400_000;

/**
 * Until when the content of a thin snapshot is sure to be in Dropbox, ms since 1970: what was there when it was taken stays that
 * long, whatever is done and whichever plan it is (N41). Undefined for one that needs no Dropbox.
 */
export function thinUntil(root: SnapshotRoot): number | undefined {
  return root.completeness === "thin" || (root.side === "remote" && root.completeness === "partial")
    ? Date.parse(root.time) + revisionDaysMin * dayMs
    : undefined;
}
