import { nodeDisk, type Disk } from "../../src/local/disk.ts";

/** The real disk without waiting for the platters: what `fsync` is for, only a loss of power shows. */
export const quickDisk: Disk = { ...nodeDisk, sync: () => Promise.resolve() };

/** What a stopped process throws from every call. */
export class Stopped extends Error {}

export type StopPlan = {
  /** Number of the call, from 0. */
  readonly at: number;
  readonly when: "before" | "after";
};

export type DiskPlan = {
  readonly stop?: StopPlan;
  /** Something that somebody else does before a call. */
  readonly meanwhile?: { readonly at: number; readonly act: () => void };
  /** An error instead of a call. */
  readonly fail?: { readonly at: number; readonly code: string };
  /** Every call of this name fails. */
  readonly never?: { readonly call: keyof Disk; readonly code: string };
};

/** Calls that are no steps of a protocol: they change nothing and cannot fail. */
const uncounted = new Set<keyof Disk>(["close", "fstat", "canAnchor", "umask"]);

type Call = (...parameters: unknown[]) => unknown;

/** The real disk, stopped, disturbed or failing at a call of choice. */
export function plannedDisk(plan: DiskPlan): { disk: Disk; calls: string[] } {
  const calls: string[] = [];
  let stopped = false;
  const begin = (name: keyof Disk): number => {
    const number = calls.length;
    calls.push(name);
    if (plan.meanwhile?.at === number) plan.meanwhile.act();
    if (plan.stop?.at === number && plan.stop.when === "before") stopped = true;
    if (stopped) throw new Stopped(`stopped at ${name}`);
    if (plan.fail?.at === number) throw systemError(plan.fail.code);
    if (plan.never?.call === name) throw systemError(plan.never.code);
    return number;
  };
  const wrap = (name: keyof Disk): Call => {
    const real = quickDisk[name] as Call;
    if (uncounted.has(name)) return real;
    return (...parameters) => {
      const stopsNow = begin(name) === plan.stop?.at;
      if (!stopsNow) return real(...parameters);
      stopped = true;
      return stopAfter(name, () => real(...parameters));
    };
  };
  const names = Object.keys(quickDisk) as (keyof Disk)[];
  const disk = Object.fromEntries(names.map((name) => [name, wrap(name)])) as unknown as Disk;
  return { disk, calls };
}

/** Nobody hears of the result of the last call. */
function stopAfter(name: keyof Disk, call: () => unknown): unknown {
  try {
    const result = call();
    if (name === "open") nodeDisk.close(result as number);
    if (result instanceof Promise) return result.then(() => Promise.reject(new Stopped(name)));
  } catch {
    // A call that fails is the last one too.
  }
  throw new Stopped(`stopped after ${name}`);
}

function systemError(code: string): Error {
  return Object.assign(new Error(`${code}: as the test wants it`), { code });
}
