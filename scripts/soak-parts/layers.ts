import { spawnSync } from "node:child_process";
import path from "node:path";
import { stripVTControlCharacters } from "node:util";
import { present } from "../../src/std/assert.ts";
import { faults } from "../../test/mutants/faults.ts";
import { runFault, runUnchanged } from "../../test/mutants/run-fault.ts";
import { exhaustiveTurn } from "../../test/property/exhaustive-seed.ts";
import { reportOf, runSeed } from "../../test/support/sim/run-seed.ts";
import type { WorldLayer } from "../../test/support/sim/simulation.ts";

/** Layers that take a seed. */
export const layerNames = [
  ...(["simulation", "always-on", "exhaustive", "property", "scenarios", "crash"] as const),
  ...(["server", "mutants", "long-life", "scale"] as const),
] as const;
export type LayerName = (typeof layerNames)[number];

/** What came of one seed of one layer; `finding` is absent where all held. */
export type SeedResult = {
  readonly layer: LayerName;
  readonly seed: number;
  readonly cases: number;
  readonly finding?: { readonly problem: string; readonly report: string };
};

/** Run one seed of a layer. */
export const layers: Readonly<Record<LayerName, (seed: number) => Promise<SeedResult>>> = {
  simulation: (seed) => worldTurn("simulation", seed),
  "always-on": (seed) => worldTurn("always-on", seed),
  exhaustive: (seed) => {
    const { cases, report } = exhaustiveTurn(seed);
    const result = { layer: "exhaustive", seed, cases } as const;
    const problem = "exhaustive fails";
    return Promise.resolve(
      report === undefined ? result : { ...result, finding: { problem, report } },
    );
  },
  property: (seed) =>
    viaVitest("property", seed, "test/property", ["--exclude=test/property/exhaustive-*"]),
  scenarios: (seed) => viaVitest("scenarios", seed, "test/world"),
  crash: async (seed) => (await import("./long-layers.ts")).crashTurn(seed),
  server: (seed) => viaVitest("server", seed, "test/crash/server-kill"),
  mutants: (seed) => Promise.resolve(mutantOf(seed)),
  "long-life": async (seed) => (await import("./long-layers.ts")).lifeTurn(seed),
  scale: async (seed) => (await import("./long-layers.ts")).scaleTurn(seed),
};

async function worldTurn(layer: WorldLayer, seed: number): Promise<SeedResult> {
  const outcome = await runSeed(seed, layer);
  const [problem] = outcome.problems;
  const result = { layer, seed, cases: outcome.steps };
  return problem === undefined
    ? result
    : { ...result, finding: { problem, report: reportOf(outcome) } };
}

let isProven = false;

/** Where the copy fails without a fault, that it fails with one says nothing. */
function proveUnchanged(): void {
  const { killedBy } = isProven ? {} : runUnchanged();
  if (killedBy !== undefined) throw new Error(`the fast layers fail without a fault: ${killedBy}`);
  isProven = true;
}

/** One fault of the list in a copy of the source: a finding where no test notices it. */
function mutantOf(seed: number): SeedResult {
  const fault = present(faults[seed % faults.length], "a fault");
  proveUnchanged();
  const { killedBy } = runFault(fault);
  const result = { layer: "mutants", seed, cases: 1 } as const;
  const name = `${fault.file}: ${fault.breaks}`;
  if (killedBy !== undefined) {
    console.log(`mutants: killed by "${killedBy}": ${name}`);
    return result;
  }
  const report = `no test notices this fault\n${name}\n- ${fault.from}\n+ ${fault.to}`;
  return { ...result, finding: { problem: "a fault survives", report } };
}

const root = path.join(import.meta.dirname, "../..");

/** Layers that are test files: those that draw cases take their seed from the environment, the others run again. */
function viaVitest(
  layer: LayerName,
  seed: number,
  ...[folder, options = []]: readonly [string, (readonly string[])?]
): Promise<SeedResult> {
  const run = spawnSync(
    process.execPath,
    [
      path.join(root, "node_modules/vitest/vitest.mjs"),
      "run",
      "--config=test/vitest.config.ts",
      folder,
      ...options,
    ],
    {
      cwd: root,
      encoding: "utf8",
      env: { ...process.env, SNAP_SEED: `${seed}`, SNAP_CRASH_SEED: `${seed}` },
    },
  );
  const passed = passedIn(run.stdout);
  const result = { layer, seed, cases: passed };
  if (run.status === 0 && passed > 0) return Promise.resolve(result);
  const report = `SNAP_SEED=${seed} vitest run ${folder}\n${run.stdout}\n${run.stderr}`;
  return Promise.resolve({ ...result, finding: { problem: `${layer} fails`, report } });
}

/** How many tests passed, from the closing lines; colours do not matter. */
function passedIn(output: string): number {
  const closing = /Tests\s+(?:\S+\s+)*?(\d+) passed/u.exec(stripVTControlCharacters(output));
  return Number(closing?.[1] ?? 0);
}
