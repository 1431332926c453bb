import { SnapError } from "../std/error.ts";
import { turn } from "../std/turn.ts";
import { checkLive, checkUnit, type CheckOptions, type StagedUnit } from "./check-unit.ts";
import { bothSinks, type Stage } from "./unit-both.ts";
import type { UnitSink, UnitVerdict } from "../core/repo/unit.ts";
import { CapturedHistory } from "./captured-history.ts";
import { copyHistory, type Pass } from "./unit-history.ts";
import type { Part } from "./unit-listing.ts";
import type { Bytes } from "./read-only.ts";
import { markOfState, readState, type UnitState } from "./unit-state.ts";

/** The history is gone over so often, until nothing moves meanwhile (G51, step 4). */
const passesMax = 10;

/** Files of the history that are held at a time: some 700 bytes each (N6). */
const heldMax = 10_000;

/** Entries that are handed on between two turns of everything else: a sink may do its work at once (N61). */
const entriesInARow = 64;

/** What one attempt came to. */
export type Attempt = {
  readonly state: UnitState;
  readonly pass: Pass;
  readonly verdict: UnitVerdict;
  /** Another one may come to something better. */
  readonly moved: boolean;
};

/** What an attempt works on. */
export type Scene = {
  readonly part: Part;
  readonly sink: UnitSink;
  /** What is handed on goes here as well, into `staged`. */
  readonly stage: Stage;
  readonly staged: StagedUnit;
  readonly options: CheckOptions;
};

/** Attempts to capture one repository; what an earlier one took of the history is not taken again. */
export class Attempts {
  readonly #scene: Scene;
  readonly #captured = new CapturedHistory();
  /** How long a check may take: reading a large repository, or a pause of the sink, takes nothing from it. */
  readonly #checkMs: number;
  /** Files of the state that the stage has. */
  #staged: readonly Bytes[] = [];

  constructor(scene: Scene) {
    this.#scene = scene;
    this.#checkMs = scene.options.deadline - scene.options.clock.now();
  }

  /** State, history, state again, check (G51, steps 2 to 6). The state goes to the stage alone. */
  async attempt(): Promise<Attempt> {
    const { part, sink, stage, options } = this.#scene;
    const state = await readState(part, (ms) => options.clock.sleep(ms, options.signal));
    await this.#captured.keepOnly(state.surroundings.history, bothSinks(sink, stage));
    const pass = await this.#copy(state);
    const movedDuring = state.restless || (await markOfState(part)) !== state.mark;
    for (const path of this.#staged) await stage.remove(path);
    await handOn(state, pass, stage);
    this.#staged = state.files.map(({ entry }) => entry.path);
    const moved = movedDuring || !pass.settled;
    return { state, pass, verdict: await this.#judge(state, pass), moved };
  }

  async #copy(state: UnitState): Promise<Pass> {
    const { part, sink, stage } = this.#scene;
    const copy = {
      part,
      folders: state.surroundings.history,
      sink: bothSinks(sink, stage),
      captured: this.#captured,
      heldMax,
      step: async (): Promise<void> => {
        requireGoing(this.#scene.options.signal);
        await turn();
      },
    };
    let pass = await copyHistory(copy);
    for (let count = 1; !pass.settled && count < passesMax; count += 1) {
      pass = await copyHistory(copy);
    }
    return pass;
  }

  async #judge(state: UnitState, pass: Pass): Promise<UnitVerdict> {
    const { part, stage, staged } = this.#scene;
    const deadline = this.#scene.options.clock.now() + this.#checkMs;
    const options = { ...this.#scene.options, deadline };
    const unreadable = [...state.unreadable, ...pass.unreadable];
    if (unreadable.length > 0) {
      return { word: "torn", reasons: unreadable.map((name) => `${name} cannot be read`) };
    }
    if (!stage.isFull) return await checkUnit(staged, options);
    if (!pass.settled) return { word: "torn", reasons: ["it kept moving"] };
    return await checkLive({ vcs: staged.vcs, folder: part.root }, options);
  }
}

/** Hand on everything but the content of the history. Folders come last, so that their times can be kept. */
export async function handOn(
  { files, plain }: UnitState,
  pass: Pass,
  sink: UnitSink,
): Promise<void> {
  for (const [at, { entry, content }] of files.entries()) {
    if (at % entriesInARow === 0) await turn();
    const writer = await sink.file(entry);
    await writer.write(content);
    await writer.done();
  }
  for (const [at, entry] of [...plain, ...pass.plain].entries()) {
    if (at % entriesInARow === 0) await turn();
    await sink.plain(entry);
  }
}

/** @throws {SnapError} `interrupted` */
export function requireGoing(signal: AbortSignal | undefined): void {
  if (signal?.aborted === true) throw new SnapError("interrupted", "Interrupted");
}
