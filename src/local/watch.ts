/**
 * Tells of changes on the disk with `@parcel/watcher` (S2, S108). What it tells is only where to look.
 *
 * The package watches each folder that was there when it was asked, and a new folder by itself, but not what came with it:
 * not what was in a folder that was moved here, nor what was made before it looked. A folder that was moved within goes on under
 * its old name. So the folders that are really watched are known here, and where one is missing the package is asked anew in the
 * background; the new answer is there before the old one ends. The topmost folders that are left out are left out
 * of what it is asked; what happens in others of them is not passed on. An overflow of the system's queue cannot be seen: whoever
 * uses this looks at everything from time to time (S23).
 */
import { nothingLeftOut } from "../core/live/waiting.ts";
import { topPath, type RelPath } from "../core/path/rel-path.ts";
import type { LeftOut, WatchMarks, Watcher, Watching } from "../ports.ts";
import { silentLogger, type Logger } from "../std/log.ts";
import type { Clock } from "../std/time.ts";
import { Cover } from "./watch-cover.ts";
import { dropBelow, toldOf } from "./watch-known.ts";
import { findFolders, standsAt, usualBounds, type FolderBounds } from "./watch-folders.ts";
import { LeftOutFolders } from "./watch-left-out.ts";
import { Untold } from "./watch-untold.ts";
import { isAtLimit, loadSubscribe, raiseWatches, reasonOf } from "./watch-package.ts";
import type { Subscribe, ToldEvent } from "./watch-package.ts";
import { readEvents, type NamedEvent } from "./watch-places.ts";

/** Folders that came and went are remembered up to this many, until they are looked after. */
const stirredFoldersMax = 10_000;

/** How long no folder may come or go before the folders are looked after, ms, and how often that is waited for. */
const quietMs = 500;
const quietRoundsMax = 10;

/** What a watcher is made of. */
export type WatchOptions = {
  readonly top: string;
  readonly clock: Clock;
  readonly logger?: Logger | undefined;
  readonly bounds?: FolderBounds;
  /** In place of the package, and of the system's word on whether one more folder could be watched. */
  readonly system?: { readonly subscribe: Subscribe; readonly isAtLimit: (top: string) => boolean };
};

/** A watcher of the workspace at an absolute path without links in it. */
export function openWatcher(options: WatchOptions): Watcher {
  return {
    start: async (marks, leftOut = nothingLeftOut) => {
      const watch = new TreeWatch(options, marks, leftOut);
      await watch.begin();
      return watch;
    },
  };
}

class TreeWatch implements Watching {
  readonly #options: WatchOptions;
  readonly #marks: WatchMarks;
  readonly #logger: Logger;
  readonly #ending = new AbortController();
  readonly #leftOut: LeftOutFolders;
  readonly #untold: Untold;
  readonly #isAtLimit: (top: string) => boolean;
  readonly #topGone = new AbortController();
  #cover: Cover | undefined;
  #reason: string | undefined;
  /** Folders that are watched under their right name. */
  #known = new Set<RelPath>();
  /** Folders that came, and folders that went, since the folders were looked after. */
  #fresh = new Set<RelPath>();
  #gone = new Set<RelPath>();
  /** Somewhere a folder is not watched, or under a wrong name. */
  #isStale = false;
  /** What was not told, until all folders are watched again. */
  #missed: string | undefined;
  /** How often folders came or went. */
  #stirs = 0;
  #settling: Promise<void> | undefined;

  constructor(options: WatchOptions, marks: WatchMarks, leftOut: LeftOut) {
    this.#options = options;
    this.#untold = new Untold(options);
    this.#isAtLimit = options.system?.isAtLimit ?? isAtLimit;
    this.#leftOut = new LeftOutFolders(leftOut, (options.bounds ?? usualBounds).leftOut);
    this.#marks = marks;
    this.#logger = options.logger ?? silentLogger;
  }

