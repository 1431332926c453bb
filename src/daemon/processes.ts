import { fork, spawn, type ChildProcess } from "node:child_process";
import { closeSync, constants, openSync, readFileSync } from "node:fs";
import { createInterface } from "node:readline";
import type { Readable } from "node:stream";
import { describeError, systemCode } from "../std/error.ts";
import type { Logger } from "../std/log.ts";
import type { SupervisorMessage, WorkerMessage } from "./link.ts";
import { logPath, logTrouble } from "./log-file.ts";
import type { WorkerProcess } from "./supervisor.ts";

/** Names the descriptor on which a supervisor tells whether it could start. */
export const readyVariable = "SNAP_READY_FD";

/** How this program is started. */
export type Program = {
  /** The launcher, absolute. */
  readonly launcher: string;
  /** Of the processes that are started. */
  readonly variables: Readonly<Record<string, string | undefined>>;
};

/** Start the process that does the work; what it prints goes to the log. */
export function startWorker(
  { launcher, variables }: Program,
  logger: Logger,
  onMessage: (message: WorkerMessage) => void,
): WorkerProcess {
  const child = fork(launcher, ["start", "--worker"], {
    cwd: "/",
    env: { ...variables, [readyVariable]: undefined },
    stdio: ["ignore", "pipe", "pipe", "ipc"],
  });
  for (const stream of [child.stdout, child.stderr]) {
    if (stream !== null) logLines(stream, logger);
  }
  // oxlint-disable-next-line typescript/no-unsafe-type-assertion -- both ends of the channel are this program
  child.on("message", (message) => onMessage(message as WorkerMessage));
  return {
    pid: child.pid,
    ended: endOf(child),
    stop: () => {
      const message: SupervisorMessage = { type: "stop" };
      // A worker that has closed the channel is about to end.
      if (child.connected) child.send(message, () => {});
    },
    kill: (signal) => void child.kill(signal),
  };
}

function logLines(stream: Readable, logger: Logger): void {
  createInterface({ input: stream }).on("line", (line) =>
    logger.error("the worker says", { line }),
  );
}

function endOf(child: ChildProcess): Promise<string> {
  return new Promise((resolve) => {
    child.on("error", (error) => resolve(describeError(error)));
    child.on("exit", (code, signal) => resolve(signal ?? `exit code ${code}`));
  });
}

/**
 * Start a supervisor that outlives this process: a session of its own, its errors in the log.
 *
 * @returns the line by which it tells how it went; undefined where it ended without a word, or the signal fires first
 */
export async function startDetached(
  { launcher, variables }: Program,
  { logFolder, signal }: { readonly logFolder: string; readonly signal: AbortSignal },
): Promise<string | undefined> {
  const log = openForErrors(logPath(logFolder));
  const child = spawn(process.execPath, [launcher, "start", "--foreground", "--quiet"], {
    cwd: "/",
    env: { ...variables, [readyVariable]: "3" },
    detached: true,
    stdio: ["ignore", "ignore", log, "pipe"],
  });
  closeSync(log);
  child.unref();
  // oxlint-disable-next-line typescript/no-unsafe-type-assertion -- a pipe that this process reads
  const ready = child.stdio[3] as Readable;
  const failed = new Promise<undefined>((resolve) => {
    child.once("error", () => resolve(undefined));
    signal.addEventListener("abort", () => resolve(undefined), { once: true });
  });
  try {
    return await Promise.race([failed, firstLine(ready)]);
  } finally {
    // It would keep this process alive.
    ready.destroy();
  }
}

function openForErrors(path: string): number {
  const { O_APPEND, O_CREAT, O_WRONLY, O_NOFOLLOW, O_NONBLOCK } = constants;
  try {
    return openSync(path, O_APPEND | O_CREAT | O_WRONLY | O_NOFOLLOW | O_NONBLOCK, 0o600);
  } catch (error) {
    throw logTrouble(error, path);
  }
}

async function firstLine(stream: Readable): Promise<string | undefined> {
  for await (const line of createInterface({ input: stream })) return line;
  return undefined;
}

/** Whether a process is one of this program that was started with `snap start`: a number may belong to another one by now. */
export function isDaemonProcess(pid: number): boolean {
  try {
    process.kill(pid, 0);
    return readFileSync(`/proc/${pid}/cmdline`, "utf8").split("\0").includes("start");
  } catch (error) {
    const code = systemCode(error);
    // A system without /proc: the lock, which is held, is the proof.
    return code === "ENOENT" && process.platform !== "linux";
  }
}
