import { writeSync, closeSync } from "node:fs";
import type { Environment } from "../app/environment.ts";
import { makeRunFolder, type RunFolder } from "../app/run-folder.ts";
import { takeRunLock } from "../app/run-lock.ts";
import { isSnapError, SnapError, throwIfAborted } from "../std/error.ts";
import { answered, daemonClient, isUnanswered } from "./client.ts";
import { thrownError, toldError, type ToldError } from "./link.ts";
import { logPath, openLog } from "./log-file.ts";
import { readyVariable, startDetached, startWorker, type Program } from "./processes.ts";
import { asFailure } from "./control-call.ts";
import { supervise } from "./supervisor.ts";
import type { DaemonStatus } from "./wire.ts";

/** How long a start waits for another one, or for the end of a daemon that is ending, ms. */
const otherStartMs = 60_000;

/** Time between two looks whether a lock is free, ms. */
const pollMs = 50;

/** How a start went. */
export type Started = {
  readonly status: DaemonStatus;
  /** It ran before. */
  readonly isOld: boolean;
};

/** What a start needs. */
export type StartOptions = {
  /** The launcher of this program, absolute. */
  readonly launcher: string;
  /** Ends the waiting. */
  readonly signal: AbortSignal;
};

/**
 * Start the daemon in the background, unless it runs; it answers when this resolves.
 *
 * @throws {SnapError} why it could not start, and where its log is; `interrupted` by the signal, and then it starts all the same
 */
export async function startDaemon(
  environment: Environment,
  { launcher, signal }: StartOptions,
): Promise<Started> {
  const { locations } = environment;
  makeRunFolder(locations);
  const before = await runningStatus(environment, signal);
  throwIfAborted(signal);
  if (before !== undefined) return { status: before, isOld: true };
  const program = { launcher, variables: ownVariables(environment) };
  const line = await startDetached(program, { logFolder: locations.log, signal });
  throwIfAborted(signal);
  const { isOld } = readyOf(line, locations.log);
  const client = daemonClient(environment);
  return {
    status: await answered(environment.clock, (late) => client.status(late), signal),
    isOld,
  };
}

/** Processes that are started elsewhere find the same home. */
function ownVariables({ variables, locations }: Environment): Program["variables"] {
  const named = variables["SNAP_HOME"];
  return named === undefined || named === ""
    ? variables
    : { ...variables, SNAP_HOME: locations.home };
}

type Ready = { readonly isOld: boolean };

function readyOf(line: string | undefined, logFolder: string): Ready {
  const log = logPath(logFolder);
  if (line === undefined) {
    throw new SnapError("unexpected", "The daemon ended before it was ready", {
      path: log,
      hint: `Its log tells why: "${log}".`,
    });
  }
  // oxlint-disable-next-line typescript/no-unsafe-type-assertion -- both ends of the pipe are this program
  const told = JSON.parse(line) as Ready | { readonly error: ToldError };
  if (!("error" in told)) return told;
  const { hint, ...error } = told.error;
  const where = `The log of the daemon is "${log}".`;
  throw thrownError({ ...error, hint: hint === undefined ? where : `${hint} ${where}` });
}

/** The daemon that answers and is not about to end. @throws {SnapError} `refused` where the way to it is not safe */
async function runningStatus(
  environment: Environment,
  signal: AbortSignal,
): Promise<DaemonStatus | undefined> {
  try {
    const client = daemonClient(environment);
    const ask = (patience: AbortSignal): Promise<DaemonStatus> => client.status(patience);
    const status = await answered(environment.clock, ask, signal);
    return status.isStopping === true ? undefined : status;
  } catch (error) {
    if (isUnanswered(error)) return undefined;
    throw error;
  }
}

/** What is told while a daemon runs in this process. */
export type ForegroundOptions = {
  readonly environment: Environment;
  readonly launcher: string;
  readonly signal: AbortSignal;
  /** It answers; `isOld`: another one does, and this one ends. */
  readonly onReady: (ready: Ready) => void;
};

/**
 * Be the supervisor, until the signal fires or `snap stop` asks for the end. Where another one runs already, nothing is done.
 *
 * @throws {SnapError} why the daemon could not start
 */
export async function runForeground(options: ForegroundOptions): Promise<void> {
  const { environment, launcher, signal } = options;
  const starter = starterPipe(environment);
  try {
    using log = openLog(environment.locations.log, { clock: environment.clock, isGuest: true });
    const run = makeRunFolder(environment.locations);
    using lock = await becomeSupervisor(environment, run, signal);
    const onReady = (isOld: boolean): void => {
      starter.tell({ isOld });
      options.onReady({ isOld });
    };
    if (lock === undefined) {
      onReady(true);
      return;
    }
    const program = { launcher, variables: ownVariables(environment) };
    await supervise({
      startWorker: (onMessage) => startWorker(program, log, onMessage),
      clock: environment.clock,
      logger: log,
      signal,
      onReady: () => onReady(false),
    });
  } catch (error) {
    starter.tell({ error: toldError(asFailure(error)) });
    throw error;
  }
}

type StarterPipe = { tell(message: Ready | { readonly error: ToldError }): void };

/** The pipe to the `snap start` that waits for this process; told once, and then closed. */
function starterPipe({ variables }: Environment): StarterPipe {
  let file = /^\d$/u.test(variables[readyVariable] ?? "")
    ? Number(variables[readyVariable])
    : undefined;
  return {
    tell: (message) => {
      if (file === undefined) return;
      try {
        writeSync(file, `${JSON.stringify(message)}\n`);
        closeSync(file);
      } catch {
        // Whoever waited has gone: the daemon runs all the same.
      }
      file = undefined;
    },
  };
}

/** The lock of the supervisor; undefined where another one has it, and its daemon answers. */
async function becomeSupervisor(
  environment: Environment,
  run: RunFolder,
  signal: AbortSignal,
): Promise<Disposable | undefined> {
  const { clock } = environment;
  // A daemon that hangs takes its time with each answer.
  for (const until = clock.now() + otherStartMs; ;) {
    try {
      return takeRunLock(run, "supervisor");
    } catch (error) {
      if (!isSnapError(error, "busy") || clock.now() >= until || signal.aborted) throw error;
    }
    if ((await runningStatus(environment, signal)) !== undefined) return undefined;
    await clock.sleep(pollMs);
  }
}
