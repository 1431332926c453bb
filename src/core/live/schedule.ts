import { goesOn, type Pause } from "./pause.ts";

/** How long nothing may be marked before marks are looked at, ms: an editor that saves makes several marks at once. */
export const quietMs = 300;

/** A mark never waits longer than this for quiet, ms. */
export const unquietMsMax = 2_000;

/** Time between two looks at everything, ms (S23). */
export const fullScanIntervalMs = 3_600_000;

/** The same where nothing tells of changes, ms (S108). */
export const unwatchedIntervalMs = 300_000;

/** What is known when it is decided what comes next; all times in ms since 1970. */
export type Moment = {
  readonly now: number;
  /** The first and the last mark since the last look began (S2). */
  readonly markedAt: { readonly first: number; readonly last: number } | undefined;
  /** The server told of a change, or nobody has asked it yet. */
  readonly isRemoteChanged: boolean;
  /** When the last look at everything began; undefined before the first. */
  readonly lookedAt: number | undefined;
  /** Whether something tells of every change on the disk. */
  readonly isWatched: boolean;
  /** After trouble nothing is tried in it. */
  readonly pause: Pause | undefined;
  /** When what was left aside is to be tried again. */
  readonly revisitAt: number | undefined;
};

/** What comes next. */
export type Next =
  | {
      readonly kind: "look";
      /** At everything, or only at what was marked. */
      readonly where: "everything" | "marked";
    }
  | { readonly kind: "wait"; readonly until: number };

/** Decide what comes next. Pure; a mark, an answer of the server and the clock only make it be asked again (S2, S23). */
export function nextStep(moment: Moment): Next {
  const { now, pause } = moment;
  if (pause !== undefined && goesOn(pause, now)) return { kind: "wait", until: pause.until };
  const wholeAt = wholeLookAt(moment);
  if (wholeAt <= now) return { kind: "look", where: "everything" };
  const markedAt = markedLookAt(moment);
  if (markedAt <= now) return { kind: "look", where: "marked" };
  return { kind: "wait", until: Math.min(wholeAt, markedAt) };
}

/** A look that began later than now began before the clock went back: how long ago nobody can tell (S23). */
function wholeLookAt({ lookedAt, isWatched, now }: Moment): number {
  if (lookedAt === undefined || lookedAt > now) return Number.NEGATIVE_INFINITY;
  return lookedAt + (isWatched ? fullScanIntervalMs : unwatchedIntervalMs);
}

/** A mark from later than now is one from before the clock went back. */
function markedLookAt({ markedAt, isRemoteChanged, revisitAt, now }: Moment): number {
  if (isRemoteChanged || (markedAt?.first ?? now) > now) return Number.NEGATIVE_INFINITY;
  const settled =
    markedAt === undefined
      ? Number.POSITIVE_INFINITY
      : Math.min(markedAt.last + quietMs, markedAt.first + unquietMsMax);
  return Math.min(settled, revisitAt ?? Number.POSITIVE_INFINITY);
}
