import { dangerName, repositoryMarker, type EntryKind } from "../core/repo/marker.ts";
import type { Clock } from "../std/time.ts";
import { turn } from "../std/turn.ts";
import { isAsSeen, seenAt, type Seen } from "./file-stamp.ts";
import { isOutOfReach, readFolder, type Bytes } from "./read-only.ts";

/** What matters of the names in a folder to the rules of Git. */
export type NamesInFolder = {
  /** Folders that are no marker of a repository. */
  readonly folders: readonly string[];
  /** The name that makes it a work tree of Git. */
  readonly marker: { readonly name: string; readonly kind: EntryKind } | undefined;
  readonly hasRules: boolean;
};

type Known = { readonly path: Bytes; readonly seen: Seen; readonly names: NamesInFolder };

const nothing: NamesInFolder = { folders: [], marker: undefined, hasRules: false };

/** Other work has a turn after so many folders. */
const foldersInARow = 1_000;

/** Names in folders, listed again only where the folder has another time: one look at each else. */
export class FolderNames {
  readonly #clock: Clock;
  #before: ReadonlyMap<string, Known> = new Map();
  #now = new Map<string, Known>();

  constructor(clock: Clock) {
    this.#clock = clock;
  }

  /** Whether all folders of the last pass are surely as they were. */
  async areAsBefore(): Promise<boolean> {
    let seen = 0;
    for (const known of this.#now.values()) {
      seen += 1;
      if (seen % foldersInARow === 0) await turn();
      if (!isAsSeen(known.seen, known.path)) return false;
    }
    return seen > 0;
  }

  /** A pass over all folders begins: what the last one did not ask for is forgotten. */
  begin(): void {
    this.#before = this.#now;
    this.#now = new Map();
  }

  /** Nothing is in a folder that cannot be read: whoever reads it tells. */
  in(path: Bytes): NamesInFolder {
    const key = path.toString("latin1");
    const before = this.#before.get(key);
    if (before !== undefined && isAsSeen(before.seen, path)) {
      this.#now.set(key, before);
      return before.names;
    }
    const seen = seenAt(path, this.#clock.now());
    const names = namesIn(path) ?? nothing;
    this.#now.set(key, { path, seen, names });
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
