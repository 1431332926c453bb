import { expect } from "vitest";

/** One layer of the tests, or a part of one. */
export type Layer = {
  readonly name: string;
  /** Seconds of the processor: wall clocks are shared with whoever else runs. */
  readonly cpuBudgetSeconds: number;
  /** What its cases are drawn from, where they are drawn. */
  readonly seed?: number | string;
};

/**
 * Run a layer, print one line of what it was, and fail where it took more than its budget (S109).
 *
 * @param run returns the number of cases
 */
export async function layer(of: Layer, run: () => number | Promise<number>): Promise<void> {
  const begun = { at: performance.now(), cpu: process.cpuUsage() };
  const cases = await run();
  const { user, system } = process.cpuUsage(begun.cpu);
  const cpu = (user + system) / 1e6;
  endLayer(of, { cases, seconds: (performance.now() - begun.at) / 1e3, cpuSeconds: cpu });
}

/** What a layer was; `cpuSeconds` is undefined where nobody counts them. */
export type LayerEnd = {
  readonly cases: number;
  readonly seconds: number;
  readonly cpuSeconds: number | undefined;
};

/** The end of a layer that counts by itself, as those do whose work is in other processes. */
export function endLayer(
  { name, cpuBudgetSeconds, seed }: Layer,
  { cases, seconds, cpuSeconds }: LayerEnd,
): void {
  const cpu = cpuSeconds === undefined ? "" : ` (${cpuSeconds.toFixed(1)} s CPU)`;
  const drawn = seed === undefined ? "" : `, seed ${seed}`;
  process.stderr.write(`layer ${name}: ${cases} cases, ${seconds.toFixed(1)} s${cpu}${drawn}\n`);
  if (cpuSeconds !== undefined) {
    expect(cpuSeconds, `seconds of the processor for ${name}`).toBeLessThan(cpuBudgetSeconds);
  }
}
