import { encodeEntry } from "../core/snapshot/entry.ts";
import { joinByPath } from "../core/snapshot/manifest.ts";
import type { SnapshotRoot } from "../core/snapshot/root.ts";
import type { ExportChange } from "./export.ts";
import { readEntries, unsharedEntries } from "./manifest-store.ts";
import type { PackReader } from "./pack-reader.ts";

/** What is exported of a snapshot: all entries, or those that are not the same in an earlier one, and those that are gone (N58). */
export async function* exportedOf(
  meta: PackReader,
  root: SnapshotRoot,
  since: SnapshotRoot | undefined,
): AsyncGenerator<ExportChange> {
  if (since === undefined) {
    for await (const entry of readEntries(meta, root)) yield { entry };
    return;
  }
  const { a, b } = await unsharedEntries(meta, { a: since, b: root });
  for await (const { left, right } of joinByPath(a, b)) {
    if (right === undefined) {
      if (left !== undefined) yield { gone: left };
    } else if (left === undefined || encodeEntry(left) !== encodeEntry(right)) {
      yield { entry: right };
    }
  }
}
