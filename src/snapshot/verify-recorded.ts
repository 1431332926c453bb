import type { SnapshotRoot } from "../core/snapshot/root.ts";
import type { VerifyEvent } from "../core/snapshot/store-request.ts";
import type { Notes } from "./note-files.ts";
import type { PackTurn } from "./pack-turn.ts";
import type { VerifyManifestsJob } from "./verify-manifests.ts";

/** How deep a look was, and which packs its time was enough for. */
export type LookDone = { readonly level: number; readonly turn: PackTurn | undefined };

/**
 * What an earlier look has found and this one could not, since it was not as deep, or its time was over: it does not call that sound
 * (N51).
 */
export function noteRecorded(
  { packs, scope, findings }: Pick<VerifyManifestsJob, "packs" | "scope" | "findings">,
  { level, turn }: LookDone,
): void {
  for (const { catalogue } of [packs.data, packs.meta]) {
    for (const [name, index] of catalogue.index.packs()) {
      const found = catalogue.recordedLevel(name);
      if (found === undefined || !scope.hasPack(name)) continue;
      if (found <= level && turn?.hasTaken(name) !== false) continue;
      const entries = Array.from({ length: index.entryCount }, (_, at) => index.entry(at));
      const lost = entries.map(({ hash }) => hash).filter((hash) => !catalogue.index.has(hash));
      const reason = `An earlier verification of level ${found} found it damaged`;
      findings.add({ what: "pack", name, reason }, { pieces: lost });
    }
  }
}

/** What a note said is lost; the snapshot itself is not touched by that (N25). */
export function* damagedNotes(
  { damaged }: Notes,
  roots: readonly SnapshotRoot[],
): Generator<VerifyEvent> {
  for (const { id } of roots) {
    const name = damaged.get(id.slice(0, 16));
    if (name === undefined) continue;
    const reason = `Label, tags and pin of snapshot ${id.slice(0, 8)} cannot be read: it counts as pinned until they are given again`;
    yield { type: "damaged", what: "note", name, reason, paths: [] };
  }
}
