import { spawnSync } from "node:child_process";
import path from "node:path";
import { reportOf, runSeed } from "../../test/support/sim/run-seed.ts";

/** Layers that take a seed; the others of the test programme join here when they are there. */
export const layerNames = ["simulation", "property", "scenarios", "crash"] as const;
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
  simulation: async (seed) => {
    const outcome = await runSeed(seed);
    const [problem] = outcome.problems;
    const result = { layer: "simulation", seed, cases: outcome.steps } as const;
    return problem === undefined
      ? result
      : { ...result, finding: { problem, report: reportOf(outcome) } };
  },
  property: (seed) => viaVitest("property", seed, "test/property"),
  scenarios: (seed) => viaVitest("scenarios", seed, "test/world"),
  crash: (seed) => viaVitest("crash", seed, "test/crash"),
};

const root = path.join(import.meta.dirname, "../..");

/** Layers that are test files: those that draw cases take their seed from the environment, the others run again. */
function viaVitest(layer: LayerName, seed: number, folder: string): Promise<SeedResult> {
  const run = spawnSync(
    process.execPath,
    [
      path.join(root, "node_modules/vitest/vitest.mjs"),
      "run",
      "--config=test/vitest.config.ts",
      folder,
    ],
    { cwd: root, encoding: "utf8", env: { ...process.env, SNAP_SEED: String(seed) } },
  );
  const passed = Number(/Tests\s+(?:\S+\s+)*?(\d+) passed/.exec(run.stdout)?.[1] ?? 0);
  const result = { layer, seed, cases: passed };
  if (run.status === 0) return Promise.resolve(result);
  const report = `SNAP_SEED=${seed} vitest run ${folder}\n${run.stdout}\n${run.stderr}`;
  return Promise.resolve({ ...result, finding: { problem: `${layer} fails`, report } });
}
