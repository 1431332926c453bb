import { entryTrouble } from "../core/snapshot/entry.ts";
import type { SnapshotEntry } from "../core/snapshot/entry.ts";
import type { PreparedBlock } from "../core/snapshot/prepared-block.ts";
import type { BlockHash } from "../core/tree/content-hash.ts";
import { comparePaths } from "../core/path/rel-path.ts";
import type { CaptureFacts, CaptureLeft, SnapshotRoot } from "../core/snapshot/root.ts";
import type { CaptureOptions } from "../core/snapshot/store-request.ts";
import type { CaptureSource } from "../ports.ts";
import { assert } from "../std/assert.ts";
import { throwIfAborted } from "../std/error.ts";
import type { Logger } from "../std/log.ts";
import type { Runs } from "../std/runs.ts";
import type { Clock } from "../std/time.ts";
import { turn } from "../std/turn.ts";
import { Gathering, batchesOf } from "./capture-batch.ts";
import type { SourcePair } from "./capture-batch.ts";
import { EntryCapture, withTimeOf } from "./capture-entry.ts";
import type { BegunBatch } from "./capture-entry.ts";
import type { CapturePauses } from "./capture-pauses.ts";
import type { CaptureTally } from "./capture-tally.ts";
import { isSameScope, liveCheckpoints, scopeOf } from "./checkpoint.ts";
import { EntryCursor } from "./entry-cursor.ts";
import { hashBlock } from "./block-hash.ts";
import { mapInOrder } from "./in-order.ts";
import { KnownUnits } from "./known-units.ts";
import type { KnownContents } from "./known-contents.ts";
import type { ManifestWriter } from "./manifest-store.ts";
import { MissingContents } from "./missing-contents.ts";
import type { PackWriter } from "./pack-writer.ts";
import type { Packs } from "./packs.ts";
import { readableEntries } from "./parent.ts";
import type { StoreFiles } from "./store-files.ts";
import { withUnits } from "./unit-capture.ts";
import type { WriterLock } from "./writer-lock.ts";

/** Batches of entries whose files are read ahead of their turn: what they hold in memory is bounded by that (N6). */
const batchesAhead = 4;

/** Blocks of an archive that are held in memory ahead of the one that is stored (N6). */
const preparedAhead = 4;

/** What a capture works with; the lock is held by its caller. */
export type CaptureParts = {
  readonly files: StoreFiles;
  readonly clock: Clock;
  readonly logger: Logger;
  readonly tool: string;
  readonly lock: WriterLock;
};

/** What is captured, beside what the store has already. */
export type ContentJob = {
  readonly parts: CaptureParts;
  readonly packs: Packs;
  readonly known: KnownContents;
  readonly source: CaptureSource;
  readonly facts: CaptureFacts;
  /** The earlier snapshot whose block lists are taken over (N35). */
  readonly base: SnapshotRoot | undefined;
  readonly options: CaptureOptions;
};

/** The same, and where it goes. */
export type EntriesJob = ContentJob & {
  readonly data: PackWriter;
  readonly meta: PackWriter;
  readonly manifest: ManifestWriter;
  readonly tally: CaptureTally;
  readonly pauses: CapturePauses;
};

/**
 * What can be read only once goes into packs before its entries are known (N59). Some blocks are read and hashed ahead of the one that is
 * stored; they are stored in their order, so that equal archives give equal packs.
 */
export async function prepare({ parts, source, data, tally, options }: EntriesJob): Promise<void> {
  const blocks = source.prepare?.();
  if (blocks === undefined) return;
  for await (const { path, bytes, hash, keep } of mapInOrder(blocks, hashed, preparedAhead)) {
    throwIfAborted(options.signal);
    await data.add(hash, bytes);
    if (data.isFull) await data.rotate();
    keep(hash);
    tally.addBytes(path, bytes.length);
    await parts.lock.renew();
  }
}

async function hashed(block: PreparedBlock): Promise<PreparedBlock & { readonly hash: BlockHash }> {
  return { ...block, hash: await hashBlock(block.bytes) };
}

/**
 * Store what the entries of the source hold, and write them into the manifest. The files of some batches are read ahead; what is
 * stored, and in which order, does not depend on how fast that is.
 */
export async function writeEntries(job: EntriesJob): Promise<void> {
  const { parts, source, options } = job;
  const entryCapture = new EntryCapture({
    source,
    data: job.data,
    known: job.known,
    clock: parts.clock,
    signal: options.signal,
    onBlock: (path, bytes) => blockRead(job, path, bytes),
  });
  const begun: BegunBatch[] = [];
  const finishAllBut = async (count: number, mayPause: boolean): Promise<void> => {
    while (begun.length > count) {
      if (mayPause) await pauseBefore(job, entryCapture, begun);
      await finishOldest(job, entryCapture, begun);
    }
  };
  try {
    const gathering = new Gathering();
    // All that was reached before a unit is in the manifest when its capture begins: then that may pause (N30, N32).
    const pairs = pairsOf(job, async () => {
      const rest = gathering.take();
      if (rest.length > 0) begun.push(await entryCapture.begin(rest));
      await finishAllBut(0, false);
    });
    const missing = missingOf(job, entryCapture);
    for await (const batch of batchesOf(pairs, gathering)) {
      // What was fetched is in no manifest yet: no other writer goes first before it is (N30, N42).
      if (missing !== undefined) await job.pauses.pause();
      begun.push(await entryCapture.begin((await missing?.fill(batch)) ?? batch));
      await finishAllBut(missing === undefined ? batchesAhead : 0, missing === undefined);
    }
    await finishAllBut(0, true);
  } finally {
    for (const { reading } of begun) await reading.end();
  }
}

