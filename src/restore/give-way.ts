import { readFacts } from "../core/snapshot/restore-report.ts";
import { isUnfinished, type RestoreRow } from "../core/snapshot/restore-state.ts";
import { isSnapError } from "../std/error.ts";
import type { Preflight } from "./preflight.ts";
import type { RestoreDeps } from "./restore-deps.ts";
import { isDiskShort } from "./space.ts";

/**
 * Where the disk has too little room for a restore, undo areas of earlier ones are given up, the oldest first, as long as it is short
 * (T32): those whose safety snapshot was just read, decoded and hashed, so that an undo takes everything from there.
 */
export async function giveWay(flight: Preflight): Promise<void> {
  const { deps } = flight;
  const areas = new Set((await deps.local.areas("undo")).map(({ id }) => id));
  const used = new Set(
    flight.chosen.values().map((source) => (source.from === "area" ? source.place.area.id : "")),
  );
  const rows = deps.journal.restores();
  for (const row of rows.filter(({ id }) => areas.has(id) && !used.has(id))) {
    if (!(await isDiskShort(flight))) return;
    if (isUnfinished(row) || !(await isSaved(deps, row))) continue;
    await deps.local.removeArea({ kind: "undo", id: row.id });
    const message = `What restore ${row.id} had displaced was given up to make room: it is in the snapshot before it, and snap undo takes it from there`;
    deps.onEvent({ type: "warning", message });
  }
}

/** Whether all that a restore took from the disk can be had from its safety snapshot (N50, level 2). */
async function isSaved({ store }: RestoreDeps, row: RestoreRow): Promise<boolean> {
  const { local } = readFacts(row).safety;
  if (local === null) return false;
  try {
    let isSound = false;
    for await (const { type } of store.verify({ id: local, level: 2 })) {
      if (type === "damaged") return false;
      isSound = true;
    }
    return isSound;
  } catch (error) {
    if (isSnapError(error, "snapshot-not-found", "damaged")) return false;
    throw error;
  }
}
