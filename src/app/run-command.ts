import { spawn, type ChildProcess } from "node:child_process";
import { textOfTime } from "../core/quantity.ts";
import type { Clock } from "../std/time.ts";

/** How long a program may take to end after it was told to, ms. */
const endingMs = 5_000;

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
  const { program, words, folder, variables, timeoutMs, signal, clock } = run;
  if (signal?.aborted === true) return { failure: "was not started", output: "" };
  const child = spawn(program, words, {
    cwd: folder,
    env: variables,
    stdio: ["ignore", "pipe", "pipe"],
    detached: true,
  });
  const output = collect(child);
  const over = new AbortController();
  let stopped: string | undefined;
  const stop = async (why: string): Promise<void> => {
    stopped ??= why;
    endGroup(child, "SIGTERM");
    await clock.sleep(endingMs, over.signal);
    endGroup(child, "SIGKILL");
  };
  const limit = async (): Promise<void> => {
    await clock.sleep(timeoutMs, over.signal);
    await stop(`took longer than ${textOfTime(timeoutMs)}`);
  };
  const abort = (): void => void stop("was interrupted").catch(ignoreEnd);
  signal?.addEventListener("abort", abort, { once: true });
  const limited = limit().catch(ignoreEnd);
  try {
    const ended = await endOf(child);
    return { failure: stopped ?? ended, output: output() };
  } finally {
    signal?.removeEventListener("abort", abort);
    over.abort();
    await limited;
  }
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
    child.once("error", (error) => resolve(`cannot be run (${error.message})`));
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

function endGroup({ pid }: ChildProcess, signal: NodeJS.Signals): void {
  if (pid === undefined) return;
  try {
    process.kill(-pid, signal);
  } catch {
    // It has just ended by itself.
  }
}
