import type { ZoneOffset } from "./retention-periods.ts";

/** When snapshots are taken by themselves (N47): never, each hour, or at times of the local day, in minutes after midnight. */
export type Schedule =
  | { readonly kind: "off" }
  | { readonly kind: "hourly" }
  | { readonly kind: "times"; readonly minutes: readonly number[] };

/** Times of a day that one schedule may have. */
export const scheduleTimesMax = 48;

const minuteMs = 60_000;
const hourMs = 3_600_000;
const dayMs = 86_400_000;

/** Read `off`, `hourly`, `daily`, or times like `09:00,18:30`; undefined for anything else. */
export function parseSchedule(text: string): Schedule | undefined {
  if (text === "off" || text === "hourly") return { kind: text };
  if (text === "daily") return { kind: "times", minutes: [0] };
  const minutes = text.split(",").map(minuteOfDay);
  const known = [...new Set(minutes.filter((each) => each !== undefined))];
  if (minutes.includes(undefined) || known.length > scheduleTimesMax) return undefined;
  return { kind: "times", minutes: known.toSorted((a, b) => a - b) };
}

function minuteOfDay(text: string): number | undefined {
  const [, hours, minutes] = /^([01]?\d|2[0-3]):([0-5]\d)$/u.exec(text.trim()) ?? [];
  return hours === undefined ? undefined : Number(hours) * 60 + Number(minutes);
}

/**
 * The last time of a schedule that is not after `nowMs`, and the first one after it, ms since 1970; undefined for `off`. A time that
 * comes twice when summer time ends counts once, the first; one that summer time leaves out comes as much later as that leaves out.
 */
export function slotsAround(
  schedule: Schedule,
  nowMs: number,
  offset: ZoneOffset,
): { readonly last: number; readonly next: number } | undefined {
  if (schedule.kind === "off") return undefined;
  if (schedule.kind === "hourly") return hoursAround(nowMs, offset);
  const today = Math.floor((nowMs + offset(nowMs) * minuteMs) / dayMs);
  const slots = [-2, -1, 0, 1, 2].flatMap((days) =>
    schedule.minutes.map((minute) => slotOf((today + days) * dayMs + minute * minuteMs, offset)),
  );
  return {
    last: Math.max(...slots.filter((slot) => slot <= nowMs)),
    next: Math.min(...slots.filter((slot) => slot > nowMs)),
  };
}

function hoursAround(
  nowMs: number,
  offset: ZoneOffset,
): { readonly last: number; readonly next: number } {
  const local = nowMs + offset(nowMs) * minuteMs;
  const last = nowMs - (((local % hourMs) + hourMs) % hourMs);
  return { last, next: last + hourMs };
}

/** When a local clock first shows something, which is written as if it were UTC. */
function slotOf(shown: number, offset: ZoneOffset): number {
  const [before, after] = [offset(shown - dayMs), offset(shown + dayMs)];
  const candidates = [before, after].map((ahead) => shown - ahead * minuteMs);
  const valid = candidates.filter((at) => at + offset(at) * minuteMs === shown);
  // A time that no clock shows: what a clock would show that nobody has set to summer time.
  return valid.length > 0 ? Math.min(...valid) : shown - before * minuteMs;
}

/** What the sync does, as far as a snapshot depends on it: `stuck` where it can do nothing itself now. */
export type SyncMoment = {
  readonly state: "idle" | "working" | "stuck";
  /** Since when, ms since 1970. */
  readonly since: number;
};

/** What is known when it is decided; all times in ms since 1970. */
export type ScheduleMoment = {
  readonly now: number;
  readonly offset: ZoneOffset;
  readonly schedule: Schedule;
  /** What is on the disk was looked at last for a snapshot; undefined where it never was. */
  readonly lookedAt: number | undefined;
  /** Attempts in a row that failed. */
  readonly failure: { readonly at: number; readonly attempts: number } | undefined;
  /** Looks in a row that found a repository torn (N45), since the time of the schedule. */
  readonly torn: { readonly at: number; readonly attempts: number } | undefined;
  readonly sync: SyncMoment;
};

/** What is to be done about snapshots. */
export type NextSnapshot =
  | { readonly kind: "off" }
  /** `torn`: no time has come, but what is torn may be whole by now. */
  | { readonly kind: "capture"; readonly why: "time" | "torn" }
  /** `sync`: one is due, and the sync goes first. */
  | {
      readonly kind: "wait";
      readonly until: number;
      readonly why: "time" | "sync" | "failure";
    };

/** A snapshot is taken when the sync has had nothing to do for this long, ms. */
export const restBeforeMs = 5_000;

/** Who cannot sync for this long, ms, has a snapshot all the same: it comes before no work that could be done. */
export const stuckBeforeMs = 900_000;

/** The wait after a failed attempt, ms, doubled for each one more, up to the bound. */
const retryFirstMs = 300_000;
const retryMaxMs = 6 * hourMs;

/** Captures for a torn repository beside those at the times of the schedule. */
const tornRepeatsMax = 3;

/** A time as little ahead of the clock as this, ms, is one that was just now: snapshots of one second are seconds apart. */
const aheadMaxMs = 300_000;

/**
 * What comes next (N47). One snapshot makes up for all times that were missed; times in the future, from before a clock was set back, say
 * nothing; and the sync goes first.
 */
export function nextSnapshot(moment: ScheduleMoment): NextSnapshot {
  const { now, offset, schedule, failure } = moment;
  const slots = slotsAround(schedule, now, offset);
  if (slots === undefined) return { kind: "off" };
  if (isCovered(moment, slots.last)) return repeatBefore(slots.next, moment);
  const again = failure === undefined ? now : retryAt(failure, now);
  if (again > now) return { kind: "wait", until: again, why: "failure" };
  const free = freeAt(moment);
  return free <= now
    ? { kind: "capture", why: "time" }
    : { kind: "wait", until: free, why: "sync" };
}

/** A repository that was torn is captured again at the next quiet moments, with longer and longer waits, until the next time (N45). */
function repeatBefore(next: number, moment: ScheduleMoment): NextSnapshot {
  const { now, torn, failure } = moment;
  const rest = { kind: "wait", until: next, why: "time" } as const;
  if (torn === undefined || torn.attempts > tornRepeatsMax) return rest;
  const again = failure === undefined ? now : retryAt(failure, now);
  const at = Math.max(again, retryAt(torn, now), freeAt(moment));
  return at <= now ? { kind: "capture", why: "torn" } : { ...rest, until: Math.min(next, at) };
}

function isCovered({ lookedAt, now }: ScheduleMoment, slot: number): boolean {
  return lookedAt !== undefined && lookedAt >= slot && lookedAt <= now + aheadMaxMs;
}

/** When a failed attempt is made again. */
export function retryAt(
  { at, attempts }: { readonly at: number; readonly attempts: number },
  now: number,
): number {
  if (at > now) return now;
  return at + Math.min(retryMaxMs, retryFirstMs * 2 ** Math.min(attempts - 1, 20));
}

/** For ever where only the end of the work can tell. */
function freeAt({ sync, now }: ScheduleMoment): number {
  // A time in the future is one from before the clock went back.
  const since = Math.min(sync.since, now);
  if (sync.state === "working") return Number.POSITIVE_INFINITY;
  return since + (sync.state === "idle" ? restBeforeMs : stuckBeforeMs);
}
