import type { SnapshotRoot } from "../core/snapshot/root.ts";
import type { VerifyEvent } from "../core/snapshot/store-request.ts";
import type { Notes } from "./note-files.ts";
import type { VerifyManifestsJob } from "./verify-manifests.ts";

/** What only a deeper look finds, and one has found: a shallow one does not call it sound (N51). */
export function noteRecorded(
  { packs, scope, findings }: Pick<VerifyManifestsJob, "packs" | "scope" | "findings">,
  level: number,
): void {
  for (const { catalogue } of [packs.data, packs.meta]) {
    for (const [name, index] of catalogue.index.packs()) {
      const found = catalogue.recordedLevel(name);
      if (found === undefined || found <= level || !scope.hasPack(name)) continue;
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
