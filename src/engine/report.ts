import type { Op } from "../core/plan/op.ts";
import type { LeftPath, SyncCounts, SyncReport } from "../core/plan/sync-report.ts";
import type { ExitCode } from "../std/error.ts";
import type { Work } from "../std/events.ts";

type Mutable<T> = { -readonly [Key in keyof T]: T[Key] };

/** What a sync did so far, and how far the present plan is. */
export class Tally {
  readonly counts: Mutable<SyncCounts> = {
    uploaded: 0,
    downloaded: 0,
    movedLocal: 0,
    movedRemote: 0,
    removedLocal: 0,
    removedRemote: 0,
    foldersLocal: 0,
    foldersRemote: 0,
    adopted: 0,
    conflicts: 0,
    bytesUp: 0,
    bytesDown: 0,
  };
  readonly conflicts: { readonly path: string; readonly copy: string }[] = [];
  readonly #work: Work;
  #done = 0;
  #total = 0;
  #bytesTotal = 0;

  constructor(work: Work) {
    this.#work = work;
  }

  /** One more thing done; bytes of transfers are those counted anyway. */
  count(what: keyof SyncCounts, amount = 1): void {
    this.counts[what] += amount;
  }

  /** Anything was done on either side; what was found equal changes the index alone. */
  get hasChangedSides(): boolean {
    const { adopted: _, ...done } = this.counts;
    return Object.values(done).some((count) => count > 0);
  }

  conflict(path: string, copy: string): void {
    this.count("conflicts");
    this.conflicts.push({ path, copy });
  }

  /** More to do; what changes the index alone is not worth telling. */
  expect(ops: readonly Op[]): void {
    for (const op of ops) {
      if (op.kind.startsWith("S.")) continue;
      this.#total += 1;
      if (op.kind === "L.put" || op.kind === "R.put") this.#bytesTotal += op.after.size;
    }
  }

  /** An op came to an end, whichever. */
  step(current: string): void {
    this.#done += 1;
    this.#work.onProgress?.({
      step: "sync",
      done: this.#done,
      total: this.#total,
      bytes: this.counts.bytesUp + this.counts.bytesDown,
      bytesTotal: this.#bytesTotal,
      current,
    });
  }
}

/** How a sync ended. */
export type Ending = {
  readonly cycles: number;
  readonly tally: Tally;
  readonly left: readonly LeftPath[];
};

/** Put the report together; the exit code as S86. */
export function reportOf({ cycles, tally, left }: Ending): SyncReport {
  const exit = exitOf(left);
  const { counts, conflicts } = tally;
  return { exit, upToDate: exit === 0, cycles, counts: { ...counts }, conflicts, left };
}

/** Damage before holds before what was left aside (S86); what is out of scope by kind or rule does not count. */
export function exitOf(left: readonly LeftPath[]): ExitCode {
  if (left.some(({ kind }) => kind === "damaged")) return 5;
  if (left.some(({ kind }) => kind === "hold")) return 3;
  return left.some(({ kind }) => kind !== "unsynced") ? 4 : 0;
}
