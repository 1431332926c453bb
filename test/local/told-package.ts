import type { Subscribe, ToldEvent } from "../../src/local/watch-package.ts";
import type { Scratch } from "./scratch.ts";
import { watched, type Watched, type WatchedOptions } from "./watched.ts";

type Told = (error: Error | null, events: readonly ToldEvent[]) => void;

/** One call of the package. */
type Asked = {
  readonly folder: string;
  readonly ignore: readonly string[];
  readonly ignorePaths: readonly string[];
  readonly told: Told;
  ended: boolean;
};

/** The package with trouble: what it answers to each call, and a way to tell as it does. */
export class Package {
  readonly asked: Asked[] = [];
  /** Names of the calls in their order: `+0` begins the first subscription, `-0` ends it. */
  readonly calls: string[] = [];
  readonly refusals: Error[] = [];
  endings: "resolve" | "reject" = "resolve";
  isFull = false;
  onAsk: () => void = () => {};

  readonly subscribe: Subscribe = async (folder, told, { ignore, ignorePaths }) => {
    const number = this.asked.length;
    const asked = { folder, ignore, ignorePaths, told, ended: false };
    this.asked.push(asked);
    this.onAsk();
    const refusal = this.refusals.shift();
    this.calls.push(refusal === undefined ? `+${number}` : `!${number}`);
    if (refusal !== undefined) throw refusal;
    return {
      unsubscribe: async () => {
        this.calls.push(`-${number}`);
        asked.ended = true;
        if (this.endings === "reject") throw new Error("Unable to remove watcher");
      },
    };
  };

  /** As the newest subscription tells of a place. */
  tell(type: ToldEvent["type"], path: string): void {
    const newest = this.asked.findLast(({ ended }) => !ended);
    newest?.told(null, [{ type, path: path === "" ? newest.folder : `${newest.folder}/${path}` }]);
  }

  open(scratch: Scratch, more: WatchedOptions = {}): Promise<Watched> {
    const { subscribe } = this;
    return watched(scratch, { ...more, system: { subscribe, isAtLimit: () => this.isFull } });
  }
}

/** What the package says at the limit of watches. */
export function watchFull(): Error {
  return new Error("inotify_add_watch on '/x' failed: No space left on device");
}
