import { SnapError } from "../../std/error.ts";
import type { Definition } from "../wire/definition.ts";
import type { Json } from "../wire/failure.ts";
import type { CallFacts } from "../wire/interposer.ts";
import type { Firing } from "./fault-script.ts";
import { RunningScript, endsCall } from "./match-fault.ts";
import type { Hit, ScriptProgress } from "./match-fault.ts";
import { readScript } from "./read-script.ts";
import { Ring, rememberedPath } from "./ring.ts";

/** Faults that are remembered (V71). */
const firingsMax = 10_000;

/** Scripts that may be set at once: each is asked about each call. */
const scriptsMax = 1_000;

/** The call that is looked at. */
export type CallNumber = { readonly sequence: number; readonly requestId: string };

/** The scripts that are set, and what they have done (V71). */
export class Faults {
  readonly #definition: Definition;
  readonly #firings = new Ring<Firing>(firingsMax);
  #running: readonly RunningScript[] = [];

  constructor(definition: Definition) {
    this.#definition = definition;
  }

  /**
   * Set these scripts, one or a list, instead of those before; each begins anew.
   *
   * @throws {SnapError} `usage` for a script that makes no sense; then all stays as it was.
   */
  set(scripts: Json): void {
    this.#running = withinLimit(this.#read(scripts));
  }

  /** Set more scripts behind those before, which go on. @throws as `set`. */
  add(scripts: Json): void {
    this.#running = withinLimit([...this.#running, ...this.#read(scripts)]);
  }

  #read(value: Json): readonly RunningScript[] {
    const scripts: readonly Json[] = Array.isArray(value) ? value : [value];
    const rules = { definition: this.#definition };
    return scripts.map(
      (script, index) => new RunningScript(readScript(script, `[${index}]`, rules)),
    );
  }

  /** What is set, in order. */
  list(): readonly ScriptProgress[] {
    return this.#running.map(({ progress }) => progress);
  }

  /** What hits this call, in the order of the scripts; it is written down. */
  hits(facts: CallFacts, { sequence, requestId }: CallNumber): readonly Hit[] {
    const hits: Hit[] = [];
    let isOver = false;
    for (const [script, running] of this.#running.entries()) {
      // Every script counts the call, also one that has nothing to do any more: so it is repeatable by itself.
      if (!running.wants(facts) || isOver) continue;
      const hit = running.fire();
      hits.push(hit);
      isOver = endsCall(hit.fault);
      const { kind: fault } = hit.fault;
      const path = rememberedPath(facts.path);
      this.#firings.push({ sequence, script, fault, ...facts, path, requestId });
    }
    return hits;
  }

  /** What fired, oldest first. */
  fired(): readonly Firing[] {
    return this.#firings.list();
  }

  forgetFired(): void {
    this.#firings.clear();
  }
}

function withinLimit(scripts: readonly RunningScript[]): readonly RunningScript[] {
  if (scripts.length <= scriptsMax) return scripts;
  throw new SnapError("usage", `There can be ${scriptsMax} scripts, not ${scripts.length}`);
}
