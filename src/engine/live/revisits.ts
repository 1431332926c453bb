import type { LeftPath, SyncReport } from "../../core/plan/sync-report.ts";
import type { Patience } from "../patience.ts";
import type { LivePace } from "./live-pace.ts";

/** Waits before what was unknown is looked at again, ms: doubled from the first to the last. */
const unknownFirstMs = 5_000;
const unknownLastMs = 300_000;

/** After a download, when what it displaced is looked at, ms: a little later than it is due (S65). */
const lateEditsMs = 61_000;

/** When a look is due that nobody asks for: at what was left aside. All times in ms since 1970. */
export class Revisits {
  readonly #pace: LivePace;
  readonly #patience: Patience;
  #unknown = "";
  #unknownAt: number | undefined;
  #times = 0;
  #lateAt: number | undefined;
  /** When the first of the holds ends that end by themselves (G23). */
  #heldUntil: number | undefined;
  /** The present run looks for late edits. */
  #isLate = false;

  constructor(pace: LivePace, patience: Patience) {
    this.#pace = pace;
    this.#patience = patience;
  }

  /** The first of them; undefined where nothing was left aside. */
  get nextAt(): number | undefined {
    const times = [
      this.#patience.nextAt,
      this.#pace.nextAt,
      this.#unknownAt,
      this.#lateAt,
      this.#heldUntil,
    ];
    const known = times.filter((time) => time !== undefined);
    return known.length === 0 ? undefined : Math.min(...known);
  }

  /** A run begins. @returns whether it looks for late edits (S65) */
  begin(now: number): boolean {
    this.#isLate = this.#lateAt !== undefined && this.#lateAt <= now;
    this.#unknownAt = undefined;
    this.#heldUntil = undefined;
    return this.#isLate;
  }

  /** A run has come to its end. */
  end({ left, counts }: SyncReport, now: number): void {
    if (this.#isLate) this.#lateAt = undefined;
    if (counts.downloaded > 0) this.#lateAt ??= now + lateEditsMs;
    for (const { againAt } of left) {
      if (againAt !== undefined) this.#heldUntil = Math.min(this.#heldUntil ?? againAt, againAt);
    }
    const unknown = left.filter(({ kind }) => kind === "unknown").map(textOf);
    const text = JSON.stringify(unknown.toSorted((a, b) => (a < b ? -1 : 1)));
    this.#times = text === this.#unknown ? this.#times + 1 : 0;
    this.#unknown = text;
    if (unknown.length === 0) return;
    this.#unknownAt = now + Math.min(unknownLastMs, unknownFirstMs * 2 ** this.#times);
  }

  /** The user wants everything tried now. */
  hurry(): void {
    this.#patience.clear();
    this.#times = 0;
  }
}

function textOf({ path, reason }: LeftPath): string {
  return `${path} ${reason}`;
}
