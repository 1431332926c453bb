import { comparePaths } from "../core/path/rel-path.ts";
import type { EntryFlag, SnapshotEntry } from "../core/snapshot/entry.ts";
import { leftListedMax } from "../core/snapshot/root.ts";
import type { CaptureLeft, LeftAside, SnapshotRoot } from "../core/snapshot/root.ts";
import type { UnitState } from "../core/repo/unit.ts";
import type { UnitFacts } from "../core/snapshot/unit.ts";
import type { ProgressListener } from "../std/events.ts";

/** What makes a snapshot `partial`. */
const gaps: readonly EntryFlag[] = ["unreadable", "changing", "stripped"];

type DescribeUnit = () => Promise<UnitState>;

/** Counts what a capture meets, for its root and for whoever watches. */
export class CaptureTally {
  readonly #onProgress: ProgressListener | undefined;
  readonly #left: LeftAside[] = [];
  readonly #units: UnitFacts[] = [];
  readonly #describe: Map<string, DescribeUnit> = new Map();
  #leftCount = 0;
  #files = 0;
  #folders = 0;
  #others = 0;
  #bytes = 0;
  #bytesRead = 0;
  #isTorn = false;
  #isThin = false;

  constructor(onProgress: ProgressListener | undefined) {
    this.#onProgress = onProgress;
  }

  add(entry: SnapshotEntry, left: LeftAside | undefined): void {
    this.#count(entry);
    if (left !== undefined) this.leave(left);
    this.#isTorn ||= entry.flags.some((flag) => gaps.includes(flag));
    this.#isThin ||= entry.flags.includes("thin");
    this.#tell(entry.path);
  }

  addBytes(path: string, bytes: number): void {
    this.#bytesRead += bytes;
    this.#tell(path);
  }

  leave({ path, reason, isGap }: CaptureLeft): void {
    this.#leftCount += 1;
    this.#isTorn ||= isGap === true;
    if (this.#left.length < leftListedMax) this.#left.push({ path, reason });
  }

  /** @param describe tells what is not known of it yet */
  addUnit(unit: UnitFacts, describe?: DescribeUnit): void {
    this.#units.push(unit);
    if (describe !== undefined) this.#describe.set(unit.id, describe);
  }

  /** Units come in path order, as entries do. */
  get units(): readonly UnitFacts[] {
    return this.#units;
  }

  /** Units with all that is told of them: that may take a moment each. */
  async describedUnits(): Promise<readonly UnitFacts[]> {
    const described: UnitFacts[] = [];
    for (const unit of this.#units) {
      described.push({ ...unit, ...(await this.#describe.get(unit.id)?.()) });
    }
    return described;
  }

  get counts(): SnapshotRoot["counts"] {
    return { files: this.#files, folders: this.#folders, others: this.#others, bytes: this.#bytes };
  }

  get left(): SnapshotRoot["left"] {
    const items = this.#left.toSorted((a, b) => comparePaths(a.path, b.path));
    return { count: this.#leftCount, items };
  }

  /** What could not be read, or may be torn, weighs more than what is only in Dropbox (N37). */
  get completeness(): SnapshotRoot["completeness"] {
    if (this.#isTorn) return "partial";
    return this.#isThin ? "thin" : "full";
  }

  #count(entry: SnapshotEntry): void {
    switch (entry.type) {
      case "file":
        this.#files += 1;
        // Whatever a server says of its files, their sum is a number that a root can hold (X13).
        this.#bytes = Math.min(this.#bytes + (entry.size ?? 0), Number.MAX_SAFE_INTEGER);
        return;
      case "folder":
        this.#folders += 1;
        return;
      case "symlink":
      case "other":
        this.#others += 1;
    }
  }

  #tell(current: string): void {
    this.#onProgress?.({
      step: "capture",
      done: this.#files + this.#folders + this.#others,
      total: undefined,
      bytes: this.#bytesRead,
      bytesTotal: undefined,
      current,
    });
  }
}
