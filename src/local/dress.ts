import { modeFor, type Owner } from "../core/tree/owner.ts";
import type { Disk } from "./disk.ts";
import { bitsOf, secondsOf } from "./metadata.ts";
import { giveTo } from "./ownership.ts";

/** What a file of ours gets when its bytes are there, as in `StageRequest`. */
export type Dress = {
  readonly modifiedNs?: string;
  readonly mode?: number;
  readonly special?: true;
  readonly owner?: Owner;
};

/** Give a new file its owner, mode and time, and make it durable. */
export async function dress(disk: Disk, fd: number, wanted: Dress): Promise<void> {
  const isGiven = giveTo(disk, fd, wanted.owner);
  const mode = bitsOf(wanted.mode ?? 0o666 & ~disk.umask(), wanted);
  disk.chmodOpen(fd, modeFor(mode, isGiven));
  if (wanted.modifiedNs !== undefined) disk.setTimesOpen(fd, secondsOf(wanted.modifiedNs));
  await disk.sync(fd);
}
