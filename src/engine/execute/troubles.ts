import type { Op } from "../../core/plan/op.ts";
import type { SnapError } from "../../std/error.ts";
import { troublesInRowMax } from "../limits.ts";
import type { Result } from "./run-op.ts";

/** Ops whose calls fail together (S84). */
type CallClass = "upload" | "download" | "write";

function callClassOf({ kind }: Op): CallClass | undefined {
  if (kind === "R.put") return "upload";
  if (kind === "L.put") return "download";
  return kind.startsWith("R.") ? "write" : undefined;
}

/**
 * Counts transient errors that follow each other in one class of calls; each came after the retries of the port (S84). After
 * too many the class rests, what is left of it stays for the next sync, and the other classes go on.
 */
export class Troubles {
  readonly #inRow = new Map<CallClass, number>();
  readonly #stopped = new Map<CallClass, SnapError>();

  /** Whether an op is not tried any more. */
  stop(op: Op): boolean {
    const callClass = callClassOf(op);
    return callClass !== undefined && this.#stopped.has(callClass);
  }

  /**
   * Ops that ran together and all met one trouble have met it as often as there are of them.
   *
   * @throws {SnapError} `offline` where that is the trouble: no class goes on without a line.
   */
  count(results: ReadonlyMap<Op, Result>): void {
    const [op] = results.keys();
    const callClass = op === undefined ? undefined : callClassOf(op);
    if (callClass === undefined) return;
    const error = commonTrouble([...results.values()]);
    const inRow = error === undefined ? 0 : (this.#inRow.get(callClass) ?? 0) + results.size;
    this.#inRow.set(callClass, inRow);
    if (error === undefined || inRow < troublesInRowMax) return;
    if (error.code === "offline") throw error;
    this.#stopped.set(callClass, error);
  }

  /** @throws {SnapError} what stopped a class: the sync has not come to its end. */
  end(): void {
    for (const error of this.#stopped.values()) throw error;
  }
}

/** A transient error, where every one of them met one. */
function commonTrouble(results: readonly Result[]): SnapError | undefined {
  let trouble: SnapError | undefined;
  for (const result of results) {
    if (result.state !== "parked" || result.error.class !== "transient") return undefined;
    trouble ??= result.error;
  }
  return trouble;
}
