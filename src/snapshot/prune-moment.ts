import { CheckedRecord, canonicalJson, textFromBytes } from "../core/snapshot/checked-json.ts";
import { isoSeconds } from "../std/time.ts";
import type { Clock } from "../std/time.ts";
import { timeInName } from "./file-times.ts";
import type { KeepParts } from "./keep-parts.ts";
import type { LookParts } from "./prune-look.ts";
import { rootNames } from "./root-files.ts";
import { isUnreadable } from "./store-error.ts";
import type { StoreFiles } from "./store-files.ts";
import { trashBatches } from "./trash.ts";

/** When the last prune came to its end. */
const lastName = "pruned.json";
const lastBytesMax = 64 * 1024;

/** A clock that is further ahead of all that the store knows may be wrong, beyond the grace time, ms. */
const gapMaxMs = 30 * 86_400_000;

/**
 * The moment of a prune. What of the trash is expired is judged once: what is not removed now can be taken back later, and so needs
 * its packs. Where the clock is a month and more ahead of everything in the store, it may be wrong: then nothing expires that had
 * not before, and the next prune, which knows of this one, goes by the clock (N56).
 */
export async function standingClock({
  files,
  clock,
  graceMs,
}: Pick<LookParts, "files" | "clock" | "graceMs">): Promise<Clock> {
  const nowMs = clock.now();
  const leapMs = graceMs + gapMaxMs;
  const provenMs = await provenTime(files, { nowMs, leapMs });
  const isJump = provenMs !== undefined && nowMs - provenMs > leapMs;
  const startedMs = isJump ? provenMs : nowMs;
  return { now: () => startedMs, sleep: (delayMs, signal) => clock.sleep(delayMs, signal) };
}

/**
 * The newest time up to now that the store tells without a leap before it, from the last prune on: what was written since a leap,
 * like the snapshot that this prune follows, has its time of the same clock and proves nothing.
 */
async function provenTime(
  files: StoreFiles,
  { nowMs, leapMs }: { readonly nowMs: number; readonly leapMs: number },
): Promise<number | undefined> {
  const times = [
    ...(await rootNames(files)).map(timeInName),
    ...(await trashBatches(files)).map(({ timeMs }) => timeMs),
  ];
  const known = times.filter((timeMs) => timeMs <= nowMs).toSorted((a, b) => a - b);
  const prunedMs = (await lastPruneMs(files)) ?? Number.POSITIVE_INFINITY;
  let provenMs = prunedMs <= nowMs ? prunedMs : known[0];
  for (const timeMs of known) {
    if (provenMs === undefined || timeMs - provenMs > leapMs) break;
    provenMs = Math.max(provenMs, timeMs);
  }
  return provenMs;
}

/** The prune has come to its end. The writer's lock is held. */
export async function noteEnd({ files, clock }: KeepParts): Promise<void> {
  await files.put(lastName, Buffer.from(canonicalJson({ time: isoSeconds(clock.now()) })));
}

/** A note that cannot be read says nothing. */
export async function lastPruneMs(files: StoreFiles): Promise<number | undefined> {
  try {
    const bytes = await files.get(lastName, lastBytesMax);
    if (bytes === undefined) return undefined;
    const timeMs = Date.parse(
      CheckedRecord.parse(textFromBytes(bytes, lastName), lastName).text("time"),
    );
    return Number.isNaN(timeMs) ? undefined : timeMs;
  } catch (error) {
    if (!isUnreadable(error)) throw error;
    return undefined;
  }
}
