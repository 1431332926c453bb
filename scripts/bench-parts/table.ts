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
  return times.toSorted((a, b) => a - b)[Math.floor(runs / 2)] ?? Number.NaN;
}

/** How long something takes, in milliseconds. */
export async function timeMs(work: () => Promise<unknown>): Promise<number> {
  const started = performance.now();
  await work();
  return performance.now() - started;
}

/** Print figures as a table, each as soon as it is known. */
export function printFigure({ what, aim, measured, note = "" }: Figure): void {
  console.log(`${what.padEnd(58)}${aim.padEnd(12)}${measured.padStart(12)}   ${note}`.trimEnd());
}
