import { Marks, type Where } from "../../core/live/marks.ts";
import type { WatchMarks } from "../../core/live/waiting.ts";
import { isOutsideName } from "../../core/path/names.ts";
import { pathComponents, type RelPath } from "../../core/path/rel-path.ts";
import type { Clock } from "../../std/time.ts";

/**
 * What a watcher, and we ourselves, say may have changed on one disk. Outlives the engines that look there: what is marked while
 * none runs is kept for the next one.
 */
export class LiveMarks implements WatchMarks {
  /** Called at each mark, until it is set anew. */
  onMarked: () => void = () => {};
  readonly #clock: Clock;
  readonly #marks = new Marks();

  constructor(clock: Clock) {
    this.#clock = clock;
  }

  changed(paths: readonly RelPath[]): void {
    this.#mark(paths, (path, now) => this.#marks.at(path, now));
  }

  below(folders: readonly RelPath[]): void {
    this.#mark(folders, (folder, now) => this.#marks.below(folder, now));
  }

  /** @param _reason for whoever logs it: nothing is done differently for one or another */
  lost(_reason: string): void {
    this.#marks.everything(this.#clock.now());
    this.onMarked();
  }

  /** The first and the last mark that no look has taken. */
  get times(): { readonly first: number; readonly last: number } | undefined {
    const { firstAt: first, lastAt: last } = this.#marks;
    return first === undefined || last === undefined ? undefined : { first, last };
  }

  /** What is marked so far; undefined where nothing is. */
  peek(): Where | undefined {
    return this.#marks.peek();
  }

  /** Whether anything in a folder is marked. */
  tellsOf(folder: RelPath): boolean {
    return this.#marks.tellsOf(folder);
  }

  /** What a look takes upon itself. */
  take(): Where {
    return this.#marks.take() ?? { kind: "folders", folders: new Set(), whole: new Set() };
  }

  #mark(paths: readonly RelPath[], mark: (path: RelPath, now: number) => void): void {
    const now = this.#clock.now();
    const ofUsers = paths.filter((path) => !pathComponents(path).some(isOutsideName));
    if (ofUsers.length === 0) return;
    for (const path of ofUsers) mark(path, now);
    this.onMarked();
  }
}
