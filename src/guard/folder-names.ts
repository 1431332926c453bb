import { dangerName, repositoryMarker } from "../core/repo/marker.ts";
import type { EntryKind } from "../core/repo/marker.ts";
import type { Clock } from "../std/time.ts";
import { isOutOfReach, lookAt, readFolder, type Bytes } from "./read-only.ts";

/** What matters of the names in a folder to the rules of Git. */
export type NamesInFolder = {
  /** Folders that are no marker of a repository. */
  readonly folders: readonly string[];
  /** The name that makes it a work tree of Git. */
  readonly marker: { readonly name: string; readonly kind: EntryKind } | undefined;
  readonly hasRules: boolean;
};

type Known = { readonly stamp: string; readonly readAt: number; readonly names: NamesInFolder };

/** A folder that was changed so shortly before it was listed, ms, may have been changed once more since, with the same time. */
const settledMs = 2_000;

const nothing: NamesInFolder = { folders: [], marker: undefined, hasRules: false };

/** Names in folders, listed again only where the folder has another time: one look at each else. */
export class FolderNames {
  readonly #clock: Clock;
  #before: ReadonlyMap<string, Known> = new Map();
  #now = new Map<string, Known>();

  constructor(clock: Clock) {
    this.#clock = clock;
  }

  /** A pass over all folders begins: what the last one did not ask for is forgotten. */
  begin(): void {
    this.#before = this.#now;
    this.#now = new Map();
  }

  /** Nothing is in a folder that cannot be read: whoever reads it tells. */
  in(path: Bytes): NamesInFolder {
    const key = path.toString("latin1");
    const stats = lookAt(path);
    if (stats?.isDirectory() !== true) return nothing;
    const stamp = [stats.dev, stats.ino, stats.mtimeMs, stats.ctimeMs].join(" ");
    const before = this.#before.get(key);
    const isSettled = before !== undefined && before.readAt - stats.ctimeMs > settledMs;
    if (before?.stamp === stamp && isSettled) {
      this.#now.set(key, before);
      return before.names;
    }
    const readAt = this.#clock.now();
    const names = namesIn(path);
    if (names === undefined) return nothing;
    this.#now.set(key, { stamp, readAt, names });
    return names;
  }
}

function namesIn(path: Bytes): NamesInFolder | undefined {
  try {
    const entries = readFolder(path);
    const isMarker = (name: string, kind: EntryKind): boolean =>
      repositoryMarker(name, kind) !== undefined;
    return {
      folders: entries
        .filter(({ name, kind }) => kind === "folder" && !isMarker(name, kind))
        .map(({ name }) => name),
      marker: entries.find(({ name, kind }) => dangerName(name) === ".git" && isMarker(name, kind)),
      hasRules: entries.some(({ name, kind }) => name === ".gitignore" && kind === "file"),
    };
  } catch (error) {
    if (isOutOfReach(error)) return undefined;
    throw error;
  }
}
