import type { ExitCode } from "../../std/error.ts";
import type { LostPath, RestorePlan } from "./restore-plan.ts";

/** What is asked before a restore changes anything (T33). */
export type CheckId =
  | "daemon"
  | "holds"
  | "workspace"
  | "remote"
  | "plan"
  | "blocks"
  | "space"
  | "write"
  | "names"
  | "open"
  | "guard";

/** How a check ended. */
export type Check = {
  readonly id: CheckId;
  readonly ok: boolean;
  /** How many things were looked at: files, paths, documents. */
  readonly checked: number;
  /** Bytes that were read, or that are needed. */
  readonly bytes?: number;
  /** What a failed one would end a restore with. */
  readonly exit?: ExitCode;
  /** Why it failed. */
  readonly reason?: string;
};

/** Whether a restore would go through, as far as can be known without changing anything. */
export type Readiness = {
  /** Nothing refuses it; with the exit code 4 some listed paths would be left aside. */
  readonly ready: boolean;
  readonly exit: ExitCode;
  /** Nothing was left out for want of time. */
  readonly complete: boolean;
  readonly checks: readonly Check[];
  readonly left: readonly {
    readonly path: string;
    readonly side: "both" | "local" | "remote";
    readonly reason: string;
  }[];
  /** Undefined where none could be made. */
  readonly plan: Pick<RestorePlan, "digest" | "counts" | "server"> | undefined;
  readonly loses: {
    readonly localOnly: readonly LostPath[];
    readonly remoteNewer: readonly LostPath[];
  };
};

/** The worst first, where several checks fail (T34). */
const exitOrder: readonly ExitCode[] = [2, 5, 3, 7, 6, 4];

/**
 * The exit code of a preflight (T34): of the worst check that failed, 3 where not all was looked at, 4 where something would be left
 * aside, else 0.
 */
export function exitOfChecks(given: Pick<Readiness, "checks" | "left" | "complete">): ExitCode {
  const exits = given.checks.flatMap(({ ok, exit }) => (ok || exit === undefined ? [] : [exit]));
  if (!given.complete) exits.push(3);
  if (given.left.length > 0) exits.push(4);
  const worst = exitOrder.find((exit) => exits.includes(exit));
  return worst ?? exits[0] ?? 0;
}
