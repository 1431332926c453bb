/** Minutes that local time is ahead of UTC at a moment: summer time changes it. */
export type ZoneOffset = (timeMs: number) => number;

/** Spans of time of which a policy keeps the newest snapshot each. */
export type Period = "hourly" | "daily" | "weekly" | "monthly" | "yearly";

/** In the order in which a policy names them. */
export const periods: readonly Period[] = ["hourly", "daily", "weekly", "monthly", "yearly"];

const dayMs = 86_400_000;

/** The span that a moment lies in, by local time: `2026-11-21`, `2026-W47`. Equal text, same span. */
export function periodOf(period: Period, timeMs: number, offset: ZoneOffset): string {
  const minutes = offset(timeMs);
  const local = new Date(timeMs + minutes * 60_000);
  const text = local.toISOString();
  switch (period) {
    case "hourly":
      // The hour that comes twice when summer time ends is two hours.
      return `${text.slice(0, 13)}h${zoneText(minutes)}`;
    case "daily":
      return text.slice(0, 10);
    case "weekly":
      return weekOf(local);
    case "monthly":
      return text.slice(0, 7);
    case "yearly":
      return text.slice(0, 4);
  }
}

function zoneText(minutes: number): string {
  const pad = (value: number): string => String(value).padStart(2, "0");
  const size = Math.abs(minutes);
  return `${minutes < 0 ? "-" : "+"}${pad(Math.floor(size / 60))}${pad(size % 60)}`;
}

/** ISO 8601: weeks begin on Monday, and belong to the year of their Thursday. */
function weekOf(local: Date): string {
  const daysAfterMonday = (local.getUTCDay() + 6) % 7;
  const thursday = new Date(local.getTime() + (3 - daysAfterMonday) * dayMs);
  const year = thursday.getUTCFullYear();
  const week = Math.floor((thursday.getTime() - Date.UTC(year, 0, 1)) / dayMs / 7) + 1;
  return `${year}-W${String(week).padStart(2, "0")}`;
}
