import assert from "node:assert/strict";
import path from "node:path";
import { setTimeout as pause } from "node:timers/promises";
import { describeError } from "../../src/std/error.ts";
import { seededRng } from "../../src/std/random.ts";
import { linkedFolder } from "../../test/crash/sync-deps.ts";
import type { SyncProgram } from "../../test/crash/sync-program.ts";
import { SyncRun } from "../../test/crash/sync-run.ts";
import { Dice } from "../../test/support/sim/dice.ts";
import { CloudWriter } from "./cloud-writer.ts";
import { DiskWriter } from "./disk-writer.ts";
import { Tokens } from "./tokens.ts";

const filesAtFirst = 20;
const largeEvery = 60;
const pauseMsMax = 25;
/** Of a first life, until one has shown how long they are, ms. */
const lifeMsGuess = 300;
/** A life that was cut off says only that lives are longer. */
const longer = 1.2;
/** Between two lives, so that what was changed too often is looked at again, ms. */
const betweenMs = 10 * 60_000;
const minuteMs = 60_000;

/** What came of it: how many processes were killed, and what went wrong with everything that was done before. */
export type KillsResult = { readonly kills: number; readonly problem: string | undefined };

/**
 * Syncs that are killed at any moment while users write on both sides, each finished by the next run of the program: then
 * both sides are equal, nothing is lost, nothing is there twice and nothing of ours is left (S113). The users' acts follow
 * from the seed, the moments do not.
 */
export async function randomKills(
  program: SyncProgram,
  { seed, lives }: { readonly seed: number; readonly lives: number },
): Promise<KillsResult> {
  await using run = await SyncRun.open();
  const writers = new Writers(run, seed);
  let kills = 0;
  try {
    await writers.start();
    for (let life = 0; life < lives; life += 1) kills += (await writers.live(program)) ? 1 : 0;
    return { kills, problem: undefined };
  } catch (error) {
    const told = error instanceof Error ? (error.stack ?? error.message) : describeError(error);
    return { kills, problem: `${told}\nwhat was done:\n${writers.log.join("\n")}` };
  }
}

class Writers {
  readonly log: string[] = [];
  readonly #run: SyncRun;
  readonly #dice: Dice;
  readonly #disk: DiskWriter;
  readonly #cloud: CloudWriter;
  #lifeMs = lifeMsGuess;

  constructor(run: SyncRun, seed: number) {
    this.#run = run;
    this.#dice = new Dice(seededRng(seed));
    const shared = {
      contents: run.contents,
      tokens: new Tokens(seed, largeEvery),
      dice: this.#dice,
    };
    const { top } = run.local;
    this.#disk = new DiskWriter({ ...shared, top, outside: path.join(top, "../outside") });
    this.#cloud = new CloudWriter({ ...shared, sdk: run.sdk, top: linkedFolder });
  }

  async start(): Promise<void> {
    for (let file = 0; file < filesAtFirst; file += 1) {
      this.#run.local.write(`d${file % 4}/f${file}`, `at first ${"x".repeat(file)}`);
    }
    await this.#settle();
  }

  /** @returns whether it was killed */
  async live(program: SyncProgram): Promise<boolean> {
    for (let act = this.#dice.below(6); act > 0; act -= 1) await this.#act();
    const copies = this.#dice.chance(0.2);
    const process = this.#run.start(program, { killAt: Number.MAX_SAFE_INTEGER, copies });
    await process.begun;
    const begun = performance.now();
    const timer = setTimeout(process.kill, this.#dice.below(Math.ceil(this.#lifeMs * 1.1)));
    const over = new AbortController();
    const acting = this.#actUntil(over.signal);
    const passed = await process.passed.finally(() => over.abort());
    clearTimeout(timer);
    await acting;
    const livedMs = performance.now() - begun;
    this.log.push(`${passed === undefined ? "killed" : "ended"} after ${livedMs.toFixed(0)} ms`);
    this.#lifeMs = passed === undefined ? this.#lifeMs * longer : livedMs;
    await this.#settle();
    return passed === undefined;
  }

  async #actUntil(signal: AbortSignal): Promise<void> {
    while (!signal.aborted) {
      await this.#act();
      await pause(this.#dice.below(pauseMsMax));
    }
  }

  async #act(): Promise<void> {
    const did = this.#dice.chance(0.5) ? this.#disk.act() : await this.#cloud.act();
    if (did !== "") this.log.push(did);
  }

  /** The next runs of the program, in peace. */
  async #settle(): Promise<void> {
    const run = this.#run;
    run.aheadMs += betweenMs;
    await run.sync();
    // What was displaced is looked at a minute later (S65).
    run.aheadMs += 2 * minuteMs;
    await run.sync();
    const [local, remote] = [run.local.tree(), await run.remote.tree()];
    assert.deepEqual(sorted(local), sorted(remote), "both sides are equal");
    assert.deepEqual(this.#twice(remote), [], "contents that are there twice");
    await run.assertClean("after a kill");
    this.log.push("both sides are equal");
  }

  /**
   * Contents of several files. What was sent and moved on there before the program knew, which was killed in between, is sent
   * once more: nothing tells it from a file of somebody else with the same content.
   */
  #twice(tree: ReadonlyMap<string, string>): string[] {
    const moved = new Set(
      this.#cloud.movedTo.splice(0).map((to) => path.relative(linkedFolder, to)),
    );
    return [...byContent(tree)]
      .filter(([, files]) => files.length > 1 && !files.some((file) => moved.has(file)))
      .map(([hash, files]) => `${this.#run.contents.show(hash)} ${files.join(", ")}`);
  }
}

/** Files of each content. */
function byContent(tree: ReadonlyMap<string, string>): Map<string, string[]> {
  const files = [...tree].filter(([, hash]) => hash !== "");
  return Map.groupBy(
    files.map(([file]) => file),
    (file) => tree.get(file) ?? "",
  );
}

function sorted(tree: ReadonlyMap<string, string>): [string, string][] {
  return [...tree].toSorted(([a], [b]) => (a < b ? -1 : 1));
}
