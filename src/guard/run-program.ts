import { spawn, type ChildProcess } from "node:child_process";
import type { Clock } from "../std/time.ts";
import { watchMemory } from "./program-memory.ts";

/** A program to be run, and how long it may take. */
export type ProgramRun = {
  /** Absolute path. */
  readonly file: string;
  readonly words: readonly string[];
  /** Its whole environment: nothing is inherited. */
  readonly env: Readonly<Record<string, string>>;
  readonly cwd: string;
  readonly input?: Uint8Array;
  /** Of its output; beyond them it is stopped. */
  readonly bytesMax: number;
  /** ms since 1970; it is stopped then. */
  readonly deadline: number;
  /** Of its memory, where another bound than the usual one holds; beyond it is stopped. */
  readonly memoryMax?: number | undefined;
  readonly clock: Clock;
  readonly signal?: AbortSignal | undefined;
};

/** How a run ended. Only `exited` has a code, and only then is the output whole. */
export type ProgramEnd = {
  readonly end: "exited" | "budget" | "too-much" | "memory" | "interrupted" | "not-started";
  readonly code: number | undefined;
  readonly stdout: Buffer;
  /** At most its first 64 KiB. */
  readonly stderr: string;
};

const stderrBytesMax = 64 * 1024;

/** What a program may hold in memory by itself, bytes; its own files do not count. */
export const programMemoryMax: number = 224 * 1024 * 1024;

/** A longer one would not be a delay to Node's timers. */
const delayMsMax = 2 ** 31 - 1;

/**
 * Run a program to its end, without a shell. It is a process group of its own, and stopped with whatever it started. A program
 * that fails is no error here: the caller reads how it ended.
 */
export async function runProgram(run: ProgramRun): Promise<ProgramEnd> {
  const { clock, deadline, signal } = run;
  if (signal?.aborted === true) return neverStarted("interrupted");
  if (clock.now() >= deadline) return neverStarted("budget");
  const over = new AbortController();
  const child = start(run);
  const ended = collect(child, run);
  const onAbort = (): void => ended.stop("interrupted");
  signal?.addEventListener("abort", onAbort, { once: true });
  clock.sleep(Math.min(deadline - clock.now(), delayMsMax), over.signal).then(
    () => ended.stop("budget"),
    // The program was sooner.
    () => undefined,
  );
  using _watching = watchMemory(child.pid, run.memoryMax ?? programMemoryMax, () =>
    ended.stop("memory"),
  );
  try {
    return await ended.result;
  } finally {
    over.abort();
    signal?.removeEventListener("abort", onAbort);
  }
}

function neverStarted(end: ProgramEnd["end"]): ProgramEnd {
  return { end, code: undefined, stdout: Buffer.alloc(0), stderr: "" };
}

function start({ file, words, env, cwd, input }: ProgramRun): ChildProcess {
  const child = spawn(file, [...words], {
    cwd,
    env,
    shell: false,
    detached: true,
    stdio: [input === undefined ? "ignore" : "pipe", "pipe", "pipe"],
  });
  // A program may end without reading all of its input.
  child.stdin?.on("error", () => undefined);
  child.stdin?.end(input);
  return child;
}

type Collected = {
  readonly result: Promise<ProgramEnd>;
  readonly stop: (end: ProgramEnd["end"]) => void;
};

function collect(child: ChildProcess, { bytesMax }: ProgramRun): Collected {
  const stdout: Buffer[] = [];
  const stderr: Buffer[] = [];
  let [outBytes, errBytes] = [0, 0];
  let end: ProgramEnd["end"] = "exited";
  const stop = (why: ProgramEnd["end"]): void => {
    if (end === "exited") end = why;
    killGroup(child);
    // What it started may have left the group with our ends of its output open: nobody waits for that.
    if (hasEnded(child)) closeOutput(child);
  };
  child.once("exit", () => {
    if (end !== "exited") closeOutput(child);
  });
  child.stdout?.on("data", (piece: Buffer) => {
    const room = bytesMax - outBytes;
    if (room > 0) stdout.push(piece.subarray(0, room));
    outBytes += piece.length;
    if (outBytes > bytesMax) stop("too-much");
  });
  child.stderr?.on("data", (piece: Buffer) => {
    if (errBytes < stderrBytesMax) stderr.push(piece);
    errBytes += piece.length;
  });
  const result = new Promise<ProgramEnd>((resolve) => {
    const finish = (code: number | null): void =>
      resolve({
        end,
        code: end === "exited" ? (code ?? undefined) : undefined,
        stdout: Buffer.concat(stdout),
        stderr: Buffer.concat(stderr).subarray(0, stderrBytesMax).toString("utf8"),
      });
    child.once("error", () => {
      if (child.pid !== undefined) return;
      end = "not-started";
      finish(null);
    });
    child.once("close", (code) => finish(code));
  });
  return { result, stop };
}

function hasEnded({ exitCode, signalCode }: ChildProcess): boolean {
  return exitCode !== null || signalCode !== null;
}

function closeOutput({ stdout, stderr }: ChildProcess): void {
  stdout?.destroy();
  stderr?.destroy();
}

/** Also when the program itself is over: what it started has its number as that of the group, which nobody else gets meanwhile. */
function killGroup(child: ChildProcess): void {
  if (child.pid === undefined) return;
  try {
    process.kill(-child.pid, "SIGKILL");
  } catch {
    // The group is gone already.
    child.kill("SIGKILL");
  }
}
