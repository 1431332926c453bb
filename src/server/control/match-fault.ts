import { pathKeyOf } from "../../core/path/path-key.ts";
import { randomFraction, seededRng } from "../../std/random.ts";
import type { Rng } from "../../std/random.ts";
import type { CallFacts } from "../wire/interposer.ts";
import type { ErrorFault, Fault, FaultMatch, FaultScript, StatusFault } from "./fault-script.ts";

/** Whether a script is about a call at all, whatever its number. */
export function fits({ route, path, account }: FaultMatch, facts: CallFacts): boolean {
  if (route !== undefined && route !== facts.route) return false;
  if (account !== undefined && account !== facts.account) return false;
  return path === undefined || (facts.path !== undefined && isInside(facts.path, path));
}

/** By whole names, in any case; a slash at the end says nothing. */
function isInside(path: string, top: string): boolean {
  const topKey = pathKeyOf(top.replace(/\/+$/, ""));
  const key = pathKeyOf(path);
  return key === topKey || key.startsWith(`${topKey}/`);
}

/**
 * Whether a script wants the call with this number among those that fit, from 1.
 *
 * `chance` is a number in [0, 1) of the script's own; it is drawn for every call that fits, so that a call is hit or
 * not whatever other scripts do.
 */
export function isWanted(match: FaultMatch, number: number, chance: number): boolean {
  if (match.nth !== undefined) return number === match.nth;
  if (match.every !== undefined) return number % match.every === 0;
  return match.probability === undefined || chance < match.probability;
}

/** Whether a fault is an answer instead of the route's. */
export function isAnswer(fault: Fault): fault is StatusFault | ErrorFault {
  return fault.kind === "status" || fault.kind === "error";
}

/** Whether a fault ends the call before its work, so that no later script has anything to do. */
export function endsCall(fault: Fault): boolean {
  return fault.kind === "dropRequest" || (isAnswer(fault) && fault.when !== "after");
}

/** A fault that hits a call; `fraction` in [0, 1) chooses a place in its body, where the script leaves it to a seed. */
export type Hit = { readonly fault: Fault; readonly fraction: number };

/** A script and how far it has come. */
export type ScriptProgress = {
  readonly script: FaultScript;
  /** Calls that fitted. */
  readonly fitted: number;
  readonly fired: number;
};

/** One script as calls come by. */
export class RunningScript {
  readonly #script: FaultScript;
  readonly #chances: Rng;
  readonly #places: Rng;
  #fitted = 0;
  #fired = 0;

  constructor(script: FaultScript) {
    this.#script = script;
    const { match, fault } = script;
    this.#chances = seededRng(match?.seed ?? 0);
    this.#places = seededRng("seed" in fault ? fault.seed : 0);
  }

  get progress(): ScriptProgress {
    return { script: this.#script, fitted: this.#fitted, fired: this.#fired };
  }

  /** Whether the call is one to hit; asked once for each call, in order. */
  wants(facts: CallFacts): boolean {
    const { match = {}, times = Infinity } = this.#script;
    if (!fits(match, facts)) return false;
    this.#fitted += 1;
    const chance = match.probability === undefined ? 0 : randomFraction(this.#chances);
    return isWanted(match, this.#fitted, chance) && this.#fired < times;
  }

  fire(): Hit {
    this.#fired += 1;
    const { fault } = this.#script;
    return { fault, fraction: "seed" in fault ? randomFraction(this.#places) : 0 };
  }
}
