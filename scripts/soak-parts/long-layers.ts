import { fork } from "node:child_process";
import { SyncProgram } from "../../test/crash/sync-program.ts";
import { randomKills } from "./kills.ts";
import type { SeedResult } from "./layers.ts";
import { Life } from "./life.ts";
import type { ScaleTold } from "./scale-child.ts";

const livesOfSeed = 10;

/** How many files the clients of the long life begin with; `SNAP_LIFE_FILES` says otherwise. */
const lifeFiles = Number(process.env["SNAP_LIFE_FILES"] ?? "1000");

/** `SNAP_SCALE_FILES` says otherwise. */
const scaleFiles = Number(process.env["SNAP_SCALE_FILES"] ?? "1000000");

/** Without a limit the heap grows for as long as the machine has memory, and says nothing of what is needed. */
const heapLimits = ["--max-old-space-size=256", "--max-semi-space-size=8"];

let program: Promise<SyncProgram> | undefined;
let life: Promise<Life> | undefined;

/** Ten syncs, killed at any moment. */
export async function crashTurn(seed: number): Promise<SeedResult> {
  program ??= SyncProgram.make();
  const { kills, problem } = await randomKills(await program, { seed, lives: livesOfSeed });
  const result = { layer: "crash", seed, cases: kills } as const;
  if (problem === undefined) return result;
  return {
    ...result,
    finding: { problem: "a kill does harm", report: `seed ${seed}: ${problem}` },
  };
}

/** A stretch of one long life, which goes on with the next seed. */
export async function lifeTurn(seed: number): Promise<SeedResult> {
  life ??= Life.open(lifeFiles);
  const alive = await life;
  const problem = await alive.interval(seed);
  const result = { layer: "long-life", seed, cases: alive.log.length } as const;
  if (problem === undefined) return result;
  return {
    ...result,
    finding: { problem: "a long life fails", report: `seed ${seed}: ${problem}` },
  };
}

/** A million files on the disk and in the index, in a process of its own, whose memory is measured. */
export async function scaleTurn(seed: number): Promise<SeedResult> {
  const child = fork(new URL("scale-child.ts", import.meta.url), { execArgv: heapLimits });
  const told = await new Promise<ScaleTold>((resolve, reject) => {
    child.once("message", (message: ScaleTold) => resolve(message));
    child.once("error", reject);
    child.once("exit", (code, signal) => reject(new Error(`scale ended with ${signal ?? code}`)));
    child.send({ files: scaleFiles });
  });
  const result = { layer: "scale", seed, cases: scaleFiles } as const;
  console.log(`scale: ${told.facts}`);
  if (told.problem === undefined) return result;
  return { ...result, finding: { problem: told.problem, report: told.facts } };
}
