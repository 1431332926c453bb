import { SnapError } from "../std/error.ts";
import { fired } from "../std/fired.ts";
import type { Logger } from "../std/log.ts";
import type { Clock } from "../std/time.ts";
import { thrownError, type WorkerMessage } from "./link.ts";
import { beatMs, Pulse, silentTicksMax } from "./pulse.ts";

/** How long a worker may take to end at an op, ms; then it gets SIGTERM. */
export const cleanEndMs = 30_000;

/** How long it may take after that, ms; then it is killed, which loses nothing, since every step is crash-safe. */
export const termEndMs = 10_000;

/** Wait before a worker is started again after a crash, ms: doubled with each one in a row, up to the bound. */
const restartFirstMs = 1_000;
const restartMaxMs = 60_000;

/** A worker that ran so long, ms, did not crash because of how it was started. */
const steadyMs = 600_000;

/** A process that does the work. */
export interface WorkerProcess {
  readonly pid: number | undefined;
  /** How it ended, in words. */
  readonly ended: Promise<string>;
  /** Ask it to end. */
  stop(): void;
  kill(signal: "SIGTERM" | "SIGKILL"): void;
}

/** What a supervisor needs. */
export type SupervisorOptions = {
  readonly startWorker: (onMessage: (message: WorkerMessage) => void) => WorkerProcess;
  readonly clock: Clock;
  readonly logger: Logger;
  /** Fires when everything is to end. */
  readonly signal: AbortSignal;
  /** The first worker answers. */
  readonly onReady: () => void;
};

/**
 * Watch over a worker until it ends because somebody asked for that; start it again after a crash, for ever. One that gives no sign
 * of life for 10 minutes is killed, and that is a crash like any other.
 *
 * @throws {SnapError} why the first one could not start; then nothing runs
 */
export async function supervise(options: SupervisorOptions): Promise<void> {
  const { clock, logger, signal } = options;
  let hasStarted = false;
  let crashes = 0;
  while (!signal.aborted) {
    const startedAt = clock.now();
    const run = await runOnce(options, hasStarted ? () => {} : options.onReady);
    if (run.isWanted) return;
    if (!hasStarted && !run.wasReady) throw run.error ?? died(run.how);
    hasStarted = true;
    crashes = clock.now() - startedAt > steadyMs ? 1 : crashes + 1;
    const delayMs = Math.min(restartMaxMs, restartFirstMs * 2 ** Math.min(crashes - 1, 10));
    logger.error("the worker has ended and is started again", { how: run.how, delayMs });
    await sleepUnless(signal, clock, delayMs);
  }
}

type Run = {
  readonly how: string;
  readonly wasReady: boolean;
  readonly isWanted: boolean;
  readonly error: SnapError | undefined;
};

async function runOnce(options: SupervisorOptions, onReady: () => void): Promise<Run> {
  const { startWorker, signal } = options;
  const ending = new AbortController();
  const pulse = new Pulse();
  let wasReady = false;
  let error: SnapError | undefined;
  const worker = startWorker((message) => {
    pulse.beat();
    if (message.type === "stopping") ending.abort();
    else if (message.type === "failed") error = thrownError(message.error);
    else if (message.type === "ready") {
      wasReady = true;
      onReady();
    }
  });
  const stop = (): void => {
    worker.stop();
    ending.abort();
  };
  if (signal.aborted) stop();
  signal.addEventListener("abort", stop, { once: true });
  const escalation = escalate(options, worker, ending.signal);
  const hanging = killIfHung(options, worker, { pulse, signal: ending.signal });
  const how = await worker.ended;
  signal.removeEventListener("abort", stop);
  const isWanted = ending.signal.aborted;
  ending.abort();
  await Promise.all([escalation, hanging]);
  return { how, wasReady, isWanted, error };
}

/** A worker that nothing is heard of is stuck for good. Every step of it is crash-safe, so killing it loses nothing. */
async function killIfHung(
  { clock, logger }: SupervisorOptions,
  worker: WorkerProcess,
  { pulse, signal }: { readonly pulse: Pulse; readonly signal: AbortSignal },
): Promise<void> {
  if (!(await pulse.stopped({ clock, signal }))) return;
  const { pid } = worker;
  logger.error("the worker gives no sign of life and is killed", {
    pid,
    silentMs: silentTicksMax * beatMs,
  });
  worker.kill("SIGKILL");
}

/** A worker that does not come to its end is made to. */
async function escalate(
  { clock, logger }: SupervisorOptions,
  worker: WorkerProcess,
  ending: AbortSignal,
): Promise<void> {
  await fired(ending);
  const ended = new AbortController();
  void worker.ended.then(() => ended.abort());
  await sleepUnless(ended.signal, clock, cleanEndMs);
  if (ended.signal.aborted) return;
  logger.error("the worker does not end and gets SIGTERM", { waitedMs: cleanEndMs });
  worker.kill("SIGTERM");
  await sleepUnless(ended.signal, clock, termEndMs);
  if (ended.signal.aborted) return;
  logger.error("the worker does not end and is killed", { waitedMs: cleanEndMs + termEndMs });
  worker.kill("SIGKILL");
}

/** Rejects for nothing: whoever sleeps looks at the signal. */
async function sleepUnless(signal: AbortSignal, clock: Clock, delayMs: number): Promise<void> {
  try {
    await clock.sleep(delayMs, signal);
  } catch (error) {
    if (!signal.aborted) throw error;
  }
}

function died(how: string): SnapError {
  return new SnapError("unexpected", `The daemon ended before it was ready (${how})`);
}
