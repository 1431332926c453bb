import { isSnapError, SnapError } from "../std/error.ts";
import type { Logger } from "../std/log.ts";
import type { Rng } from "../std/random.ts";
import type { Clock } from "../std/time.ts";
import { freeReserve } from "./reserve.ts";
import type { StoreFiles } from "./store-files.ts";
import type { WriterLock } from "./writer-lock.ts";

/** What forgetting and pruning work with; the lock is held by their caller. */
export type KeepParts = {
  readonly files: StoreFiles;
  readonly clock: Clock;
  readonly rng: Rng;
  readonly logger: Logger;
  /** How long the trash keeps, ms. */
  readonly graceMs: number;
  readonly lock: WriterLock;
};

/** A step of long work: the lock is renewed. @throws {SnapError} `busy` where it was lost, or is to go to whoever waits */
export async function stepOf(
  lock: WriterLock,
  { givesWay = false }: { readonly givesWay?: boolean },
): Promise<void> {
  await lock.renew();
  if (!givesWay || !lock.isWanted) return;
  throw new SnapError("busy", "Another program waits to write to the snapshot store", {
    hint: "The work goes on another time.",
  });
}

/** Do something small that can be done again; on a full disk with the spare room that was set aside for it (N29). */
export async function withReserve<T>(files: StoreFiles, work: () => Promise<T>): Promise<T> {
  try {
    return await work();
  } catch (error) {
    if (!isSnapError(error, "disk-full")) throw error;
    await freeReserve(files);
    return await work();
  }
}
