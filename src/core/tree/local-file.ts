import type { Work } from "../../std/events.ts";
import type { Stretch } from "../transfer/stretches.ts";
import type { HashedContent } from "./content-hash.ts";
import type { LocalStat } from "./local-stat.ts";

/** An open regular file: `O_NOFOLLOW`, its stat taken at opening (S25). */
export interface LocalFile extends AsyncDisposable {
  readonly stat: LocalStat;
  /**
   * Up to `lengthMax` bytes from `offset`; fewer only at the end that the file had when it was opened, and behind it. In the memory that is
   * given, as far as it reaches, else in new one.
   */
  read(offset: number, lengthMax: number, into?: Uint8Array): Promise<Uint8Array>;
  /** The content of a stretch, as if it were a file; undefined where the file ended before. @throws {SnapError} `interrupted` */
  hashOf(stretch: Stretch, work?: Work): Promise<HashedContent | undefined>;
  /** Whether handle and path still have the stamp and inode of the opening. */
  unchanged(): Promise<boolean>;
}
