import { rawPathOf } from "../core/snapshot/disk-path.ts";
import type { SnapshotEntry } from "../core/snapshot/entry.ts";
import type { LeftAside } from "../core/snapshot/root.ts";
import type { CaptureSource, LocalSide } from "../ports.ts";
import { isSnapError, SnapError, throwIfAborted } from "../std/error.ts";
import type { Work } from "../std/events.ts";
import { outOfRuns } from "../std/runs.ts";

/**
 * The present disk as the entries of a snapshot, every file with its content hash, in path order: what no trusted
 * row of the index knows is read. What cannot be read carries the flag `unreadable`.
 */
export async function* hashedEntries(
  {
    source,
    local,
    rehash = false,
  }: {
    readonly source: CaptureSource;
    readonly local: LocalSide;
    /** Read every file, whatever the index says. */
    readonly rehash?: boolean;
  },
  work: Work,
): AsyncGenerator<SnapshotEntry> {
  const ignoreLeft = (_left: LeftAside): void => {};
  let done = 0;
  let bytes = 0;
  for await (const entry of outOfRuns(source.entries(ignoreLeft))) {
    throwIfAborted(work.signal);
    const hashed =
      entry.type === "file" && (rehash || entry.hash === undefined)
        ? await hash(entry, local)
        : entry;
    done += 1;
    bytes += entry.size ?? 0;
    work.onProgress?.({
      step: "Comparing",
      done,
      total: undefined,
      bytes,
      bytesTotal: undefined,
      current: entry.path,
    });
    yield hashed;
  }
}

async function hash(entry: SnapshotEntry, local: LocalSide): Promise<SnapshotEntry> {
  try {
    const read = await local.hash(rawPathOf(entry));
    return { ...entry, hash: read.hash, blocks: read.blocks, size: read.size };
  } catch (error) {
    if (!(error instanceof SnapError) || isSnapError(error, "interrupted")) throw error;
    // What the index says of it is not what was read.
    const { hash: _hash, blocks: _blocks, remote: _remote, ...unread } = entry;
    return { ...unread, flags: [...entry.flags, "unreadable"] };
  }
}
