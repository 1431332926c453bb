/** A time as it stands in names of files: `20261121T175042Z`. */
export function compactTime(timeMs: number): string {
  return `${new Date(timeMs).toISOString().slice(0, 19).replaceAll(/[-:]/g, "")}Z`;
}

/** The time that a name begins with, ms. */
export function timeInName(name: string): number {
  const [, ...parts] = /^(\d{4})(\d\d)(\d\d)T(\d\d)(\d\d)(\d\d)Z/.exec(name) ?? [];
  const [year = 0, month = 1, day = 1, hour = 0, minute = 0, second = 0] = parts.map(Number);
  return Date.UTC(year, month - 1, day, hour, minute, second);
}

/**
 * A time that no name begins with: the present second, or the next that is free. So that what is named within one second
 * stays in the order it was named.
 */
export function freeTime(names: readonly string[], nowMs: number): number {
  const taken = new Set(names.map((name) => name.slice(0, name.indexOf("-"))));
  let timeMs = nowMs;
  while (taken.has(compactTime(timeMs))) timeMs += 1000;
  return timeMs;
}
