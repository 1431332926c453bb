import { assert } from "../../std/assert.ts";
import type { IndexStore, RootMarker } from "../../ports.ts";
import { SnapError } from "../../std/error.ts";

/** The beacon that is known to be in the linked folder (S116). */
export type BeaconNote = {
  readonly rev: string;
  /** Undefined where its text is none of ours. */
  readonly generation: number | undefined;
};

/** A count of cycles in the index; 0 where nothing was counted yet. The index gives out no wrong one: it is a damaged one then (S77). */
export function generationOf(index: IndexStore, key: "generation" | "marked"): number {
  const text = index.meta(key) ?? "0";
  const generation = Number(text);
  assert(Number.isSafeInteger(generation) && generation >= 0, `${key} is a count`);
  return generation;
}

/**
 * Refuse a workspace that was put back while we run: the next comparison must find it as it is (S117).
 *
 * @throws {SnapError} `rolled-back`
 */
export function refusePutBack(index: IndexStore, { generation }: RootMarker): void {
  const marked = generationOf(index, "marked");
  if (generation >= marked) return;
  throw new SnapError(
    "rolled-back",
    `The workspace was put back to generation ${generation} just now; the index knows ${marked}`,
    { hint: "`snap rollback show` tells what happened." },
  );
}

/** What is noted of the beacon: its generation, or `-`, and its rev. */
export function beaconNote(index: IndexStore): BeaconNote | undefined {
  const [generation, rev] = index.meta("beacon")?.split(" ") ?? [];
  if (generation === undefined || rev === undefined) return undefined;
  return { rev, generation: generation === "-" ? undefined : Number(generation) };
}

/** It was compared, or is ours: what pages said until now is older. Called inside a transaction. */
export function noteBeacon(index: IndexStore, note: BeaconNote | undefined): void {
  index.setMeta("beacon", note && `${note.generation ?? "-"} ${note.rev}`);
  index.setMeta("beacon_cursor", index.meta("cursor"));
}

/** Whether no page was read since the noted beacon was compared. */
export function isBeaconCompared(index: IndexStore): boolean {
  const cursor = index.meta("cursor");
  return cursor !== undefined && index.meta("beacon_cursor") === cursor;
}
