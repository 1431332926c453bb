import { isSameTime } from "../core/snapshot/entry.ts";
import type { SnapshotEntry } from "../core/snapshot/entry.ts";
import { joinByPath } from "../core/snapshot/manifest.ts";
import type { Pair } from "../core/snapshot/manifest.ts";
import type { SnapshotRoot } from "../core/snapshot/root.ts";
import { isUnitTop, withoutUnitParts } from "../core/snapshot/unit.ts";
import type { CaptureSource, SnapshotStore } from "../ports.ts";
import { isSnapError, throwIfAborted } from "../std/error.ts";
import type { Work } from "../std/events.ts";
import { outOfRuns } from "../std/runs.ts";
import { baseIn } from "./parent.ts";

/** How many files, and their bytes. */
export type Amount = { readonly files: number; readonly bytes: number };

/** What a capture would do; the files of repositories are not counted. */
export type CapturePreview = {
  /** The files that the snapshot would hold. */
  readonly holds: Amount;
  readonly repositories: number;
  /** Not in the snapshot that the capture would go on from; all of them where there is none. */
  readonly added: Amount;
  readonly changed: Amount;
  readonly gone: Amount;
  /** Files that would be opened; of those that are neither added nor changed the content is not known without (N35). */
  readonly read: Amount;
  /** Things that would be listed and not captured: sockets, pipes, devices, folders that cannot be read. */
  readonly left: number;
  /** The snapshot that the capture would go on from. */
  readonly base: SnapshotRoot | undefined;
};

/** Weigh a capture by stats and hashes that are known: no file is opened, nothing is written. */
export async function previewCapture(
  store: Pick<SnapshotStore, "list" | "entries">,
  source: CaptureSource,
  work: Work,
): Promise<CapturePreview> {
  const base = baseIn(await store.list(), await source.facts());
  const tally = new Tally();
  const entries = outOfRuns(source.entries(() => (tally.left += 1)));
  for await (const pair of joinByPath(entries, entriesOf(store, base))) {
    throwIfAborted(work.signal);
    tally.add(pair);
  }
  const { holds, added, changed, gone, read, left, repositories } = tally;
  return { holds, added, changed, gone, read, left, repositories, base };
}

/** What of it can be read: what comes after damage counts as added. */
async function* entriesOf(
  store: Pick<SnapshotStore, "entries">,
  base: SnapshotRoot | undefined,
): AsyncGenerator<SnapshotEntry> {
  if (base === undefined) return;
  try {
    yield* withoutUnitParts(store.entries(base.id));
  } catch (error) {
    if (!isSnapError(error, "damaged")) throw error;
  }
}

class Tally {
  readonly holds = none();
  readonly added = none();
  readonly changed = none();
  readonly gone = none();
  readonly read = none();
  left = 0;
  repositories = 0;

  add({ left: now, right: before }: Pair): void {
    if (now !== undefined && now.type === "folder" && isUnitTop(now)) this.repositories += 1;
    // What could not be read was told already.
    if (now?.type === "other" && !now.flags.includes("unreadable")) this.left += 1;
    if (now?.type === "file") this.#addFile(now, before);
    else if (before?.type === "file") count(this.gone, before);
  }

  #addFile(now: SnapshotEntry, before: SnapshotEntry | undefined): void {
    count(this.holds, now);
    if (before?.type !== "file") count(this.added, now);
    else if (isChanged(now, before)) count(this.changed, now);
    if (before?.hash === undefined || before.hash !== now.hash) count(this.read, now);
  }
}

/** By content where it is known, else by size and time, as far as a look tells. */
function isChanged(now: SnapshotEntry, before: SnapshotEntry): boolean {
  if (now.hash !== undefined && before.hash !== undefined) return now.hash !== before.hash;
  const [time = "0", timeBefore = "0"] = [now.modifiedNs, before.modifiedNs];
  return now.size !== before.size || !isSameTime(time, timeBefore);
}

type Count = { files: number; bytes: number };

function none(): Count {
  return { files: 0, bytes: 0 };
}

function count(into: Count, { size = 0 }: SnapshotEntry): void {
  into.files += 1;
  into.bytes += size;
}
