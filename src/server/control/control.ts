/**
 * @module server/control — makes the server misbehave on purpose, and counts what it does.
 *
 * Only a server that is opened with `admin` has one; without it no line of this folder is on the way of a call, except
 * the check of answers where that is asked for. `Control` is the interposer: a `ControlledPassage` takes each call
 * through faults (scripts as data), simulation (a profile as data) and the recorder (counters, recent calls). `Admin` is
 * how tests and programs set and read all that. Time and chance come from the server's own clock and from seeds, so
 * that a run can be repeated.
 */
import { accountById } from "../accounts/account.ts";
import { endEpoch } from "../files/epoch.ts";
import type { Services } from "../wire/call.ts";
import type { Definition } from "../wire/definition.ts";
import type { CallStart, Committer, Interposer, Passage } from "../wire/interposer.ts";
import { Faults } from "./faults.ts";
import { ControlledPassage } from "./passage.ts";
import type { ControlParts } from "./passage.ts";
import { Recorder } from "./recorder.ts";
import { Simulation } from "./simulate.ts";

/** What control works with; `recentCallsMax` calls are remembered. */
export type ControlOptions = Pick<Services, "database" | "clock" | "rng" | "waiters"> & {
  readonly definition: Definition;
  readonly recentCallsMax: number;
};

/** Stands between all calls and their work. */
export class Control implements Interposer {
  readonly faults: Faults;
  readonly simulation: Simulation;
  readonly recorder: Recorder;
  readonly #options: ControlOptions;
  readonly #parts: ControlParts;

  constructor(options: ControlOptions) {
    const { definition, clock, rng, recentCallsMax } = options;
    this.#options = options;
    this.faults = new Faults(definition);
    this.simulation = new Simulation(options);
    this.recorder = new Recorder(definition, clock, recentCallsMax);
    this.#parts = {
      clock,
      rng,
      faults: this.faults,
      simulation: this.simulation,
      recorder: this.recorder,
      resetCursors: (accountId) => this.resetCursors(accountId),
    };
  }

  async enter(start: CallStart): Promise<Passage> {
    const recording = this.recorder.begin(start);
    try {
      await this.simulation.travel(start.request.signal);
    } catch (error) {
      const { route } = start;
      recording.settle({ route, account: undefined, path: undefined }, "gone");
      throw error;
    }
    return new ControlledPassage(start, recording, this.#parts);
  }

  async commit<T>(committer: Committer, work: () => Promise<T>): Promise<T> {
    const { metrics } = this.recorder;
    if (this.simulation.isLocked(committer.account)) metrics.lockCollisions += 1;
    const result = await this.simulation.commit(committer, work);
    metrics.commits += 1;
    return result;
  }

  /**
   * A new epoch for an account: every cursor that it has got so far is void (V31). Resolves when that is durable.
   *
   * @throws {SnapError} `not-found` when there is no such account.
   */
  async resetCursors(accountId: string): Promise<void> {
    const { database } = this.#options;
    await endEpoch(this.#options, accountById(database, accountId).account);
  }

  /** Longpolls that wait now. */
  get openLongpolls(): number {
    return this.#options.waiters.count;
  }
}
