/**
 * Tells of changes on the disk with `@parcel/watcher` (S2, S108). What it tells is only where to look.
 *
 * The package watches each folder that was there when it was asked, and a new folder by itself, but not what came with it:
 * not what was in a folder that was moved here, nor what was made before it looked. A folder that was moved within goes on under
 * its old name. So the folders that are really watched are known here, and where one is missing the package is asked anew in the
 * background; the new answer is there before the old one ends. An overflow of the system's queue cannot be seen: whoever
 * uses this looks at everything from time to time (S23).
 */
import { lstatSync } from "node:fs";
import { join } from "node:path";
import { topPath, type RelPath } from "../core/path/rel-path.ts";
import type { WatchMarks, Watcher, Watching } from "../ports.ts";
import { silentLogger, type Logger } from "../std/log.ts";
import type { Clock } from "../std/time.ts";
import { Cover } from "./watch-cover.ts";
import { dropBelow } from "./watch-known.ts";
import { findFolders, usualBounds, type FolderBounds } from "./watch-folders.ts";
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
    start: async (marks) => {
      const watch = new TreeWatch(options, marks);
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

  constructor(options: WatchOptions, marks: WatchMarks) {
    this.#options = options;
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
    return this.#known.size;
  }

  async begin(): Promise<void> {
    const { top, clock, bounds = usualBounds, system } = this.#options;
    try {
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
    const folders = named.filter((event) => this.#noteFolder(event)).map(({ path }) => path);
    if (named.length > 0) this.#marks.changed(named.map(({ path }) => path));
    if (below.length + folders.length > 0) this.#marks.below([...below, ...folders]);
    if (this.#fresh.size + this.#gone.size > stirredFoldersMax) this.#miss("too many new folders");
  }

  /** @returns whether it is a folder that may hold what nobody told of */
  #noteFolder({ path, type }: NamedEvent): boolean {
    const isKnown = path !== topPath && this.#known.has(path);
    if (type === "delete") this.#fresh.delete(path);
    // Removed and made again within a moment is told as an update.
    const isFolder = type !== "delete" && (type === "create" || isKnown) && this.#isFolder(path);
    if (isKnown) this.#gone.add(path);
    if (isFolder) this.#fresh.add(path);
    if (isKnown || isFolder) this.#stir();
    return isFolder;
  }

  #isFolder(path: RelPath): boolean {
    try {
      const stats = lstatSync(join(this.#options.top, path), { throwIfNoEntry: false });
      return stats?.isDirectory() === true;
    } catch {
      // Nobody can tell now; the folders are looked after in any case.
      return true;
    }
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
    ]).then(() => undefined);
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
      while (!this.#isOver && (this.#isStale || this.#fresh.size + this.#gone.size > 0)) {
        await this.#quiet();
        await this.#lookAfter();
      }
      this.#logger.debug("all folders are watched again", { folders: this.folders });
    } catch (error) {
      await this.#giveUp(reasonOf(error));
    } finally {
      this.#settling = undefined;
    }
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
    const { isAtLimit: atLimit = isAtLimit } = this.#options.system ?? {};
    if (fresh.size > 0 && atLimit(this.#options.top)) return this.#giveUp(raiseWatches);
    const wasMoved = dropBelow(this.#known, gone);
    const isCovered = !this.#isStale && !wasMoved && (await this.#areWatched(fresh));
    if (!isCovered) await this.#renew();
    // What was made in them before they were watched, nobody told of.
    if (!this.#isOver && fresh.size > 0) this.#marks.below([...fresh]);
  }

  /** Whether nothing is in the new folders that was not told of: then the package watches it. */
  async #areWatched(fresh: ReadonlySet<RelPath>): Promise<boolean> {
    const { top, bounds = usualBounds } = this.#options;
    const added: RelPath[] = [];
    for (const folder of fresh) {
      const found = await findFolders(top, folder, bounds);
      if (found.excess !== undefined) return false;
      for (const path of found.folders) {
        if (!fresh.has(path) && !this.#fresh.has(path) && !this.#known.has(path)) return false;
      }
      if (found.folders.has(folder)) added.push(folder);
    }
    for (const folder of added) this.#known.add(folder);
    return true;
  }

  /** @throws {Error} where nothing can be watched */
  async #renew(): Promise<void> {
    if (this.#cover === undefined) return;
    const missed = this.#missed;
    this.#missed = undefined;
    const { folders, hasGap, unsure } = await this.#cover.renew();
    if (this.#isOver) return this.#cover.end();
    this.#known = folders;
    this.#isStale = unsure.length > 0;
    for (const folder of unsure) this.#fresh.add(folder);
    if (missed !== undefined || hasGap) this.#marks.lost(missed ?? "the watch was made anew");
  }
}
