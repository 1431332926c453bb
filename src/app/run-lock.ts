import { join } from "node:path";
import {
  isLockHeld,
  lockHolder,
  takeLock,
  type LockHolder,
  type ProcessLock,
} from "../state/process-lock.ts";
import type { RunFolder } from "./run-folder.ts";

/** The locks of the daemon: one for the process that watches over it, one for the one that does the work. */
export type RunLock = "supervisor" | "worker";

/** Take a lock of the run folder. @throws {SnapError} `busy` where another process has it */
export function takeRunLock({ folder }: RunFolder, name: RunLock): ProcessLock {
  return takeLock(lockPath(folder, name), { what: "snap start" });
}

/** Which process holds it, by its own note. */
export function runLockHolder({ folder }: RunFolder, name: RunLock): LockHolder | undefined {
  return lockHolder(lockPath(folder, name));
}

/** Whether a process holds it now. Changes nothing. */
export function isRunLockHeld({ folder }: RunFolder, name: RunLock): boolean {
  return isLockHeld(lockPath(folder, name));
}

function lockPath(folder: string, name: RunLock): string {
  return join(folder, name === "worker" ? "daemon.lock" : "supervisor.lock");
}
