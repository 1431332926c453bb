import type { Disturbance } from "../wire/interposer.ts";
import type { Journal } from "../tree/journal.ts";

/**
 * How far a call sees: to the end of the journal, or less far where reads lag or a page is to be stale (V72, V74). What
 * lies beyond is still to come for it.
 */
export function horizonOf({ page, readableUpTo }: Disturbance, journal: Journal): number {
  const stale = page?.kind === "stale" ? journal.linesAgo(page.lines) : Infinity;
  return Math.min(journal.head(), readableUpTo ?? Infinity, stale);
}
