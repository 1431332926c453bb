import { fork, type ChildProcess } from "node:child_process";
import { chmodSync, mkdtempSync, rmSync } from "node:fs";
import os from "node:os";
import path from "node:path";
import { once } from "node:events";
import { systemCode } from "../../src/std/error.ts";
import { noteSeed } from "../../test/support/sim/seeds-file.ts";
import type { LayerName, SeedResult } from "./layers.ts";
import { Progress } from "./progress.ts";

const workersCount = 2;
const minuteMs = 60_000;
/** Where several layers take turns: so many worlds for one run of each of the others. */
const worldsShare: Readonly<Partial<Record<LayerName, number>>> = {
  simulation: 50,
  "always-on": 10,
};

export type SoakOptions = { readonly layers: readonly LayerName[]; readonly seconds: number };

/** Run until a finding (1), the end of the time (0), or a signal (130). What was done is noted in each case. */
export async function soak({ layers, seconds }: SoakOptions): Promise<number> {
  const progress = new Progress(path.join(import.meta.dirname, "../../.soak"));
  const tally = new Tally();
  const scratch = mkdtempSync(path.join(os.tmpdir(), "snap-soak-"));
  // Some tests act as another user, who has to find the way.
  chmodSync(scratch, 0o755);
  const { promise: ended, resolve: end } = Promise.withResolvers<number>();
  const workers = Array.from({ length: workersCount }, () => startWorker(scratch));
  const order = new Turns(layers);
  for (const worker of workers) {
    worker.on("message", (result: SeedResult) => {
      tally.add(result);
      if (result.finding !== undefined) return end(tell(result));
      progress.done(result.layer, result.seed);
      send(worker, order.next(), progress);
    });
    worker.on("exit", () => end(1));
    send(worker, order.next(), progress);
  }
  const timers = [setInterval(() => minute(tally, progress), minuteMs)];
  if (seconds !== Infinity)
    timers.push(setTimeout(() => end(0), Math.min(seconds * 1_000, 2 ** 31 - 1)));
  for (const signal of ["SIGINT", "SIGTERM"] as const) process.on(signal, () => end(130));
  const exit = await ended;
  for (const timer of timers) clearTimeout(timer);
  await Promise.all(workers.map((worker) => endWorker(worker)));
  minute(tally, progress);
  rmSync(scratch, { recursive: true, force: true });
  return exit;
}

/** The leader of a group of processes, whose temporary files are all below one folder. */
function startWorker(scratch: string): ChildProcess {
  return fork(new URL("./worker.ts", import.meta.url), {
    detached: true,
    env: { ...process.env, TMPDIR: scratch },
  });
}

/** With every process that it started. */
async function endWorker(worker: ChildProcess): Promise<void> {
  worker.removeAllListeners("exit");
  if (worker.pid === undefined) return;
  const isRunning = worker.exitCode === null && worker.signalCode === null;
  const gone = isRunning ? once(worker, "exit") : Promise.resolve();
  try {
    process.kill(-worker.pid, "SIGKILL");
  } catch (error) {
    if (systemCode(error) !== "ESRCH") throw error;
  }
  await gone;
}

function send(worker: ChildProcess, layer: LayerName, progress: Progress): void {
  worker.send({ layer, seed: progress.give(layer) });
}

function minute(tally: Tally, progress: Progress): void {
  progress.save();
  console.log(tally.line());
}

/** A finding is written down before anything else. */
function tell({ layer, seed, finding }: SeedResult): number {
  if (finding === undefined) return 0;
  if (layer === "simulation") noteSeed({ seed, problem: finding.problem });
  console.error(finding.report);
  return 1;
}

/** Which layer is next. */
class Turns {
  readonly #layers: readonly LayerName[];
  #count = 0;

  constructor(layers: readonly LayerName[]) {
    const others = layers.filter((layer) => worldsShare[layer] === undefined);
    const share = layers.flatMap((layer) =>
      Array.from({ length: worldsShare[layer] ?? 0 }, () => layer),
    );
    this.#layers = others.length === 0 ? share : others.flatMap((layer) => [...share, layer]);
  }

  next(): LayerName {
    const layer = this.#layers[this.#count % this.#layers.length] ?? "simulation";
    this.#count += 1;
    return layer;
  }
}

/** What was run so far. */
class Tally {
  readonly #begun = performance.now();
  readonly #seeds = new Map<LayerName, number>();
  readonly #cases = new Map<LayerName, number>();
  #last = "none yet";

  add({ layer, seed, cases }: SeedResult): void {
    this.#seeds.set(layer, (this.#seeds.get(layer) ?? 0) + 1);
    this.#cases.set(layer, (this.#cases.get(layer) ?? 0) + cases);
    this.#last = `${layer} ${seed}`;
  }

  line(): string {
    const minutes = ((performance.now() - this.#begun) / minuteMs).toFixed(1);
    const layers = [...this.#seeds].map(
      ([layer, seeds]) => `${layer} ${seeds} seeds, ${this.#cases.get(layer) ?? 0} cases`,
    );
    return `soak: ${minutes} min; ${layers.join("; ") || "nothing yet"}; last ${this.#last}`;
  }
}
