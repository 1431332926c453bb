import type { BlockSet } from "../core/snapshot/block-set.ts";
import type { SnapshotEntry } from "../core/snapshot/entry.ts";
import { decodeList, decodePage } from "../core/snapshot/manifest.ts";
import type { PageRef } from "../core/snapshot/manifest.ts";
import type { BlockHash } from "../core/tree/content-hash.ts";
import { isSnapError } from "../std/error.ts";
import type { SnapError } from "../std/error.ts";
import type { PackReader } from "./pack-reader.ts";

/** A walk over the manifests of snapshots. */
export type PageWalk = {
  readonly meta: PackReader;
  /** Lists and pages that were visited; those of the walk are added. */
  readonly seen: BlockSet;
  /** What cannot be read; throws, or lets the walk go on without it. */
  readonly onDamage: (error: SnapError) => void;
};

/** A page with its entries. */
export type WalkedPage = { readonly page: PageRef; readonly entries: readonly SnapshotEntry[] };

/** A list with the pages that it names. */
export type WalkedList = { readonly list: string; readonly pages: readonly PageRef[] };

/** Those of some lists that were not visited yet. */
export async function* newLists(
  walk: PageWalk,
  lists: readonly string[],
): AsyncGenerator<WalkedList> {
  for (const list of lists) {
    const pages = await newPiece(walk, list, decodeList);
    if (pages !== undefined) yield { list, pages };
  }
}

/** The pages below some lists that were not visited yet; only one is in memory. */
export async function* newPages(
  walk: PageWalk,
  lists: readonly string[],
): AsyncGenerator<WalkedPage> {
  for await (const { pages } of newLists(walk, lists)) {
    for (const page of pages) {
      const entries = await newPiece(walk, page.hash, (bytes) => decodePage(bytes, page));
      if (entries !== undefined) yield { page, entries };
    }
  }
}

/** A list or page, unless it was visited or cannot be read. */
async function newPiece<T>(
  { meta, seen, onDamage }: PageWalk,
  hash: string,
  decode: (bytes: Uint8Array) => T,
): Promise<T | undefined> {
  const isNew = seen.add(hash);
  if (isNew === false) return undefined;
  try {
    const decoded = decode(await meta.read(hash));
    // One that is in no known pack yet may have been found at a second look.
    if (isNew === undefined) seen.add(hash);
    return decoded;
  } catch (error) {
    if (!isSnapError(error, "damaged")) throw error;
    onDamage(error);
    return undefined;
  }
}

/** The blocks that some entries name. */
export function* blocksIn(entries: readonly SnapshotEntry[]): Generator<BlockHash> {
  for (const { blocks } of entries) yield* blocks ?? [];
}
