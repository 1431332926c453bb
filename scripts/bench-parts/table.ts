import { execFileSync } from "node:child_process";

/** One measurement. */
export type Figure = {
  readonly what: string;
  /** Empty for a figure that others are compared with. */
  readonly aim: string;
  readonly measured: string;
  readonly note?: string;
};

/** The median of several runs, in milliseconds. */
export async function medianMs(runs: number, work: () => Promise<void>): Promise<number> {
  const times: number[] = [];
  for (let run = 0; run < runs; run += 1) times.push(await timeMs(work));
  return median(times);
}

/** The middle one; of an even number the greater of the two. */
export function median(numbers: readonly number[]): number {
  return numbers.toSorted((a, b) => a - b)[Math.floor(numbers.length / 2)] ?? Number.NaN;
}

/** How long something takes, in milliseconds. */
export async function timeMs(work: () => Promise<unknown>): Promise<number> {
  const started = performance.now();
  await work();
  return performance.now() - started;
}

/** Run a program of the system to its end. @throws where it fails */
export function runProgram(program: string, words: readonly string[]): Promise<void> {
  execFileSync(program, words, { stdio: "ignore" });
  return Promise.resolve();
}

/** Print figures as a table, each as soon as it is known. */
export function printFigure({ what, aim, measured, note = "" }: Figure): void {
  console.log(`${what.padEnd(60)}${aim.padEnd(12)}${measured.padStart(12)}   ${note}`.trimEnd());
}

/** A number with its thousands apart. */
export function count(number: number): string {
  return number.toLocaleString("en");
}

/** A time in ms as text. */
export function milliseconds(time: number): string {
  return `${time.toFixed(0)} ms`;
}

/** A time in ms as text, in seconds. */
export function seconds(time: number): string {
  return `${(time / 1000).toFixed(2)} s`;
}

/** How many times as much. */
export function ratio(ours: number, theirs: number): string {
  return `${(ours / theirs).toFixed(2)} ×`;
}
