/** Calls that carry bytes in one direction: at once at first, and at most. */
const parallelFirst = 8;
const parallelMax = 16;

/** A window is measured over so many calls for each one that may run, and at least so long. */
const callsPerLane = 2;
const windowMinMs = 250;

/** More lanes are worth it while they bring this much more. */
const growthMin = 1.05;

/** Windows without another attempt after one that brought nothing, or after the server asked for less. */
const restWindows = 8;

/** How many calls carry bytes at once, and what was measured for that. */
export type Pace = {
  readonly parallel: number;
  /** Bytes that one call carries in a ms, the last calls counting most; undefined before the first. */
  readonly callRate: number | undefined;
  /** Bytes in a ms that another lane has to beat; undefined where none was measured. */
  readonly rate: number | undefined;
  /** Whether the last window began with another lane. */
  readonly isTrying: boolean;
  readonly rests: number;
  readonly window: Window | undefined;
  /** When the server last asked for less, ms. */
  readonly halvedAt: number | undefined;
};

type Window = { readonly since: number; readonly bytes: number; readonly calls: number };

/** A call that came to its end; times are ms of one clock. */
export type CallEnd = {
  readonly begunAt: number;
  readonly endedAt: number;
  readonly bytes: number;
  /** Whether every lane was in use: else the window says nothing about lanes. */
  readonly isBusy: boolean;
};

/** Before anything is known of the connection. */
export const firstPace: Pace = {
  parallel: parallelFirst,
  callRate: undefined,
  rate: undefined,
  isTrying: false,
  rests: 0,
  window: undefined,
  halvedAt: undefined,
};

/** One more lane while throughput grows; back by one where it does not, and after a rest it is tried again (S107). */
export function afterCall(before: Pace, call: CallEnd): Pace {
  const pace = { ...before, callRate: callRateAfter(before, call) };
  if (!call.isBusy) return { ...pace, window: undefined };
  const { since, bytes, calls } = pace.window ?? { since: call.begunAt, bytes: 0, calls: 0 };
  const window = { since, bytes: bytes + call.bytes, calls: calls + 1 };
  const elapsedMs = call.endedAt - since;
  const isOver = window.calls >= callsPerLane * pace.parallel && elapsedMs >= windowMinMs;
  if (!isOver) return { ...pace, window };
  return afterWindow(pace, { rate: window.bytes / elapsedMs, endedAt: call.endedAt });
}

/** A clock that stands still, or was put back, measures nothing. */
function callRateAfter(
  { callRate }: Pace,
  { begunAt, endedAt, bytes }: CallEnd,
): number | undefined {
  if (endedAt <= begunAt) return callRate;
  const rate = bytes / (endedAt - begunAt);
  return callRate === undefined ? rate : (3 * callRate + rate) / 4;
}

function afterWindow(pace: Pace, ended: { readonly rate: number; readonly endedAt: number }): Pace {
  const { parallel, rests } = pace;
  const { rate } = ended;
  const window = { since: ended.endedAt, bytes: 0, calls: 0 };
  const measured = { ...pace, window, rate };
  if (rests > 0) return { ...measured, isTrying: false, rests: rests - 1 };
  if (pace.isTrying && rate < (pace.rate ?? 0) * growthMin) {
    return { ...measured, parallel: parallel - 1, isTrying: false, rests: restWindows };
  }
  const isTrying = parallel < parallelMax;
  return { ...measured, parallel: isTrying ? parallel + 1 : parallel, isTrying };
}

/** Half the lanes after a 429, once for all the calls that were under way when it came (S84). */
export function afterThrottle(
  pace: Pace,
  { begunAt, endedAt }: Pick<CallEnd, "begunAt" | "endedAt">,
): Pace {
  if (pace.halvedAt !== undefined && begunAt <= pace.halvedAt) return pace;
  const parallel = Math.max(1, Math.floor(pace.parallel / 2));
  return {
    ...pace,
    parallel,
    window: undefined,
    isTrying: false,
    rests: restWindows,
    halvedAt: endedAt,
  };
}

const mebi = 1024 * 1024;

/** A part of a large file is made of whole blocks, at least of one, and at most of so many. */
const blockBytes = 4 * mebi;
const partBlocksMax = 8;

/** What one call should carry up: as many blocks as one call carries in a second, since what is lost is sent again. */
export function partBytes({ callRate = 0 }: Pace): number {
  const blocks = Math.floor((callRate * 1_000) / blockBytes);
  return blockBytes * Math.min(Math.max(1, blocks), partBlocksMax);
}

/** What one call should fetch: 4 MiB, or less where that would take more than a second, since what is lost is fetched again. */
export function pieceBytes({ callRate }: Pace): number {
  const perSecond = callRate === undefined ? 4 * mebi : callRate * 1_000;
  if (perSecond >= 4 * mebi) return 4 * mebi;
  return perSecond >= 2 * mebi ? 2 * mebi : mebi;
}
