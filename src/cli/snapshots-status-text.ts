import type { SnapshotsStatus } from "../app/snapshots-status.ts";
import { displayName } from "../core/path/names.ts";
import { formatAgo, formatTime, plural } from "./format.ts";

/** What a status says of the snapshots of a workspace (N47): where nobody takes them, only what is wrong. */
export function snapshotsText(
  { schedule, last, nextAt, failure, upkeepFailure, damage }: SnapshotsStatus,
  now: number,
): readonly string[] {
  const lines: string[] = [];
  if (nextAt !== undefined) {
    const before = last === undefined ? "none yet" : `the last ${agoText(last, now)}`;
    const next =
      nextAt <= now ? "the next when the sync is at rest" : `the next ${formatTime(nextAt)}`;
    lines.push(`Snapshots (${schedule}): ${before}, ${next}`);
  }
  if (failure !== undefined) {
    const again =
      failure.retryAt === undefined ? "" : ` Tried again ${formatTime(failure.retryAt)}.`;
    lines.push(`No snapshot could be taken: ${displayName(failure.message)}.${again}`);
  }
  if (upkeepFailure !== undefined)
    lines.push(`Old snapshots were not cleared away: ${displayName(upkeepFailure.message)}`);
  if (damage !== undefined) {
    const found = plural(damage.count, "thing");
    lines.push(
      `The snapshot store is damaged (${found}, ${formatAgo(damage.at, now)}): \`snap verify\` tells more, \`snap repair\` mends it`,
    );
  }
  return lines;
}

function agoText({ id, at }: NonNullable<SnapshotsStatus["last"]>, now: number): string {
  return `${formatAgo(at, now)} (${id.slice(0, 8)})`;
}
