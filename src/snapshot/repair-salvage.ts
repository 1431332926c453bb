import { throwIfAborted } from "../std/error.ts";
import type { Work } from "../std/events.ts";
import type { BlockPlace } from "../core/snapshot/block-index.ts";
import type { PackIndex } from "../core/snapshot/pack-index.ts";
import type { PackKind } from "./frame.ts";
import type { Mender } from "./mender.ts";
import type { Packs, Shelf } from "./packs.ts";
import { packKinds } from "./prune-look.ts";
import { isUnreadable } from "./store-error.ts";

/** A pack in which something is wrong. */
export type DamagedPack = {
  readonly kind: PackKind;
  readonly name: string;
  readonly index: PackIndex;
};

/** The packs that are not trusted: by the record of the store, or by what was found just now. */
export function damagedPacks(packs: Packs): readonly DamagedPack[] {
  return packKinds.flatMap((kind) => {
    const { index } = packs[kind].catalogue;
    return index
      .packs()
      .filter(([name]) => !index.isTrusted(name))
      .map(([name, pack]) => ({ kind, name, index: pack }));
  });
}

/**
 * Everything in a damaged pack that is sound and that no sound pack holds, needed or not: what a snapshot needs that is
 * damaged itself cannot be told. The number of pieces saved.
 */
export async function salvage(
  { packs, mender }: { readonly packs: Packs; readonly mender: Mender },
  { kind, name, index }: DamagedPack,
  { signal }: Work,
): Promise<number> {
  let saved = 0;
  for (const place of placesIn(name, index)) {
    throwIfAborted(signal);
    const { hash } = place.entry;
    if (mender.has(kind, hash)) continue;
    const bytes = await readSound(packs[kind], place);
    if (bytes !== undefined && (await mender.take(kind, hash, bytes))) saved += 1;
  }
  return saved;
}

/** In the order of frames, so that each is decoded once. */
function placesIn(pack: string, index: PackIndex): readonly BlockPlace[] {
  const entries = Array.from({ length: index.entryCount }, (_, place) => index.entry(place));
  return entries
    .toSorted((a, b) => a.frame - b.frame || a.offset - b.offset)
    .map((entry) => ({ pack, frame: index.frame(entry.frame), entry }));
}

async function readSound({ reader }: Shelf, place: BlockPlace): Promise<Uint8Array | undefined> {
  try {
    return await reader.readAt(place);
  } catch (error) {
    if (!isUnreadable(error)) throw error;
    return undefined;
  }
}
