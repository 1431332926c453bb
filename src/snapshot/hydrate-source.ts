import type { SnapshotEntry } from "../core/snapshot/entry.ts";
import type { CaptureFacts, SnapshotRoot } from "../core/snapshot/root.ts";
import type { CaptureSource } from "../ports.ts";
import { SnapError } from "../std/error.ts";
import type { Work } from "../std/events.ts";
import { inRuns } from "../std/runs.ts";
import { sourceWithoutContent } from "./remote-source.ts";

/** A thin snapshot, and where its content still is. */
export type HydrateOptions = {
  readonly root: SnapshotRoot;
  readonly entries: () => AsyncIterable<SnapshotEntry>;
  /** Bytes of one revision of Dropbox, from an offset on. */
  readonly download: (rev: string, offset: number, work: Work) => AsyncIterable<Uint8Array>;
};

/** A thin snapshot as the source of a capture that fetches what the store lacks, by revision (N42). */
export function hydrateSource({ root, entries, download }: HydrateOptions): CaptureSource {
  return {
    ...sourceWithoutContent(factsOf(root)),
    entries: async function* (onLeft) {
      for (const left of root.left.items) onLeft(left);
      yield* inRuns(entries());
    },
    fetch: (entry, offset, work) => {
      const { path, remote, hash } = entry;
      if (remote !== undefined && hash !== undefined) return download(remote.rev, offset, work);
      throw new SnapError("not-found", `"${path}" has no revision that could be asked for`, {
        path,
      });
    },
  };
}

/** The new snapshot is of the same place and moment. */
function factsOf(root: SnapshotRoot): CaptureFacts {
  const { workspace, link, side, rules, sync, cursor, paths } = root;
  return {
    workspace,
    ...(link === undefined ? {} : { link }),
    side,
    rules,
    sync,
    ...(cursor === undefined ? {} : { cursor }),
    ...(paths === undefined ? {} : { paths }),
  };
}