  get coverage(): "whole" | "none" {
    return this.#reason === undefined ? "whole" : "none";
  }

  get reason(): string | undefined {
    return this.#reason;
  }

  get folders(): number {
    return this.#reason === undefined ? this.#known.size + this.#leftOut.idle : 0;
  }

  leaveOut(leftOut: LeftOut): void {
    if (this.#ending.signal.aborted || this.#cover === undefined) return;
    if (!this.#leftOut.want(leftOut)) return;
    if (this.#reason !== undefined) {
      // What was too much may be less now.
      this.#reason = undefined;
      this.#isStale = true;
      this.#missed = "it was not watched";
    }
    this.#stir();
  }

  check(): void {
    if (this.#isOver) return;
    const found = this.#untold.look(this.#leftOut.listed);
    if (found === "top gone") return this.#loseTop();
    if (found !== "file") return;
    this.#isStale = true;
    this.#stir();
  }

  get topGone(): AbortSignal {
    return this.#topGone.signal;
  }

  async begin(): Promise<void> {
    const { top, clock, bounds = usualBounds, system } = this.#options;
    try {
      this.#untold.begin();
      const subscribe = system?.subscribe ?? (await loadSubscribe(top));
      const told = (folder: string, error: Error | null, events: readonly ToldEvent[]): void =>
        this.#told(folder, error, events);
      const { signal } = this.#ending;
      const parts = { top, clock, bounds, subscribe, told, signal, logger: this.#logger };
      this.#cover = new Cover(parts);
      await this.#renew();
      if (this.#isStale) this.#stir();
    } catch (error) {
      await this.#giveUp(reasonOf(error));
    }
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#ending.abort();
    await this.#settling;
    await this.#cover?.end();
  }

  get #isOver(): boolean {
    return this.#ending.signal.aborted || this.#reason !== undefined;
  }

  /** Called by the package. */
  #told(folder: string, error: Error | null, events: readonly ToldEvent[]): void {
    if (this.#isOver) return;
    if (error !== null) return this.#miss(`the watch failed: ${error.message}`);
    const { trouble, named, below } = readEvents(folder, events);
    if (trouble === "top gone") return this.#loseTop();
    if (trouble !== undefined) return this.#miss(trouble);
    const news = named.map((event) => ({ path: event.path, what: this.#note(event) }));
    const changed = news.filter(({ what }) => what !== "nothing").map(({ path }) => path);
    const folders = news.filter(({ what }) => what === "folder").map(({ path }) => path);
    const whole = [...folders, ...below.filter((folder) => !this.#leftOut.wanted.has(folder))];
    if (changed.length > 0) this.#marks.changed(changed);
    if (whole.length > 0) this.#marks.below(whole);
    if (this.#fresh.size + this.#gone.size > stirredFoldersMax) this.#miss("too many new folders");
    else if (this.#leftOut.isStale) this.#stir();
  }

  /** @returns what it is to the user: nothing, where nobody looks; a folder, which may hold what nobody told of */
  #note(event: NamedEvent): "nothing" | "folder" | "change" {
    if (this.#leftOut.holds(event, this.#known)) return "nothing";
    const { path, type } = event;
    const isKnown = path !== topPath && this.#known.has(path);
    if (type === "delete") this.#fresh.delete(path);
    if (isKnown) {
      this.#gone.add(path);
      this.#stir();
    }
    // Removed and made again within a moment is told as an update.
    const mayBeNew = type === "create" || (type === "update" && isKnown);
    if (!mayBeNew || standsAt(this.#options.top, path) !== "folder") return "change";
    if (this.#leftOut.isOne(event)) return "nothing";
    this.#fresh.add(path);
    this.#stir();
    return "folder";
  }

  /** Something was not told: everything is looked at, and the watch made anew. */
  #miss(reason: string): void {
    this.#isStale = true;
    this.#missed = reason;
    this.#fresh.clear();
    this.#gone.clear();
    this.#marks.lost(reason);
    this.#stir();
  }

  #loseTop(): void {
    this.#settling = Promise.all([
      this.#settling,
      this.#giveUp("the folder of the workspace was moved or removed"),
    ]).then(() => this.#settled());
    this.#topGone.abort();
  }

  async #giveUp(reason: string): Promise<void> {
    if (this.#isOver) return;
    this.#reason = reason;
    this.#known.clear();
    this.#logger.info("changes are not watched", { reason });
    this.#marks.lost(reason);
    await this.#cover?.end();
  }

  #stir(): void {
    this.#stirs += 1;
    this.#settling ??= this.#settle();
  }

  /** In the background: look after the folders until none comes or goes. */
  async #settle(): Promise<void> {
    try {
      while (this.#isUnsettled) {
        await this.#quiet();
        await this.#lookAfter();
      }
      this.#logger.debug("all folders are watched again", { folders: this.folders });
    } catch (error) {
      await this.#giveUp(reasonOf(error));
    } finally {
      this.#settled();
    }
  }

  get #isUnsettled(): boolean {
    const isStale = this.#isStale || this.#leftOut.isStale;
    return !this.#isOver && (isStale || this.#fresh.size + this.#gone.size > 0);
  }

  #settled(): void {
    this.#settling = undefined;
    if (this.#isUnsettled) this.#stir();
  }

  async #quiet(): Promise<void> {
    for (let round = 0; round < quietRoundsMax; round += 1) {
      const before = this.#stirs;
      await this.#options.clock.sleep(quietMs, this.#ending.signal);
      if (this.#stirs === before) return;
    }
  }

  async #lookAfter(): Promise<void> {
    const [fresh, gone] = [this.#fresh, this.#gone];
    [this.#fresh, this.#gone] = [new Set(), new Set()];
    const isFull = fresh.size > 0 && this.#isAtLimit(this.#options.top);
    // A new watch may need less.
    if (isFull && !this.#leftOut.hasStrays) return this.#giveUp(raiseWatches);
    const isStale = this.#isStale || this.#leftOut.isStale || isFull;
    const wasMoved = dropBelow(this.#known, gone);
    const isCovered = !isStale && !wasMoved && (await this.#areWatched(fresh));
    if (!isCovered) await this.#renew();
    // What was made in them before they were watched, nobody told of.
    if (!this.#isOver && fresh.size > 0) this.#marks.below([...fresh]);
  }

  /** Whether nothing is in the new folders that was not told of: then the package watches it. */
  async #areWatched(fresh: ReadonlySet<RelPath>): Promise<boolean> {
    const { top, bounds = usualBounds } = this.#options;
    const added = await toldOf(fresh, {
      find: (folder) => findFolders(top, folder, { bounds, leftOut: this.#leftOut.wanted }),
      isTold: (path) => fresh.has(path) || this.#fresh.has(path) || this.#known.has(path),
    });
    for (const folder of added ?? []) this.#known.add(folder);
    return added !== undefined;
  }

  /** @throws {Error} where nothing can be watched */
  async #renew(): Promise<void> {
    if (this.#cover === undefined) return;
    const missed =
      this.#missed ?? (this.#leftOut.isOther ? "other folders are left out" : undefined);
    this.#missed = undefined;
    this.#isStale = false;
    const leftOut = this.#leftOut.begin();
    const covered = await this.#cover.renew(leftOut);
    if (this.#isOver) return this.#cover.end();
    const { folders, hasGap, unsure } = covered;
    this.#known = folders;
    if (unsure.length > 0) this.#isStale = true;
    for (const folder of unsure) this.#fresh.add(folder);
    const gone = this.#leftOut.cover(leftOut, covered);
    if (gone.length > 0) this.#marks.changed(gone);
    if (missed !== undefined || hasGap) this.#marks.lost(missed ?? "the watch was made anew");
  }
}
