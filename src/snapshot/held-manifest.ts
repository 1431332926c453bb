import { BlockSet } from "../core/snapshot/block-set.ts";
import { blocksIn, newPages } from "./live-pages.ts";
import type { Packs } from "./packs.ts";

/**
 * Whether packs in place hold the whole of a manifest: its lists, its pages, and every block that they name. What lies in the trash
 * does not count (N27), though a reader would find it there.
 */
export async function isHeld({ data, meta }: Packs, lists: readonly string[]): Promise<boolean> {
  const [blocks, pieces] = [data.catalogue.index, meta.catalogue.index];
  let isWhole = lists.every((list) => pieces.has(list));
  const onDamage = (): void => {
    isWhole = false;
  };
  const walk = { meta: meta.reader, seen: new BlockSet(pieces), onDamage };
  for await (const { page, entries } of newPages(walk, lists)) {
    isWhole &&= pieces.has(page.hash) && blocksIn(entries).every((block) => blocks.has(block));
    if (!isWhole) return false;
  }
  return isWhole;
}
