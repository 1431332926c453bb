/** Run the test layers on ever new seeds until one fails, the time is over, or Ctrl-C: the long form of the checks (S114). */
import { parseArgs } from "node:util";
import { parseSeconds } from "../src/cli/quantities.ts";
import { isSnapError } from "../src/std/error.ts";
import type { WorldLayer } from "../test/support/sim/simulation.ts";
import { layerNames, type LayerName } from "./soak-parts/layers.ts";
import { showSeed } from "./soak-parts/one-seed.ts";
import { soak } from "./soak-parts/run.ts";

const usage = `usage: scripts/soak [--time TIME] [--layer ${layerNames.join("|")}] [--seed N]
  --time TIME   stop after 90s, 15m, 4h, 30d; without end if absent
  --layer NAME  this layer only; all in turn if absent
  --seed N      one world of the simulation (or of --layer always-on), with its timeline; made shorter if it fails`;

try {
  const { values } = parseArgs({
    options: { time: { type: "string" }, layer: { type: "string" }, seed: { type: "string" } },
  });
  const seconds = values.time === undefined ? Infinity : parseSeconds(values.time, "--time");
  const layers = values.layer === undefined ? layerNames : [layerOf(values.layer)];
  process.exitCode =
    values.seed === undefined
      ? await soak({ layers, seconds })
      : await showSeed(worldOf(values.layer), seedOf(values.seed));
} catch (error) {
  const isUsage =
    isSnapError(error, "usage") || error instanceof TypeError || error instanceof RangeError;
  if (!isUsage) throw error;
  console.error(`${error.message}\n${usage}`);
  process.exitCode = 2;
}

function layerOf(text: string): LayerName {
  const found = layerNames.find((name) => name === text);
  if (found === undefined) throw new RangeError(`no such layer: ${text}`);
  return found;
}

function worldOf(layer = "simulation"): WorldLayer {
  if (layer === "simulation" || layer === "always-on") return layer;
  throw new RangeError(`only worlds have a timeline, not ${layer}`);
}

function seedOf(text: string): number {
  const seed = Number(text);
  if (!/^\d+$/.test(text) || !Number.isSafeInteger(seed)) throw new RangeError(`no seed: ${text}`);
  return seed;
}
