import type { PathKey } from "../../core/path/path-key.ts";
import type { RemotePage } from "../../core/tree/remote-item.ts";
import { throwIfAborted } from "../../std/error.ts";
import type { Work } from "../../std/events.ts";
import type { EngineDeps } from "../engine-deps.ts";

/** Places that changed since the last sync; with more of them all that differs on the server counts as not synced yet. */
const changedMax = 100_000;

/** What changed on the server behind the cursor of the last sync. */
export class ServerChanges {
  readonly #remote: EngineDeps["remote"];
  readonly #places = new Set<string>();
  readonly #ids = new Set<string>();
  #cursor: string | undefined;
  #everything = false;

  constructor({ remote }: Pick<EngineDeps, "remote">, cursor: string | undefined) {
    this.#remote = remote;
    this.#cursor = cursor;
  }

  /** Go on from where the last call ended. */
  async read(work: Work): Promise<void> {
    if (this.#cursor === undefined || this.#everything) {
      this.#everything = true;
      return;
    }
    for await (const page of this.#remote.pages(this.#cursor, work)) {
      throwIfAborted(work.signal);
      this.#note(page);
      // The server has forgotten the cursor: the next sync lists everything (S34).
      if (this.#everything) return;
      this.#cursor = page.cursor;
    }
  }

  /** Whether a change is named for a place, a folder above it, or an id. */
  explains(keys: readonly PathKey[], remoteId: string): boolean {
    if (this.#everything || this.#ids.has(remoteId)) return true;
    return isAtOrBelow(this.#places, keys);
  }

  #note(page: RemotePage): void {
    this.#everything ||= page.restart || this.#places.size > changedMax;
    for (const change of page.changes) {
      if (change.change === "refused") continue;
      const keys = change.change === "present" ? change.item.keys : change.keys;
      if (change.change === "present") this.#ids.add(change.item.remoteId);
      this.#places.add(keys.join("/"));
    }
  }
}

/** Whether one of some places is at these keys, or above them. */
export function isAtOrBelow(places: ReadonlySet<string>, keys: readonly PathKey[]): boolean {
  return keys.some((_key, depth) => places.has(keys.slice(0, depth + 1).join("/")));
}
