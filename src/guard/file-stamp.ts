import { lookAt, type Bytes } from "./read-only.ts";

/** How something at a path looked when it was read. */
export type Seen = { readonly stamp: string; readonly readAt: number };

/** What was changed so shortly before it was read, ms, may have been changed once more since, with the same time. */
const settledMs = 2_000;

/** The state of what stands at a path, in a text; "" where nothing does. */
export function stampOf(path: Bytes): string {
  const stats = lookAt(path);
  if (stats === undefined) return "";
  return [stats.dev, stats.ino, stats.size, stats.mtimeMs, stats.ctimeMs].join(" ");
}

/** @param now ms since 1970, from before it is read */
export function seenAt(path: Bytes, now: number): Seen {
  return { stamp: stampOf(path), readAt: now };
}

/** Whether it is surely as it was when it was read. */
export function isAsSeen({ stamp, readAt }: Seen, path: Bytes): boolean {
  if (stampOf(path) !== stamp) return false;
  const changedAt = Number(stamp.split(" ").at(-1));
  return stamp === "" || readAt - changedAt > settledMs;
}
