import { statSync } from "node:fs";
import type { LeftOut } from "../core/live/waiting.ts";
import { topPath, type RelPath } from "../core/path/rel-path.ts";
import { describeError, SnapError } from "../std/error.ts";
import type { Logger } from "../std/log.ts";
import type { Clock } from "../std/time.ts";
import { ownFolder } from "./parents.ts";
import { findFolders, type FolderBounds, type FoundFolders } from "./watch-folders.ts";
import { isLimit, type Subscribe, type ToldEvent } from "./watch-package.ts";
import { leavingOut } from "./watch-places.ts";

/** How long an old subscription may still tell what it has: so many times so many ms. */
export const drainStepMs = 50;
const drainSteps = 10;

/** Attempts to watch a tree whose folders come and go, and the wait after the first, ms; each is twice the one before. */
const attemptsMax = 5;
const delayFirstMs = 100;

/** Folders that nobody can read, at most: the package compares each entry and each event with each of them. */
const shutFoldersMax = 1_000;

/** Names of the top that are tried at most. */
const namesMax = 40;

/** What a cover is made of. */
export type CoverOptions = {
  readonly top: string;
  readonly clock: Clock;
  readonly logger: Logger;
  readonly subscribe: Subscribe;
  readonly bounds: FolderBounds;
  readonly signal: AbortSignal;
  /** `folder` is the name of the top that the paths begin with. */
  readonly told: (folder: string, error: Error | null, events: readonly ToldEvent[]) => void;
};

/** What is watched now. */
export type Covered = {
  readonly folders: Set<RelPath>;
  /** Events in between may be missing. */
  readonly hasGap: boolean;
  /** Folders that came while the package looked for them: it may not watch them. */
  readonly unsure: readonly RelPath[];
  /** Folders in which nobody looks: those that are not watched, and how many more are. */
  readonly leftOut: readonly RelPath[];
  readonly idle: number;
};

/** The package at work, and how it names the top. */
type Subscription = { readonly name: number; unsubscribe(): Promise<void> };

/**
 * The subscription of one tree, and how it is made anew.
 *
 * The package looks at a folder once for each name that it has for it, and remembers what it saw for as long as that name is in
 * use. So that a new subscription can begin before the old one ends, the two know the top by different names.
 */
export class Cover {
  readonly #options: CoverOptions;
  readonly #spoiled = new Set<number>();
  #current: Subscription | undefined;

  constructor(options: CoverOptions) {
    this.#options = options;
  }

  /** Watch all folders that are there now. @throws {SnapError | Error} for `reasonOf`; nothing is watched then */
  async renew(leftOut: LeftOut): Promise<Covered> {
    let hasGap = false;
    for (let attempt = 1; ; attempt += 1) {
      const found = await this.#find(leftOut);
      try {
        hasGap = (await this.#replace(found)) || hasGap;
        return { ...(await this.#compare(found, leftOut)), hasGap };
      } catch (error) {
        const mayHelp = isLimit(error) ? this.#current !== undefined : attempt < attemptsMax;
        // What a subscription that failed leaves behind goes with the last one.
        if (isLimit(error) || !mayHelp) await this.end();
        if (!mayHelp) throw error;
        hasGap ||= this.#current === undefined;
        await this.#options.clock.sleep(delayFirstMs * 2 ** (attempt - 1), this.#options.signal);
      }
    }
  }

  async end(): Promise<void> {
    const old = this.#current;
    this.#current = undefined;
    if (old === undefined) return;
    try {
      await old.unsubscribe();
    } catch (error) {
      // A folder that vanished unseen: the package stops half way, and what it knows by that name stays in its memory.
      this.#spoiled.add(old.name);
      this.#options.logger.info("a watch did not end", { reason: describeError(error) });
    }
  }

  async #find(leftOut: LeftOut): Promise<FoundFolders> {
    const { top, bounds } = this.#options;
    const found = await findFolders(top, topPath, { bounds, leftOut });
    if (found.excess !== undefined) throw tooMany(found.excess, bounds);
    if (found.shut.length > shutFoldersMax) throw tooManyShut();
    return found;
  }

  /** @returns whether nothing was watched in between */
  async #replace(found: FoundFolders): Promise<boolean> {
    const { subscribe, told } = this.#options;
    const name = this.#freeName();
    const hasGap = name === undefined && this.#current !== undefined;
    if (hasGap) await this.end();
    const folder = this.#nameOf(name ?? 0);
    const { ignore, ignorePaths } = leavingOut(folder, [...found.shut, ...found.leftOut]);
    const next = await subscribe(folder, (error, events) => told(folder, error, events), {
      ignore: [ownFolder, ...ignore],
      ignorePaths,
    });
    try {
      if (this.#current !== undefined) await this.#drain();
    } finally {
      await this.end();
      this.#current = { name: name ?? 0, unsubscribe: () => next.unsubscribe() };
    }
    return hasGap;
  }

  /**
   * What happened before the new one began is still on its way from the old one, which gathers events for 50 ms. Where the machine is
   * suspended meanwhile, one step is over at once; the others are as long as ever.
   */
  async #drain(): Promise<void> {
    const { clock, signal } = this.#options;
    for (let step = 0; step < drainSteps; step += 1) await clock.sleep(drainStepMs, signal);
  }

  async #compare(found: FoundFolders, leftOut: LeftOut): Promise<Omit<Covered, "hasGap">> {
    const { top, bounds } = this.#options;
    const now = await findFolders(top, topPath, { bounds, leftOut });
    return {
      folders: now.folders.intersection(found.folders),
      unsure: [...now.folders.difference(found.folders)],
      leftOut: found.leftOut,
      idle: found.idle,
    };
  }

  /** A name of the top that the package does not know; undefined where there is none. */
  #freeName(): number | undefined {
    for (let name = 0; name < namesMax; name += 1) {
      if (name === this.#current?.name || this.#spoiled.has(name)) continue;
      if (name === 0 || isSameFolder(this.#nameOf(name), this.#options.top)) return name;
    }
    return undefined;
  }

  /** `/proc/self/root` is the top of all folders, as often as it is said. */
  #nameOf(name: number): string {
    return "/proc/self/root".repeat(name) + this.#options.top;
  }
}

function isSameFolder(a: string, b: string): boolean {
  const [one, other] = [a, b].map((path) => statSync(path, { throwIfNoEntry: false }));
  return one !== undefined && one.ino === other?.ino && one.dev === other.dev;
}

function tooMany(kind: "folders" | "entries", bounds: FolderBounds): SnapError {
  const what = kind === "folders" ? "folders" : "files and folders";
  const count = bounds[kind].toLocaleString("en");
  const help = "ignore or exclude folders that need not be synced";
  return new SnapError("too-large", `more than ${count} ${what} would have to be watched; ${help}`);
}

function tooManyShut(): SnapError {
  const count = shutFoldersMax.toLocaleString("en");
  return new SnapError("permission-denied", `more than ${count} folders cannot be read`);
}
