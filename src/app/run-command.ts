import { spawn, type ChildProcess } from "node:child_process";
import { textOfTime } from "../core/quantity.ts";
import type { Clock } from "../std/time.ts";

/** How long a program may take to end after it was told to, ms. */
const endingMs = 5_000;

/** Time between two looks whether it has ended, ms. */
const pollMs = 50;

/** The end of what a program writes that is kept, characters. */
const outputLengthMax = 4_096;

/** A program of the user. */
export type CommandRun = {
  readonly program: string;
  readonly words: readonly string[];
  readonly folder: string;
  /** All that it gets of the environment. */
  readonly variables: Readonly<Record<string, string>>;
  readonly timeoutMs: number;
  readonly signal: AbortSignal | undefined;
  readonly clock: Clock;
};

/** How it ended; `failure` as the end of a sentence, undefined where it ended well. */
export type CommandEnd = { readonly failure: string | undefined; readonly output: string };

/**
 * Run a program without a shell, and wait for its end. It has a process group of its own: when its time is over, everything that
 * it started and that stayed with it ends, too.
 */
export async function runCommand(run: CommandRun): Promise<CommandEnd> {
  const { timeoutMs, signal, clock } = run;
  if (signal?.aborted === true) return { failure: "was not started", output: "" };
  const child = begin(run);
  if (child instanceof Error) return { failure: cannotBeRun(child), output: "" };
  const output = collect(child);
  const over = new AbortController();
  let stopping: Promise<void> | undefined;
  let reason: string | undefined;
  const stop = (why: string): void => {
    reason ??= why;
    stopping ??= endGroup(child, clock);
  };
  const abort = (): void => stop("was interrupted");
  // A program that is ended at once by a second Ctrl-C leaves nothing running.
  const killNow = (): void => void signalGroup(child, "SIGKILL");
  signal?.addEventListener("abort", abort, { once: true });
  process.once("exit", killNow);
  const limited = clock
    .sleep(timeoutMs, over.signal)
    .then(() => stop(`took longer than ${textOfTime(timeoutMs)}`), ignoreEnd);
  try {
    const ended = await endOf(child);
    return { failure: reason ?? ended, output: output() };
  } finally {
    signal?.removeEventListener("abort", abort);
    over.abort();
    await limited;
    await stopping;
    process.off("exit", killNow);
  }
}

/** Some of what keeps a program from being run, as a list of words that is too long, Node throws at once; the rest it tells later. */
function begin({ program, words, folder, variables }: CommandRun): ChildProcess | Error {
  try {
    return spawn(program, words, {
      cwd: folder,
      env: variables,
      stdio: ["ignore", "pipe", "pipe"],
      detached: true,
    });
  } catch (error) {
    if (error instanceof Error) return error;
    throw error;
  }
}

function cannotBeRun({ message }: Error): string {
  return `cannot be run (${message})`;
}

/** A wait that the end of the program cut short. */
function ignoreEnd(): void {}

/** The last part of what it writes to either of its outputs. */
function collect({ stdout, stderr }: ChildProcess): () => string {
  let text = "";
  for (const stream of [stdout, stderr]) {
    stream?.setEncoding("utf8").on("data", (part: string) => {
      text = (text + part).slice(-outputLengthMax);
    });
  }
  return () => text;
}

/** Not the end of its outputs: something that it left running may keep those. */
function endOf(child: ChildProcess): Promise<string | undefined> {
  return new Promise((resolve) => {
    child.once("error", (error) => resolve(cannotBeRun(error)));
    child.once("exit", (code, signal) => {
      // What is written already arrives with the next turn.
      setImmediate(() => {
        child.stdout?.destroy();
        child.stderr?.destroy();
        resolve(code === 0 ? undefined : `ended with ${signal ?? code ?? "an unknown code"}`);
      });
    });
  });
}

/** End a program and everything that stayed with it: it is asked to, and killed where it takes too long. */
async function endGroup(child: ChildProcess, clock: Clock): Promise<void> {
  let isThere = signalGroup(child, "SIGTERM");
  for (let waitedMs = 0; isThere && waitedMs < endingMs; waitedMs += pollMs) {
    await clock.sleep(pollMs);
    isThere = signalGroup(child, 0);
  }
  if (isThere) signalGroup(child, "SIGKILL");
}

/** @param signal 0 only asks @returns whether anything is left of its group */
function signalGroup({ pid }: ChildProcess, signal: NodeJS.Signals | 0): boolean {
  if (pid === undefined) return false;
  try {
    return process.kill(-pid, signal);
  } catch {
    // It has just ended by itself.
    return false;
  }
}
