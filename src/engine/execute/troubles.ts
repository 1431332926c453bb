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
   * Of ops that ran together each that met a trouble counts, where most of them did.
   *
   * @throws {SnapError} `offline` where that is the trouble: no class goes on without a line.
   */
  count(results: ReadonlyMap<Op, Result>): void {
    const [op] = results.keys();
    const callClass = op === undefined ? undefined : callClassOf(op);
    if (callClass === undefined) return;
    const troubles = commonTroubles([...results.values()]);
    const [error] = troubles;
    const inRow = error === undefined ? 0 : (this.#inRow.get(callClass) ?? 0) + troubles.length;
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

/** The transient errors, where most of them met one: a few of a batch may have been done by another call. */
function commonTroubles(results: readonly Result[]): readonly SnapError[] {
  const troubles = results.flatMap((result) =>
    result.state === "parked" && result.error.class === "transient" ? [result.error] : [],
  );
  return 2 * troubles.length > results.length ? troubles : [];
}
