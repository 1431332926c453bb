import {
  reportOf,
  type Ending,
  type LeftItem,
  type RestoreReport,
} from "../core/snapshot/restore-report.ts";
import {
  recoveryStepOf,
  type RestoreRow,
  type RestoreState,
} from "../core/snapshot/restore-state.ts";
import type { HookOutcome } from "../core/plan/sync-report.ts";
import type { EngineControl } from "../ports.ts";
import { isSnapError, SnapError, type ExitCode } from "../std/error.ts";
import { notedItems, push, verifyRemote, type Confirmation } from "./confirm.ts";
import type { Order } from "./draft.ts";
import { handOver } from "./hand-over.ts";
import type { Run } from "./run.ts";
import { serve } from "./serve.ts";
import { startAnew } from "./start-anew.ts";
import { verifyAnew } from "./verify-anew.ts";

/**
 * Bring a restore whose local part is done to its end: serve, hand over, push, verify, report. Where there is no link the local part
 * is all (T29). Where Dropbox cannot be reached, the state stays, the report says so (exit 4), and the next start goes on (T27).
 */
export async function conclude(run: Run, again: OrderAgain): Promise<RestoreReport> {
  const { engine } = run.deps;
  if (engine === undefined) return await end(run, nothingFound);
  if (recoveryStepOf[run.row.state] === "hand-over") {
    const trouble = await unreached(() =>
      run.isDocumented ? startAnew(run, engine) : serve(run, engine),
    );
    if (trouble !== undefined) return await pending(run, trouble.message);
    if (!run.isDocumented) await handOver(run, engine);
  }
  try {
    // The engine moves nothing before the choice is settled (S118).
    const choice = choiceOf(run.row);
    if (choice !== undefined) await run.deps.rollback?.accept(choice);
    return await pushAndVerify(run, engine, again);
  } catch (error) {
    if (error instanceof SnapError && error.exit === 7) return await pending(run, error.message);
    if (!isSnapError(error, "rolled-back")) throw error;
    // Somebody put the disk back meanwhile: which side is wanted is asked anew, and this restore has no more to say.
    return await end(run, { ...nothingFound, left: [unpushed(error.message)] });
  }
}

/** The disk is restored, and Dropbox is left to the next command that may ask it (T27). */
export async function putOff(run: Run): Promise<RestoreReport> {
  return await pending(run, "Dropbox was left out (--offline)");
}

/** The order of a restore, to make its plan once more. */
export type OrderAgain = () => Promise<Order>;

/** What keeps Dropbox from being reached. */
async function unreached(act: () => Promise<void>): Promise<SnapError | undefined> {
  try {
    await act();
  } catch (error) {
    if (error instanceof SnapError && error.exit === 7) return error;
    throw error;
  }
  return undefined;
}

/** A rollback has the choice where another restore names its snapshot; a first sync settles no rollback (S44). */
function choiceOf({ kind, snapshot }: RestoreRow): "keep" | "discard" | undefined {
  if (kind !== "rollback" || snapshot === "push" || snapshot === "pull") return undefined;
  return snapshot === "keep" ? "keep" : "discard";
}

const nothingFound: Confirmation = { late: [], left: [], wrong: [], rows: [] };

async function pushAndVerify(
  run: Run,
  engine: EngineControl,
  again: OrderAgain,
): Promise<RestoreReport> {
  const pushed = run.row.state === "handed" ? await push(run, engine) : undefined;
  if (pushed?.exit === 7) {
    return await pending(run, pushed.left[0]?.reason ?? "Dropbox cannot be reached");
  }
  const confirmation = run.isDocumented
    ? await verifyAnew(run, engine, { order: await again(), pushed })
    : await verifyRemote(run, engine, pushed);
  return await end(run, confirmation);
}

/** Done on the disk, still to be pushed. */
async function pending(run: Run, reason: string): Promise<RestoreReport> {
  const left = unpushed(reason);
  const report = reportOf(run.row);
  run.deps.onEvent({ type: "left", ...left });
  const whole = { ...report, left: [...report.left, left], exit: 4 as const };
  return await told(run, whole, "partial");
}

/** The end, once the programs behind it have run. Of one that fails the user hears; the files stay (T43). */
async function told(run: Run, report: RestoreReport, outcome: HookOutcome): Promise<RestoreReport> {
  const { deps } = run;
  const failure = await deps.hooks(run.row).after(outcome);
  const whole = failure === undefined ? report : withFailedHook(report, failure);
  if (failure !== undefined) deps.onEvent({ type: "warning", message: failure });
  deps.onEvent({ type: "result", report: whole });
  return whole;
}

function withFailedHook(report: RestoreReport, reason: string): RestoreReport {
  const left: LeftItem = { path: "", side: "local", reason };
  return { ...report, left: [...report.left, left], exit: report.exit === 0 ? 4 : report.exit };
}

function unpushed(reason: string): LeftItem {
  return { path: "", side: "remote", reason: `not pushed yet: ${reason}` };
}

async function end(run: Run, { late, left, wrong, rows }: Confirmation): Promise<RestoreReport> {
  const { deps, id } = run;
  await deps.local.removeArea({ kind: "staging", id });
  const failed = wrong.map(
    (path) => ({ path, side: "remote", reason: "the verification failed" }) as const,
  );
  const all = [...run.facts.left, ...notedItems(run.items), ...left, ...failed];
  const exit: ExitCode = wrong.length > 0 ? 5 : all.length + late.length > 0 ? 4 : 0;
  for (const path of late) deps.onEvent({ type: "late", path });
  for (const item of all) deps.onEvent({ type: "left", ...item });
  run.deps.index.transaction(() => {
    deps.journal.putItems(rows);
    run.note({ late: [...late] });
  });
  const state = exit === 0 ? "done" : "partial";
  finish(run, { state, left: all, exit });
  return await told(run, reportOf(run.row), state);
}

/** Write the end into the journal. */
export function finish(
  run: Run,
  end: {
    readonly state: RestoreState;
    readonly left: readonly LeftItem[];
    readonly exit: Ending["exit"];
  },
): void {
  const { journal, clock } = run.deps;
  const ending: Ending = { endedAt: clock.now(), exit: end.exit };
  run.enter(end.state, () => {
    run.note({ left: [...end.left] });
    journal.putRestore({ ...run.row, report: JSON.stringify(ending) });
  });
}
