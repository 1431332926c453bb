import { parentPath, topPath, type RelPath } from "../core/path/rel-path.ts";
import { entryTrouble } from "../core/snapshot/entry.ts";
import type { SnapshotEntry } from "../core/snapshot/entry.ts";
import { EntrySorter } from "../core/snapshot/entry-sorter.ts";
import { leftListedMax } from "../core/snapshot/root.ts";
import type { CaptureFacts, LeftAside } from "../core/snapshot/root.ts";
import type { Kind } from "../core/tree/node.ts";
import type { CaptureSource, RemoteSide } from "../ports.ts";
import { throwIfAborted } from "../std/error.ts";
import type { Work } from "../std/events.ts";
import type { MakeSpool } from "../std/line-sorter.ts";
import { inRuns } from "../std/runs.ts";
import { turn } from "../std/turn.ts";
import { ListedPlaces, type ListedItem } from "./listed-places.ts";
import { sourceWithoutContent, thinEntry } from "./remote-source.ts";

/** Entries that are taken in between two turns. */
const entriesBetween = 1024;

/** What is listed, and what of it belongs to the snapshot. */
export type ListingOptions = {
  readonly remote: Pick<RemoteSide, "pages">;
  readonly facts: CaptureFacts;
  /** Whether a thing of a folder is in scope; what is below a thing that is not, is not asked for. */
  readonly isTaken: (folder: RelPath, entry: { name: string; kind: Kind }) => boolean;
  readonly makeSpool: MakeSpool;
};

/**
 * A folder of Dropbox by its listing alone, as the source of a thin capture (N40): read to its end first, sorted on the disk (N6), and
 * with the changes that came while it was read.
 */
export class ListedRemote implements Disposable {
  readonly #options: ListingOptions;
  readonly #entries: EntrySorter;
  readonly #left: LeftAside[] = [];
  #leftCount = 0;
  #cursor: string | undefined;

  private constructor(options: ListingOptions) {
    this.#options = options;
    this.#entries = new EntrySorter(options.makeSpool);
  }

  /** @throws {SnapError} as `RemoteSide.pages`; `interrupted`; the errors of the spools */
  static async read(options: ListingOptions, work: Work): Promise<ListedRemote> {
    const listed = new ListedRemote(options);
    try {
      using places = new ListedPlaces(options.makeSpool);
      listed.#cursor = await readPages(options.remote, places, work);
      await listed.#take(places, work);
      return listed;
    } catch (error) {
      listed[Symbol.dispose]();
      throw error;
    }
  }

  get source(): CaptureSource {
    const { facts } = this.#options;
    const cursor = this.#cursor === undefined ? {} : { cursor: this.#cursor };
    return {
      ...sourceWithoutContent({ ...facts, ...cursor, side: "remote" }),
      entries: (onLeft) => inRuns(this.#sorted(onLeft)),
    };
  }

  [Symbol.dispose](): void {
    this.#entries[Symbol.dispose]();
  }

  async #take(places: ListedPlaces, work: Work): Promise<void> {
    let outside: RelPath | undefined;
    let count = 0;
    for (const place of places.alive()) {
      count += 1;
      if (count % entriesBetween === 0) {
        throwIfAborted(work.signal);
        await turn();
      }
      if (place.reason !== undefined) {
        this.#leave(place);
        continue;
      }
      const { path } = place;
      if (outside !== undefined && path.startsWith(`${outside}/`)) continue;
      if (this.#isTaken(place)) this.#add(place);
      else outside = path;
    }
  }

  #isTaken({ path, kind, name }: ListedItem): boolean {
    return this.#options.isTaken(parentPath(path) ?? topPath, { name, kind });
  }

  #add(place: ListedItem): void {
    const entry = thinEntry(place.path, place);
    const trouble = entryTrouble(entry);
    if (trouble === undefined) this.#entries.add(entry);
    else this.#leave({ path: place.path, reason: `Not stored: ${trouble}` });
  }

  #leave(left: LeftAside): void {
    this.#leftCount += 1;
    if (this.#left.length < leftListedMax) this.#left.push(left);
  }

  /** All are told, so that they are counted; only the first have a name. */
  #tellLeft(onLeft: (left: LeftAside) => void): void {
    for (let at = 0; at < this.#leftCount; at += 1) {
      onLeft(this.#left[at] ?? { path: "", reason: "" });
    }
  }

  /** Two places with one path are the fault of a server; the first counts. */
  async *#sorted(onLeft: (left: LeftAside) => void): AsyncGenerator<SnapshotEntry> {
    this.#tellLeft(onLeft);
    let before: string | undefined;
    for (const entry of this.#entries.sorted()) {
      if (entry.path === before) onLeft({ path: entry.path, reason: "It was listed twice" });
      else yield entry;
      before = entry.path;
    }
  }
}

/** To the very end: whoever changes the folder meanwhile is heard, too. The cursor behind it. */
async function readPages(
  remote: ListingOptions["remote"],
  places: ListedPlaces,
  work: Work,
): Promise<string | undefined> {
  let cursor: string | undefined;
  for await (const page of remote.pages(undefined, work)) {
    throwIfAborted(work.signal);
    if (page.restart) places.restart();
    for (const change of page.changes) places.add(change);
    cursor = page.cursor;
    const step = { step: "Listing", done: places.count, total: undefined };
    work.onProgress?.({ ...step, bytes: 0, bytesTotal: undefined });
  }
  return cursor;
}
