import { readdirSync, readFileSync } from "node:fs";
import path from "node:path";
import { setImmediate } from "node:timers/promises";
import { pathComponents } from "../../src/core/path/rel-path.ts";
import { drainStepMs } from "../../src/local/watch-cover.ts";
import { openWatcher, type WatchOptions } from "../../src/local/watch.ts";
import type { LeftOut, WatchMarks, Watching } from "../../src/ports.ts";
import { silentLogger } from "../../src/std/log.ts";
import { systemClock, type Clock } from "../../src/std/time.ts";
import type { Scratch } from "./scratch.ts";

/** Sleeps end at the next turn, but for the time that the package needs to tell what it has. */
const turnClock: Clock = {
  now: () => systemClock.now(),
  sleep: (ms, signal) => (ms === drainStepMs ? systemClock.sleep(ms, signal) : setImmediate()),
};

/** A watcher at work on a scratch workspace, and everything that it told of since the last act. */
export type Watched = AsyncDisposable & {
  readonly watching: Watching;
  readonly changed: ReadonlySet<string>;
  readonly below: ReadonlySet<string>;
  /** Since the beginning. */
  readonly lost: readonly string[];
  /** Do something, and wait until all of these are marked. */
  marks(paths: readonly string[], act: () => void): Promise<void>;
  marksBelow(folders: readonly string[], act: () => void): Promise<void>;
  /** Wait until so many folders are watched, and the watcher has said that it is done with them. */
  settled(folders: number): Promise<void>;
  until(condition: () => boolean): Promise<void>;
};

/** How a watcher is begun otherwise than usual. */
export type WatchedOptions = Partial<WatchOptions> & { readonly leftOut?: LeftOut };

/** Folders of these names are left out, wherever they are. */
export function leavingOut(...names: readonly string[]): LeftOut {
  return {
    digest: names.join(" "),
    has: (folder) => pathComponents(folder).some((name) => names.includes(name)),
  };
}

/** Watches of inotify that this process has, as the system counts them. */
export function watchesOfSystem(): number {
  const folder = "/proc/self/fdinfo";
  return readdirSync(folder).reduce((sum, name) => sum + watchesIn(path.join(folder, name)), 0);
}

/** What was open when it was listed may be closed by now. */
function watchesIn(file: string): number {
  try {
    return readFileSync(file, "utf8").split("\ninotify wd:").length - 1;
  } catch {
    return 0;
  }
}

export async function watched(
  scratch: Scratch,
  { leftOut, ...more }: WatchedOptions = {},
): Promise<Watched> {
  const changed = new Set<string>();
  const below = new Set<string>();
  const lost: string[] = [];
  let settledAt: unknown;
  const told: WatchMarks = {
    changed: (paths) => paths.forEach((path) => changed.add(path)),
    below: (folders) => folders.forEach((folder) => below.add(folder)),
    lost: (reason) => lost.push(reason),
  };
  const logger = {
    ...silentLogger,
    debug: (_: string, facts?: { readonly folders?: unknown }) => {
      settledAt = facts?.folders;
    },
  };
  const watcher = openWatcher({ top: scratch.top, clock: turnClock, logger, ...more });
  const watching = await watcher.start(told, leftOut);
  const until = async (condition: () => boolean): Promise<void> => {
    while (!condition()) await setImmediate();
  };
  const doing = async (act: () => void, condition: () => boolean): Promise<void> => {
    changed.clear();
    below.clear();
    settledAt = undefined;
    act();
    await until(condition);
  };
  return {
    watching,
    changed,
    below,
    lost,
    until,
    marks: (paths, act) => doing(act, () => paths.every((path) => changed.has(path))),
    marksBelow: (folders, act) => doing(act, () => folders.every((folder) => below.has(folder))),
    settled: (folders) => until(() => settledAt === folders),
    [Symbol.asyncDispose]: () => watching[Symbol.asyncDispose](),
  };
}
