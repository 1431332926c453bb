import type { PageRef } from "../core/snapshot/manifest.ts";
import type { SnapshotRoot } from "../core/snapshot/root.ts";
import { isSnapError } from "../std/error.ts";
import { readPageRefs, readPages } from "./manifest-store.ts";
import type { PackReader } from "./pack-reader.ts";

/** A list, page or block that a snapshot needs; of a block also the path that needs it. */
export type PieceUse = { readonly piece: string; readonly path?: string };

/**
 * Everything that some snapshots need, as far as their manifests can be read: what cannot is told by level 0. Lists and
 * pages that they share come once.
 */
export async function* usesOf(
  meta: PackReader,
  roots: readonly SnapshotRoot[],
): AsyncGenerator<PieceUse> {
  const seen = new Set<string>();
  for (const list of roots.flatMap(({ lists }) => lists)) {
    if (seen.has(list)) continue;
    seen.add(list);
    yield { piece: list };
    for (const page of await readPageRefs(meta, [list]).catch(noneIfDamaged)) {
      if (seen.has(page.hash)) continue;
      seen.add(page.hash);
      yield { piece: page.hash };
      yield* usesOfPage(meta, page);
    }
  }
}

async function* usesOfPage(meta: PackReader, page: PageRef): AsyncGenerator<PieceUse> {
  try {
    for await (const { path, blocks } of readPages(meta, [page])) {
      for (const block of blocks ?? []) yield { piece: block, path };
    }
  } catch (error) {
    noneIfDamaged(error);
  }
}

function noneIfDamaged(error: unknown): readonly never[] {
  if (!isSnapError(error, "damaged")) throw error;
  return [];
}
