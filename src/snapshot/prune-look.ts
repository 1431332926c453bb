import { BlockSet } from "../core/snapshot/block-set.ts";
import type { PackIndex } from "../core/snapshot/pack-index.ts";
import { planPrune } from "../core/snapshot/prune-plan.ts";
import type { PackUse, PrunePlan } from "../core/snapshot/prune-plan.ts";
import type { SnapshotId, SnapshotRoot } from "../core/snapshot/root.ts";
import { SnapError, throwIfAborted } from "../std/error.ts";
import type { Work } from "../std/events.ts";
import { checkpointLists } from "./checkpoint.ts";
import type { PackKind } from "./frame.ts";
import { blocksIn, newPages } from "./live-pages.ts";
import type { KeepParts } from "./keep-parts.ts";
import { newChecks } from "./packs.ts";
import type { Packs } from "./packs.ts";
import { readRoot, readRoots, rootNamesIn } from "./root-files.ts";
import type { FoundRoot } from "./root-files.ts";
import type { StoreFiles } from "./store-files.ts";
import { trashBatches } from "./trash.ts";

/** What a look at the store needs; nothing is written. */
export type LookParts = Omit<KeepParts, "lock" | "rng"> & {
  /** Called at every step. */
  readonly onStep: () => Promise<void>;
};

/** The blocks of a store that somebody needs, of each kind. */
export type LiveBlocks = Readonly<Record<PackKind, BlockSet>>;

/** The kinds of packs, in the order in which they are pruned. */
export const packKinds: readonly PackKind[] = ["data", "meta"];

/** Whether a folder of the trash has waited long enough. */
export function isExpired(
  timeMs: number,
  { clock, graceMs }: Pick<LookParts, "clock" | "graceMs">,
): boolean {
  return clock.now() - timeMs > graceMs;
}

/**
 * All that snapshots and checkpoints need, and forgotten ones that can still be taken back; each page is visited once (N56).
 *
 * @throws {SnapError} `damaged` where a root, list or page cannot be read: then nobody knows what it needs
 */
export async function markLive(parts: LookParts, packs: Packs, work: Work): Promise<LiveBlocks> {
  const { files } = parts;
  const roots = [
    ...(await readRoots(files)).map((found) => soundRoot(found, inPlaceHint(files, found))),
    ...(await rootsInTrash(parts)).map((found) => soundRoot(found, inTrashHint)),
  ];
  for (;;) {
    const known = newChecks(packs).length;
    const live = await markOnce(parts, packs, { ...work, roots });
    await markCheckpoints(parts, packs, live);
    // What was found damaged meanwhile is read from other packs now: those are needed then.
    if (newChecks(packs).length === known) return live;
  }
}

type Marking = Work & { readonly roots: readonly SnapshotRoot[] };

async function markOnce(
  { onStep }: LookParts,
  packs: Packs,
  { roots, signal, onProgress }: Marking,
): Promise<LiveBlocks> {
  const live = {
    data: new BlockSet(packs.data.catalogue.index),
    meta: new BlockSet(packs.meta.catalogue.index),
  };
  const walk = { meta: packs.meta.reader, seen: live.meta };
  let pages = 0;
  for (const { id, lists } of roots) {
    const onDamage = (error: SnapError): never => refuseDamage(error, pageHint(id));
    for await (const { entries } of newPages({ ...walk, onDamage }, lists)) {
      throwIfAborted(signal);
      await onStep();
      for (const block of blocksIn(entries)) live.data.add(block);
      pages += 1;
      onProgress?.({
        step: "mark",
        done: pages,
        total: undefined,
        bytes: 0,
        bytesTotal: undefined,
      });
    }
  }
  return live;
}

/** What a capture that was cut off has stored, for the one that goes on (N32). What of it cannot be read is of no use to it. */
async function markCheckpoints(parts: LookParts, packs: Packs, live: LiveBlocks): Promise<void> {
  const walk = { meta: packs.meta.reader, seen: live.meta, onDamage: () => {} };
  const lists = await checkpointLists(parts.files, parts.clock.now());
  for await (const { entries } of newPages(walk, lists)) {
    await parts.onStep();
    for (const block of blocksIn(entries)) live.data.add(block);
  }
}

/** Roots that wait in the trash. */
export async function rootsInTrash(parts: LookParts): Promise<readonly FoundRoot[]> {
  const found: FoundRoot[] = [];
  for (const { name, timeMs } of await trashBatches(parts.files)) {
    if (isExpired(timeMs, parts)) continue;
    for (const root of await rootNamesIn(parts.files, `${name}/roots`))
      found.push(await readRoot(parts.files, root));
  }
  return found;
}

const repairHint =
  "What a damaged snapshot needs is not known, so all stays. `snap repair` mends what can be mended and names the rest.";

const inTrashHint = `${repairHint} This snapshot is forgotten: it no longer counts when the setting store.grace is over for it.`;

function inPlaceHint({ top }: StoreFiles, { name }: FoundRoot): string {
  return `${repairHint} Where it cannot save this one, move the file "${top}/roots/${name}" elsewhere, which gives up its snapshot and no other, and prune again.`;
}

function pageHint(id: SnapshotId): string {
  return `${repairHint} Where it cannot save this one, \`snap forget ${id.slice(0, 16)}\` gives the snapshot up, which no longer counts when the setting store.grace is over for it.`;
}

function soundRoot({ root, trouble }: FoundRoot, hint: string): SnapshotRoot {
  if (root !== undefined) return root;
  return refuseDamage(trouble, hint);
}

function refuseDamage(error: SnapError, hint: string): never {
  throw new SnapError("damaged", `Nothing was pruned: ${error.message}`, {
    hint,
    ...(error.path === undefined ? {} : { path: error.path }),
    cause: error,
  });
}

/** What is to be done with the packs of each kind. */
export type StorePlan = Readonly<Record<PackKind, PrunePlan>> & { readonly stored: number };

/** Plan a prune. `maxRepack` counts for both kinds together. */
export function planStore(packs: Packs, live: LiveBlocks, maxRepack?: number): StorePlan {
  const uses = { data: usesOf(packs, live, "data"), meta: usesOf(packs, live, "meta") };
  const data = planPrune(uses.data, maxRepack);
  const left = maxRepack === undefined ? undefined : maxRepack - lengthOf(data.rewrite);
  const meta = planPrune(uses.meta, left);
  return { data, meta, stored: lengthOf(uses.data) + lengthOf(uses.meta) };
}

function usesOf(packs: Packs, live: LiveBlocks, kind: PackKind): readonly PackUse[] {
  const { index } = packs[kind].catalogue;
  // A pack of which nobody knows all that it holds is left where it is.
  const known = index
    .packs()
    .entries()
    .filter(([, [, pack]]) => pack.isWhole);
  return Array.from(known, ([number, [name, pack]]) => ({
    name,
    length: pack.packLength,
    ...bytesOf(pack, (position) => live[kind].hasAt(number, position)),
    isTrusted: index.isTrusted(name),
  }));
}

function bytesOf(
  pack: PackIndex,
  isLive: (position: number) => boolean,
): { readonly raw: number; readonly live: number } {
  let raw = 0;
  let live = 0;
  for (let position = 0; position < pack.entryCount; position += 1) {
    // An empty block counts too, or a pack of nothing else would look unneeded.
    const length = pack.entry(position).length + 1;
    raw += length;
    if (isLive(position)) live += length;
  }
  return { raw, live };
}

/** Bytes of packs. */
export function lengthOf(packs: readonly PackUse[]): number {
  return packs.reduce((sum, { length }) => sum + length, 0);
}
