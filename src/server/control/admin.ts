import type { Rng } from "../../std/random.ts";
import { randomText } from "../random-text.ts";
import { AdminHttp } from "./admin-http.ts";
import type { Control } from "./control.ts";
import type { FaultScript, Firing } from "./fault-script.ts";
import type { ScriptProgress } from "./match-fault.ts";
import { metricsText } from "./metrics-text.ts";
import { readProfile } from "./profiles.ts";
import type { Profile } from "./profiles.ts";
import type { CallRecord } from "./recorder.ts";

/** Of six bits each: as hard to guess as a key of 256 bits. */
const tokenCharacters = 43;

/**
 * The inside of a server, for tests and for who runs it (V70): faults, simulation, counters.
 *
 * @throws {SnapError} from each method that takes data: `usage` when it makes no sense, and then nothing is changed.
 */
export interface Admin {
  /** What requests to `handle` must have as bearer token. */
  readonly token: string;
  /** All of this over HTTP, in JSON, for a port of its own. */
  handle(request: Request): Promise<Response>;
  /** Set these faults instead of those before; each begins anew. None for no faults. */
  setFaults(scripts: readonly FaultScript[]): void;
  /** Set another fault behind those before, which go on. */
  addFault(script: FaultScript): void;
  /** The faults that are set, and how far each has come. */
  faults(): readonly ScriptProgress[];
  /** What fired lately, oldest first. */
  fired(): readonly Firing[];
  /** From the next call on: the name of a built-in profile, or one with members that differ. */
  setProfile(profile: string | (Partial<Profile> & Pick<Profile, "name">)): void;
  profile(): Profile;
  /** Every cursor of an account is void. @throws {SnapError} `not-found`. */
  resetCursors(accountId: string): Promise<void>;
  /** The counters in the text format of Prometheus. */
  metrics(): string;
  /** The last calls, oldest first. */
  calls(): readonly CallRecord[];
  /** Set the counters to zero, and forget the recent calls and what fired. */
  zero(): void;
}

/** The interface of a server that has one. */
export class ControlAdmin implements Admin {
  readonly token: string;
  readonly #control: Control;
  readonly #http: AdminHttp;

  constructor(control: Control, rng: Rng) {
    this.#control = control;
    this.token = randomText(rng, tokenCharacters);
    this.#http = new AdminHttp(this, control, rng);
  }

  handle(request: Request): Promise<Response> {
    return this.#http.handle(request);
  }

  setFaults(scripts: readonly FaultScript[]): void {
    this.#control.faults.set(scripts);
  }

  addFault(script: FaultScript): void {
    this.#control.faults.add(script);
  }

  faults(): readonly ScriptProgress[] {
    return this.#control.faults.list();
  }

  fired(): readonly Firing[] {
    return this.#control.faults.fired();
  }

  setProfile(profile: string | (Partial<Profile> & Pick<Profile, "name">)): void {
    this.#control.simulation.setProfile(readProfile(profile));
  }

  profile(): Profile {
    return this.#control.simulation.profile;
  }

  resetCursors(accountId: string): Promise<void> {
    return this.#control.resetCursors(accountId);
  }

  metrics(): string {
    return metricsText(this.#control.recorder.metrics, this.#control.openLongpolls);
  }

  calls(): readonly CallRecord[] {
    return this.#control.recorder.recent();
  }

  zero(): void {
    const { recorder, faults } = this.#control;
    recorder.metrics.zero();
    recorder.forgetRecent();
    faults.forgetFired();
  }
}
