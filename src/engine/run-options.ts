import type { ResultListener } from "./execute/execute.ts";
import type { Patience } from "./patience.ts";

/** How a run of cycles is done, where it is not a sync that somebody typed. */
export type RunOptions = {
  /** It looks at what was marked, and not at everything. */
  readonly isPartial?: boolean;
  /** Whether a partial run looks for late edits (S65). */
  readonly looksForLateEdits?: boolean;
  /** What earlier runs parked waits until its time; without it everything is tried. */
  readonly patience?: Patience;
  /** Told of each op when it has ended. May be called inside a transaction. */
  readonly onResult?: ResultListener;
  /** Awaited before the first op of each round that changes a side; nothing is done where it rejects. */
  readonly beforeWork?: () => Promise<void>;
};
