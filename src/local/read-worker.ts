/** Runs in a thread of its own: reads and hashes small files into memory that it shares with the main thread. */
import type { RelPath } from "../core/path/rel-path.ts";
import type { BlockHash } from "../core/tree/content-hash.ts";
import type { LocalStat } from "../core/tree/local-stat.ts";
import { serveJobs } from "../threads/serve-jobs.ts";
import { nodeDisk } from "./disk.ts";
import { isStopped, type StopFlag } from "./hash-job.ts";
import { WholeReader } from "./read-each.ts";

/** Small files of a workspace, and where their bytes go. */
export type ReadJob = {
  readonly top: string;
  readonly startedAt: number;
  readonly paths: readonly RelPath[];
  readonly into: Uint8Array;
  readonly stop: StopFlag;
};

/** A file that was read: its bytes lie behind those of the one before. */
export type FoundFile = {
  readonly path: RelPath;
  readonly stat: LocalStat;
  readonly hash: BlockHash | undefined;
};

const canAnchor = nodeDisk.canAnchor();
const disk = { ...nodeDisk, canAnchor: () => canAnchor };

serveJobs(readFiles);

function readFiles({ top, startedAt, paths, into, stop }: ReadJob): readonly FoundFile[] {
  const reader = new WholeReader({ top, disk, startedAt }, into);
  for (const _path of reader.readEach(paths)) if (isStopped(stop)) break;
  return Array.from(reader.found, ([path, { stat, hash }]) => ({ path, stat, hash }));
}
