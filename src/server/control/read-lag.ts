import type { Clock } from "../../std/time.ts";
import type { Database } from "../store/database.ts";
import { Journal } from "../tree/journal.ts";

/** Where the journal ended, and since when. */
type Mark = { readonly position: number; readonly atMs: number };

/** Knows how far the journal reached some time ago, so that reads can lag behind writes (V74). */
export class ReadLag {
  readonly #journal: Journal;
  readonly #clock: Clock;
  readonly #lagMs: number;
  /** In order of time; the first is the last one that everybody may see. */
  #marks: Mark[];

  /** What is written already is seen. */
  constructor(database: Database, clock: Clock, lagMs: number) {
    // Positions grow over all namespaces, so it does not matter whose journal is asked.
    this.#journal = new Journal(database, 0);
    this.#clock = clock;
    this.#lagMs = lagMs;
    this.#marks = [{ position: this.#journal.head(), atMs: -Infinity }];
  }

  /** Something was written just now. */
  note(): void {
    if (this.#lagMs === 0) return;
    this.#forget();
    this.#marks.push({ position: this.#journal.head(), atMs: this.#clock.now() });
  }

  /** The last position that may be seen; undefined when everything may. */
  readableUpTo(): number | undefined {
    if (this.#lagMs === 0) return undefined;
    this.#forget();
    return this.#marks.length === 1 ? undefined : this.#marks[0]?.position;
  }

  /** Leave only the newest of the marks that are old enough. Where the clock was set back, all of them were made by now. */
  #forget(): void {
    const now = this.#clock.now();
    if ((this.#marks.at(-1)?.atMs ?? now) > now) {
      this.#marks = this.#marks.map((mark) => ({ ...mark, atMs: Math.min(mark.atMs, now) }));
    }
    const seen = now - this.#lagMs;
    while (this.#marks[1] !== undefined && this.#marks[1].atMs <= seen) this.#marks.shift();
  }
}
