import type { SnapshotStats, StoreStats } from "../core/snapshot/keep-request.ts";
import {
  BlockOwners,
  firstOwner,
  forgotten,
  nobody,
  several,
} from "../core/snapshot/block-owners.ts";
import { BlockSet } from "../core/snapshot/block-set.ts";
import type { SnapshotRoot } from "../core/snapshot/root.ts";
import { throwIfAborted } from "../std/error.ts";
import type { Work } from "../std/events.ts";
import { blocksIn, newLists, newPages } from "./live-pages.ts";
import type { PageWalk } from "./live-pages.ts";
import { loadPacks } from "./packs.ts";
import type { Packs } from "./packs.ts";
import { packKinds, rootsInTrash } from "./prune-look.ts";
import type { LookParts } from "./prune-look.ts";
import { readRoots } from "./root-files.ts";
import { filesOfBatch, trashBatches } from "./trash.ts";

/**
 * What the store takes (§11): needs no lock. Damaged manifests count as far as they can be read; compressed sizes of blocks
 * are their share of the frame that they lie in.
 */
export async function storeStats(parts: LookParts, work: Work): Promise<StoreStats> {
  const roots = (await readRoots(parts.files)).flatMap(({ root }) => root ?? []);
  const packs = await loadPacks(parts.files, parts.logger);
  const owners = {
    data: new BlockOwners(packs.data.catalogue.index),
    meta: new BlockOwners(packs.meta.catalogue.index),
  };
  const trashed = (await rootsInTrash(parts)).flatMap(({ root }) => root ?? []);
  await claimAll({ packs, owners, work }, [
    ...trashed.map((root) => ({ root, owner: forgotten })),
    ...roots.map((root, place) => ({ root, owner: firstOwner + place })),
  ]);
  const [data, meta] = [owners.data.sums(), owners.meta.sums()];
  const storedBy = (owner: number): number =>
    Math.round((data.get(owner)?.stored ?? 0) + (meta.get(owner)?.stored ?? 0));
  const needed = [...data].filter(([owner]) => owner >= several);
  const compressed = packKinds.flatMap((kind) => packs[kind].catalogue.index.packs());
  return {
    snapshots: roots.map((root, place) => statsOf(root, storedBy(firstOwner + place))),
    raw: sum(roots, ({ counts }) => counts.bytes),
    unique: sum(needed, ([, { raw }]) => raw),
    compressed: sum(compressed, ([, { packLength }]) => packLength),
    dead: storedBy(nobody),
    forgotten: storedBy(forgotten),
    trash: await trashBytes(parts),
    growth: growthOf(roots),
  };
}

function statsOf({ id, time, counts, stored }: SnapshotRoot, alone: number): SnapshotStats {
  return { id, time, raw: counts.bytes, alone, stored };
}

function growthOf(roots: readonly SnapshotRoot[]): StoreStats["growth"] {
  const months = Map.groupBy(roots, ({ time }) => time.slice(0, 7));
  return [...months]
    .map(([month, taken]) => ({ month, stored: sum(taken, ({ stored }) => stored) }))
    .toSorted((a, b) => (a.month < b.month ? -1 : 1));
}

async function trashBytes({ files }: LookParts): Promise<number> {
  let bytes = 0;
  for (const batch of await trashBatches(files))
    bytes += sum((await filesOfBatch(files, batch)).files, (file) => file.bytes);
  return bytes;
}

type Claim = { readonly root: SnapshotRoot; readonly owner: number };

type Claiming = {
  readonly packs: Packs;
  readonly owners: { readonly data: BlockOwners; readonly meta: BlockOwners };
  readonly work: Work;
};

/** Each list and each page is visited once: what several share, they share with all that is in it. */
async function claimAll(
  { packs, owners, work }: Claiming,
  claims: readonly Claim[],
): Promise<void> {
  const { reader: meta, catalogue } = packs.meta;
  const newWalk = (): PageWalk => ({
    meta,
    seen: new BlockSet(catalogue.index),
    onDamage: () => {},
  });
  const lists = claims.flatMap(({ root }) => root.lists);
  for (const { root, owner } of claims)
    for (const list of root.lists) owners.meta.claim(list, owner);
  for await (const { list, pages } of newLists(newWalk(), lists))
    for (const page of pages) owners.meta.claim(page.hash, owners.meta.ownerOf(list));
  let done = 0;
  for await (const { page, entries } of newPages(newWalk(), lists)) {
    throwIfAborted(work.signal);
    const owner = owners.meta.ownerOf(page.hash);
    for (const block of blocksIn(entries)) owners.data.claim(block, owner);
    done += 1;
    work.onProgress?.({ step: "count", done, total: undefined, bytes: 0, bytesTotal: undefined });
  }
}

function sum<T>(items: readonly T[], of: (item: T) => number): number {
  return items.reduce((total, item) => total + of(item), 0);
}
