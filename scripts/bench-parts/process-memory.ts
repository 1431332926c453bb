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

/** A command that was run. */
export type MeasuredRun = {
  readonly peak: number;
  readonly milliseconds: number;
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
  const started = performance.now();
  const child = spawn(process.execPath, [launcher, ...words], {
    cwd,
    env: { ...process.env, NO_COLOR: "1", SNAP_HOME: home },
    stdio: ["ignore", "ignore", "pipe"],
  });
  const ended = new Promise<number | null>((resolve, reject) => {
    child.once("error", reject);
    child.once("exit", resolve);
  });
  let peak = 0;
  const marks: Mark[] = [];
  const said: string[] = [];
  const look = (): void => {
    try {
      peak = Math.max(peak, memoryOf(child.pid).peak || 0);
    } catch {
      // It has just ended.
    }
  };
  const looking = setInterval(look, lookMs);
  createInterface({ input: child.stderr }).on("line", (line) => {
    look();
    said.push(line);
    const [, step, done] = /^(\w+) (\d+)/u.exec(line) ?? [];
    if (step !== undefined) marks.push({ step, done: Number(done), peak });
  });
  const code = await ended;
  clearInterval(looking);
  if (code !== 0) throw new Error(`snap ${words.join(" ")} ended with ${code}\n${said.join("\n")}`);
  return { peak, milliseconds: performance.now() - started, marks };
}
