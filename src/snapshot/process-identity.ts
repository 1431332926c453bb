import { readFile, readlink } from "node:fs/promises";
import { hostname } from "node:os";
import { systemCode } from "../std/error.ts";

/** A process that can be told from every other one, before and after a restart of the machine (N30). */
export type ProcessIdentity = {
  readonly host: string;
  readonly pid: number;
  /** Changes with every start of the machine; "" where the system does not tell. */
  readonly boot: string;
  /** Which processes a pid is counted among: containers have their own; "" where the system does not tell. */
  readonly pids: string;
  /** Start of the process in ticks since the machine's start; "" where the system does not tell. */
  readonly started: string;
};

/** This process. */
export async function ownIdentity(): Promise<ProcessIdentity> {
  return {
    host: hostname(),
    pid: process.pid,
    boot: await textOf("/proc/sys/kernel/random/boot_id"),
    pids: await readlink("/proc/self/ns/pid").catch(() => ""),
    started: await startOf(process.pid),
  };
}

/** Whether the process that a lock names is still there; undefined where this process cannot know. */
export async function isAlive(
  other: ProcessIdentity,
  own: ProcessIdentity,
): Promise<boolean | undefined> {
  if (other.host !== own.host) return undefined;
  if (other.boot !== own.boot) return false;
  if (other.pids !== own.pids) return undefined;
  if (!isRunning(other.pid)) return false;
  const started = await startOf(other.pid);
  return started === other.started;
}

function isRunning(pid: number): boolean {
  try {
    process.kill(pid, 0);
    return true;
  } catch (error) {
    // A process of another user may not be asked, but is there.
    return systemCode(error) === "EPERM";
  }
}

/** Field 22 of /proc/PID/stat (proc_pid_stat(5)); the name in field 2 may hold spaces and brackets. */
async function startOf(pid: number): Promise<string> {
  const stat = await textOf(`/proc/${pid}/stat`);
  return stat.slice(stat.lastIndexOf(")") + 2).split(" ")[19] ?? "";
}

/** A file of /proc without its line feed; "" on a system that has none. */
async function textOf(path: string): Promise<string> {
  return (await readFile(path, "utf8").catch(() => "")).trim();
}
