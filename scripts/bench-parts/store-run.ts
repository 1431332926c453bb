import { spawn } from "node:child_process";
import { readFileSync } from "node:fs";
import { memoryOf } from "./process-memory.ts";
import { median } from "./table.ts";

/** Time between two looks at the memory of a program, ms. */
const lookMs = 20;

/** What one run of a program took: ms of the clock, ms of the processor, and MiB at its peak. */
export type RunCost = { readonly wall: number; readonly cpu: number; readonly peak: number };

/** The same, with what it printed. */
export type MeasuredCommand = RunCost & { readonly said: string };

/** A program with its words, and what it needs to know. */
export type Command = {
  readonly words: readonly string[];
  readonly cwd: string;
  readonly env: Readonly<Record<string, string>>;
};

/** Run a program to its end. The shell around it tells its processor time. @throws where it does not end with 0 */
export async function runMeasured({ words, cwd, env }: Command): Promise<MeasuredCommand> {
  const started = performance.now();
  const shell = ["-c", '"$@"; code=$?; times >&3; exit $code', "sh", ...words];
  const stdio = ["ignore", "pipe", "pipe", "pipe"] as const;
  const child = spawn("/bin/sh", shell, {
    cwd,
    env: { ...process.env, ...env },
    stdio: [...stdio],
  });
  const said = ["", "", "", ""];
  for (const at of [1, 2, 3]) {
    child.stdio[at]?.on("data", (text: Buffer) => (said[at] += text.toString()));
  }
  let peak = 0;
  const looking = setInterval(() => (peak = Math.max(peak, peakBelow(child.pid))), lookMs);
  const code = await new Promise<number | null>((resolve, reject) => {
    child.once("error", reject);
    child.once("close", resolve);
  });
  clearInterval(looking);
  if (code !== 0) throw new Error(`${words.join(" ")} ended with ${code}\n${said[2]}`);
  return {
    wall: performance.now() - started,
    cpu: childTime(said[3] ?? ""),
    peak,
    said: said[1] ?? "",
  };
}

/** The second line that `times` prints: user and system time of what the shell has run, as `0m1.25s`. */
function childTime(printed: string): number {
  const [, children = ""] = printed.split("\n");
  const parts = Array.from(children.matchAll(/(\d+)m([\d.]+)s/gu));
  return parts.reduce(
    (sum, [, minutes, rest]) => sum + Number(minutes) * 60_000 + Number(rest) * 1000,
    0,
  );
}

/** The greatest peak among the processes that a shell has begun. */
function peakBelow(pid: number | undefined): number {
  try {
    const children = readFileSync(`/proc/${pid}/task/${pid}/children`, "utf8").trim();
    const peaks = children
      .split(" ")
      .filter(Boolean)
      .map((child) => memoryOf(Number(child)).peak || 0);
    return Math.max(0, ...peaks);
  } catch {
    // It has just ended.
    return 0;
  }
}

/** The middle of each figure of several runs. */
export function middle(runs: readonly RunCost[]): RunCost {
  return {
    wall: median(runs.map(({ wall }) => wall)),
    cpu: median(runs.map(({ cpu }) => cpu)),
    peak: median(runs.map(({ peak }) => peak)),
  };
}
