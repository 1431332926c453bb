import type { Op } from "../core/plan/op.ts";
import type { LeftPath, SyncCounts, SyncReport } from "../core/plan/sync-report.ts";
import type { ExitCode } from "../std/error.ts";
import type { Work } from "../std/events.ts";

/** Bytes that are news enough to be told of while an op is under way. */
const toldBytesMin = 256 * 1024;

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
  /** Of ops that have ended and of those under way. */
  #carried = 0;
  #told = 0;
  readonly #loads = new Map<Op, Load>();

  constructor(work: Work) {
    this.#work = work;
  }

  /** One more thing done. */
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
      this.#bytesTotal += bytesOf(op);
    }
  }

  /** Work for ops that run together: their bytes count while they travel (S59). */
  carry(ops: readonly Op[], work: Work): Work {
    const load = new Load(ops);
    for (const op of ops) this.#loads.set(op, load);
    const onBytes = (bytes: number): void => {
      this.#carried += load.arrive(bytes);
      if (this.#carried - this.#told >= toldBytesMin) this.#tell(ops[0]?.path ?? "");
    };
    return { ...work, onBytes };
  }

  /** An op came to an end, whichever. */
  step(op: Op): void {
    this.#done += 1;
    this.#carried += this.#loads.get(op)?.end(op) ?? bytesOf(op);
    this.#loads.delete(op);
    this.#tell(op.path);
  }

  #tell(current: string): void {
    this.#told = this.#carried;
    this.#work.onProgress?.({
      step: "sync",
      done: this.#done,
      total: this.#total,
      bytes: this.#carried,
      bytesTotal: this.#bytesTotal,
      current,
    });
  }
}

/** Bytes of ops that are under way together: no more count than the ops have, however often they are sent. */
class Load {
  #left: number;
  #arrived = 0;

  constructor(ops: readonly Op[]) {
    this.#left = ops.reduce((sum, op) => sum + bytesOf(op), 0);
  }

  /** @returns how many of these bytes are news */
  arrive(bytes: number): number {
    const before = this.#arrived;
    this.#arrived = Math.min(before + bytes, this.#left);
    return this.#arrived - before;
  }

  /** All bytes of an op count now. @returns how many of them had not been counted */
  end(op: Op): number {
    const bytes = bytesOf(op);
    const counted = Math.min(this.#arrived, bytes);
    this.#arrived -= counted;
    this.#left -= bytes;
    return bytes - counted;
  }
}

function bytesOf(op: Op): number {
  return op.kind === "L.put" || op.kind === "R.put" ? op.after.size : 0;
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
