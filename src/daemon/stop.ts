import type { Environment } from "../app/environment.ts";
import { findRunFolder, type RunFolder } from "../app/run-folder.ts";
import { runLockHolder, takeRunLock, type RunLock } from "../app/run-lock.ts";
import { isSnapError, SnapError } from "../std/error.ts";
import { answered, daemonClient, isUnanswered } from "./client.ts";
import { isDaemonProcess } from "./processes.ts";
import { cleanEndMs, termEndMs } from "./supervisor.ts";

/** Time between two looks whether a lock is free, ms. */
const pollMs = 50;

/** How a stop went: nothing ran, it ended by itself, or it had to be made to. */
export type Stopped = "was-off" | "clean" | "terminated" | "killed";

/**
 * End the daemon and wait until it has ended: each workspace at the next op. What does not end in time gets SIGTERM, and then
 * SIGKILL, which loses nothing.
 *
 * @throws {SnapError} `refused` where the way to it is not safe; `busy` where a process cannot be ended
 */
export async function stopDaemon(environment: Environment): Promise<Stopped> {
  const run = findRunFolder(environment.locations);
  if (run === undefined || isFree(run)) return "was-off";
  const isAsked = await askToStop(environment);
  if (isAsked && (await isFreeWithin(environment, run, cleanEndMs))) return "clean";
  signalAll(run, "SIGTERM");
  if (await isFreeWithin(environment, run, cleanEndMs + termEndMs)) {
    return isAsked ? "terminated" : "clean";
  }
  signalAll(run, "SIGKILL");
  if (await isFreeWithin(environment, run, termEndMs)) return "killed";
  throw new SnapError("busy", "The daemon does not end, not even when it is killed", {
    path: run.folder,
    hint: "Is its disk stuck? `snap log` tells what it did last.",
  });
}

async function askToStop(environment: Environment): Promise<boolean> {
  const call = { method: "POST", path: "/v1/stop", body: {} } as const;
  const client = daemonClient(environment);
  try {
    await answered(environment.clock, (signal) => client.call({ ...call, signal }));
    return true;
  } catch (error) {
    if (isUnanswered(error)) return false;
    throw error;
  }
}

async function isFreeWithin(
  { clock }: Environment,
  run: RunFolder,
  timeMs: number,
): Promise<boolean> {
  for (let waitedMs = 0; waitedMs < timeMs; waitedMs += pollMs) {
    if (isFree(run)) return true;
    await clock.sleep(pollMs);
  }
  return isFree(run);
}

/** Neither a supervisor nor a worker runs. */
function isFree(run: RunFolder): boolean {
  return isLockFree(run, "supervisor") && isLockFree(run, "worker");
}

function isLockFree(run: RunFolder, name: RunLock): boolean {
  try {
    using _lock = takeRunLock(run, name);
    return true;
  } catch (error) {
    if (isSnapError(error, "busy")) return false;
    throw error;
  }
}

function signalAll(run: RunFolder, signal: "SIGTERM" | "SIGKILL"): void {
  for (const name of ["supervisor", "worker"] as const) {
    // What a dead one noted is not believed: the number may be another's by now.
    const holder = isLockFree(run, name) ? undefined : runLockHolder(run, name);
    if (holder !== undefined && isDaemonProcess(holder.pid)) process.kill(holder.pid, signal);
  }
}
