import type { RelPath } from "../core/path/rel-path.ts";
import type { LocalItem, LocalPicture, Settled } from "../core/snapshot/restore-picture.ts";
import type { Wanted } from "../core/snapshot/restore-wanted.ts";
import type { RemoteEntry, SyncedEntry } from "../core/tree/node.ts";
import type { Work } from "../std/events.ts";
import type { Passes, Place } from "./look-remote.ts";

/**
 * What one look at both sides need not keep, since nothing is to be planned there: so the memory of a restore follows what differs, not
 * what there is (S106). Asked first of the disk, in path order, then of the rows of the index.
 */
export type Passing = {
  /** Of a run of what the disk holds, the part that is to be kept. */
  kept(items: readonly LocalItem[], work: Work): Promise<ReadonlySet<LocalItem>>;
  readonly remote: Passes<RemoteEntry>;
  readonly synced: Passes<SyncedEntry>;
  /** What was passed over is as it is wanted, and counted; undefined where it is none of the plan's business. */
  settled?(wanted: Wanted, local: LocalPicture): Settled;
};

/** Everything is kept. */
export const keepAll: Passing = {
  kept: (items) => Promise.resolve(new Set(items)),
  remote: () => false,
  synced: () => false,
};

/** Only these files are kept; all others stay as they are. */
export function keepConcerned(concerns: (path: RelPath) => boolean): Passing {
  const passes = (_row: unknown, { path }: Place): boolean => !concerns(path);
  const isKept = ({ path, stat }: LocalItem): boolean => stat.kind === "folder" || concerns(path);
  return {
    kept: (items) => Promise.resolve(new Set(items.filter(isKept))),
    remote: passes,
    synced: passes,
  };
}
