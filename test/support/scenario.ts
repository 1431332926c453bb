import { expect, test } from "vitest";
import type { SyncReport } from "../../src/core/plan/sync-report.ts";
import type { ExitCode } from "../../src/std/error.ts";
import { memoryWorld, seededGate } from "./world-memory.ts";
import { World, type TreeText } from "./world.ts";
import type { WorldOptions } from "./world-options.ts";

/** Worlds that each scenario runs in. */
export type WorldKind = {
  readonly name: string;
  /** For a seed that decides which of several calls ends first, where the world can. */
  readonly options: (seed?: number) => WorldOptions;
  readonly seeds: number;
};

/** Orders of events that each scenario meets in memory; more by `SNAP_SEEDS`. */
const seedsDefault = 2;
const seeds = Number(process.env["SNAP_SEEDS"] ?? seedsDefault);

/** Where the disk is a real one. */
export const realWorlds: readonly WorldKind[] = [
  { name: "a real disk, in process", options: () => ({}), seeds: 1 },
  { name: "a real disk, over HTTP", options: () => ({ reach: "over HTTP" }), seeds: 1 },
];

export const worldKinds: readonly WorldKind[] = [
  ...realWorlds,
  { name: "a disk in memory", options: (seed = 1) => memoryWorld({}, seededGate(seed)), seeds },
];

/** One user: at the workspace, or at another device. */
export type WorldUser = {
  write(file: string, content: string): unknown;
  mkdir(folder: string): unknown;
  move(from: string, to: string): unknown;
  remove(file: string): unknown;
};

/** What a scenario acts on. In the mirrored run `L` is the other device and `R` the user at the workspace. */
export type Scene = {
  readonly world: World;
  readonly L: WorldUser;
  readonly R: WorldUser;
  readonly isMirrored: boolean;
};

/** One scenario as data, with the acts as code. */
export type Scenario = {
  /** Both sides hold exactly this, synced; empty where absent. */
  readonly base?: TreeText;
  /** What users do, or shall do at a hook, before the engine runs. */
  readonly acts: (scene: Scene) => unknown;
  /** The tree of both sides at the end; conflicted copies as `name CC.ext`. */
  readonly both: TreeText;
  /** It also runs with the sides changed, and then ends so. */
  readonly mirrored?: TreeText;
  readonly exit?: ExitCode;
  /** What else is so at the end. */
  readonly also?: (scene: Scene, report: SyncReport) => unknown;
  /** False where the log cannot tell the whole (P10): see `open-findings.test.ts`. */
  readonly isExplained?: boolean;
};

/** One test a kind of world, and again with the sides changed where the scenario says what is so then. */
export function scenario(name: string, told: Scenario): void {
  for (const kind of worldKinds) {
    test(`${name} [${kind.name}]`, () => playAll(kind, told, false));
    if (told.mirrored !== undefined) {
      test(`${name} [${kind.name}, mirrored]`, () => playAll(kind, told, true));
    }
  }
}

async function playAll(kind: WorldKind, told: Scenario, isMirrored: boolean): Promise<void> {
  for (let seed = 1; seed <= kind.seeds; seed += 1) {
    await play(kind.options(seed), told, isMirrored);
  }
}

async function play(options: WorldOptions, told: Scenario, isMirrored: boolean): Promise<void> {
  await using world = await World.synced(told.base ?? "", options);
  const [L, R] = isMirrored ? [world.remote, world.local] : [world.local, world.remote];
  const scene = { world, L, R, isMirrored };
  await told.acts(scene);
  world.wire.forget();
  world.isExplained = told.isExplained ?? true;
  const report = await world.sync(told.exit ?? 0);
  const expected = (isMirrored ? told.mirrored : told.both) ?? "";
  expect(shown(await world.both())).toBe(lines(expected));
  await told.also?.(scene, report);
  await world.assertAlways();
}

/** A tree with its conflicted copies named `name CC.ext`: they are named for a day that a test does not know. */
export function shown(tree: TreeText): TreeText {
  return lines(tree.replaceAll(/ \(conflicted copy box \d{4}-\d\d-\d\d\)/g, " CC"));
}

function lines(tree: TreeText): TreeText {
  const found = tree.split("\n").map((line) => line.trim());
  return found
    .filter((line) => line !== "")
    .toSorted()
    .join("\n");
}

/** `count` files of a folder, each with a content of its own. */
export function manyFiles(folder: string, count: number): TreeText {
  return Array.from({ length: count }, (_, file) => `${folder}/${file}: ${folder} ${file}`).join(
    "\n",
  );
}
