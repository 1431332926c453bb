import { spawn } from "node:child_process";
import { readFileSync } from "node:fs";
import { createInterface } from "node:readline";
import { launcher } from "../../test/support/snap-process.ts";

/** Time between two looks at a process, ms. */
const lookMs = 200;

/** Memory of a process as the system counts it, in MiB. */
export type ProcessMemory = { readonly peak: number; readonly now: number };

/** @throws where there is no such process any more. */
export function memoryOf(pid: number | undefined): ProcessMemory {
  const status = readFileSync(`/proc/${pid}/status`, "utf8");
  const mebibytes = (name: string): number =>
    Math.round(Number(new RegExp(`^${name}:\\s+(\\d+)`, "mu").exec(status)?.[1]) / 1024);
  return { peak: mebibytes("VmHWM"), now: mebibytes("VmRSS") };
}

/** What a command had in memory at most, until it had done so much of a step. */
export type Mark = { readonly step: string; readonly done: number; readonly peak: number };

/** A program that was run. */
export type ProgramRun = { readonly peak: number; readonly milliseconds: number };

/** A command that was run. */
export type MeasuredRun = ProgramRun & {
  /** One for each line of progress that it told. */
  readonly marks: readonly Mark[];
};

/**
 * Run `snap WORDS` to its end and look at its memory from outside, again and again.
 *
 * @throws where it does not end with 0
 */
export async function measuredRun(
  words: readonly string[],
  { home, cwd }: { readonly home: string; readonly cwd: string },
): Promise<MeasuredRun> {
  const marks: Mark[] = [];
  const onLine = (line: string, peak: number): void => {
    const [, step, done] = /^(\w+) (\d+)/u.exec(line) ?? [];
    if (step !== undefined) marks.push({ step, done: Number(done), peak });
  };
  const env = { NO_COLOR: "1", SNAP_HOME: home };
  const run = await measuredProgram(process.execPath, [launcher, ...words], { cwd, env, onLine });
  return { ...run, marks };
}

type ProgramPlace = {
  readonly cwd: string;
  readonly env: Readonly<Record<string, string>>;
  /** Told of what it says, and of what it had in memory at most until then. */
  readonly onLine?: (line: string, peak: number) => void;
};

/**
 * Run a program to its end and look at its memory from outside, again and again.
 *
 * @throws where it does not end with 0
 */
export async function measuredProgram(
  program: string,
  words: readonly string[],
  { cwd, env, onLine }: ProgramPlace,
): Promise<ProgramRun> {
  const started = performance.now();
  const child = spawn(program, words, {
    cwd,
    env: { ...process.env, ...env },
    stdio: ["ignore", "pipe", "pipe"],
  });
  const ended = new Promise<number | null>((resolve, reject) => {
    child.once("error", reject);
    child.once("exit", resolve);
  });
  let peak = 0;
  const said: string[] = [];
  const look = (): void => {
    try {
      peak = Math.max(peak, memoryOf(child.pid).peak || 0);
    } catch {
      // It has just ended.
    }
  };
  const looking = setInterval(look, lookMs);
  let last = "";
  createInterface({ input: child.stdout }).on("line", (line) => (last = line));
  createInterface({ input: child.stderr }).on("line", (line) => {
    look();
    said.push(line);
    onLine?.(line, peak);
  });
  const code = await ended;
  clearInterval(looking);
  if (code === 0) return { peak, milliseconds: performance.now() - started };
  throw new Error(`${program} ${words.join(" ")} ended with ${code}\n${said.join("\n")}\n${last}`);
}