/** Fetches what the store lacks, where the source can (N42). */
function missingOf(job: EntriesJob, entryCapture: EntryCapture): MissingContents | undefined {
  if (job.source.fetch === undefined) return undefined;
  return new MissingContents({
    source: job.source,
    data: job.data,
    pauses: job.pauses,
    signal: job.options.signal,
    takeOver: (pairs) => entryCapture.takeOver(pairs),
    onBlock: (path, bytes) => blockRead(job, path, bytes),
    onLeft: (left) => job.tally.leave(left),
  });
}

/** Where another writer goes first, what was begun is begun again: it may have taken away what was taken over (N27, N30). */
async function pauseBefore(
  { parts, pauses }: EntriesJob,
  entryCapture: EntryCapture,
  begun: BegunBatch[],
): Promise<void> {
  // The blocks of a unit are stored before its entries are.
  const hasUnit = ({ pairs }: BegunBatch): boolean =>
    pairs.some(({ left }) => left.unit !== undefined);
  if (begun.some(hasUnit)) return;
  if (!parts.lock.isWanted) return await pauses.pause();
  for (const { reading } of begun) await reading.end();
  await pauses.pause();
  for (const [at, { pairs }] of begun.entries()) begun[at] = await entryCapture.begin(pairs);
}

async function finishOldest(
  { parts, tally, manifest }: EntriesJob,
  entryCapture: EntryCapture,
  begun: BegunBatch[],
): Promise<void> {
  const batch = begun.shift();
  if (batch === undefined) return;
  await turn();
  await entryCapture.finish(batch, ({ entry, left }, { right }) => {
    const captured = withTimeOf(entry, right);
    const added = manifest.add(captured);
    tally.add(captured, left);
    return added === undefined ? parts.lock.renewIfDue() : added.then(() => parts.lock.renew());
  });
}

function blockRead(job: EntriesJob, path: string, bytes: number): Promise<void> | undefined {
  job.tally.addBytes(path, bytes);
  return job.parts.lock.renewIfDue();
}

/** Each entry of the source with that of the earlier snapshot at the same path. */
async function* pairsOf(
  job: EntriesJob,
  beforeUnit: () => Promise<void>,
): AsyncGenerator<readonly SourcePair[]> {
  const { parts, packs, source, base, tally, data } = job;
  const { signal } = job.options;
  const readable = readableEntries(packs.meta.reader, base, (error) => {
    parts.logger.error("an earlier snapshot is damaged", { reason: error.message });
  });
  await using before = new EntryCursor(readable);
  const onLeft = (left: CaptureLeft): void => tally.leave(left);
  await using checkpoint = await checkpointEntries(job);
  const listed = source.entries(onLeft);
  // An archive hands on what is in its repositories itself.
  const entries =
    source.units === undefined
      ? listed
      : withUnits(listed, {
          source,
          data,
          signal,
          onBlock: (path, bytes) => blockRead(job, path, bytes),
          onLeft,
          onUnit: (unit, describe) => tally.addUnit(unit, describe),
          clock: parts.clock,
          known: new KnownUnits({ source, base, data, signal, meta: packs.meta.reader }),
          beforeUnit,
          pauses: job.pauses,
        });
  for await (const run of sound(entries, onLeft)) {
    const paths = run.map(({ path }) => path);
    const right = await before.atEach(paths);
    const also = await checkpoint?.atEach(paths);
    yield run.map((left, at) => ({ left, right: right[at], also: also?.[at] }));
  }
}

/** N32: what a capture of this workspace that was cut off has stored. */
async function checkpointEntries(job: EntriesJob): Promise<EntryCursor | undefined> {
  const { files, clock, logger } = job.parts;
  const live = await liveCheckpoints(files, clock.now());
  const checkpoint = live.find((one) => isSameScope(one, scopeOf(job.facts, job.options)));
  if (checkpoint === undefined) return undefined;
  const entries = readableEntries(job.packs.meta.reader, checkpoint, (error) => {
    logger.info("a checkpoint cannot be used", { reason: error.message });
  });
  return new EntryCursor(entries);
}

/** Entries that could not be read back are left aside rather than written. */
async function* sound(
  entries: Runs<SnapshotEntry>,
  onLeft: (left: CaptureLeft) => void,
): AsyncGenerator<readonly SnapshotEntry[]> {
  let before: string | undefined;
  for await (const run of entries) {
    const stored = run.filter((entry) => {
      const trouble = entryTrouble(entry);
      if (trouble !== undefined)
        onLeft({ path: entry.path, reason: `Not stored: ${trouble}`, isGap: true });
      return trouble === undefined;
    });
    for (const { path } of stored) {
      assert(before === undefined || comparePaths(before, path) < 0, "a source is in path order");
      before = path;
    }
    yield stored;
  }
}
