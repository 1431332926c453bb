import { entryTrouble } from "../core/snapshot/entry.ts";
import type { SnapshotEntry } from "../core/snapshot/entry.ts";
import { joinByPath } from "../core/snapshot/manifest.ts";
import { comparePaths } from "../core/path/rel-path.ts";
import { sealRoot } from "../core/snapshot/root.ts";
import type { CaptureFacts, LeftAside, SnapshotRoot } from "../core/snapshot/root.ts";
import type { CaptureOptions, CaptureResult } from "../core/snapshot/store-request.ts";
import type { CaptureSource } from "../ports.ts";
import { assert } from "../std/assert.ts";
import { throwIfAborted } from "../std/error.ts";
import type { Logger } from "../std/log.ts";
import { isoSeconds } from "../std/time.ts";
import type { Clock } from "../std/time.ts";
import { turn } from "../std/turn.ts";
import { batchesOf } from "./capture-batch.ts";
import type { SourcePair } from "./capture-batch.ts";
import { CapturePauses } from "./capture-pauses.ts";
import { isSameScope, liveCheckpoints, removeCheckpoints, scopeOf } from "./checkpoint.ts";
import { EntryCursor } from "./entry-cursor.ts";
import { EntryCapture, withTimeOf } from "./capture-entry.ts";
import { hashBlock } from "./block-hash.ts";
import { completenessOf, isUnchanged } from "./capture-draft.ts";
import type { Draft } from "./capture-draft.ts";
import { CaptureTally } from "./capture-tally.ts";
import { recordChecks } from "./checks.ts";
import { freeTime } from "./file-times.ts";
import { ManifestWriter, proveManifest } from "./manifest-store.ts";
import { MissingContents } from "./missing-contents.ts";
import { PackWriter } from "./pack-writer.ts";
import { loadPacks, newChecks } from "./packs.ts";
import type { Packs } from "./packs.ts";
import { KnownContents } from "./known-contents.ts";
import { baseOf, parentOf, readableEntries } from "./parent.ts";
import { putRoot, readRoots, rootFileName, rootNames, rootOfId } from "./root-files.ts";
import type { StoreFiles } from "./store-files.ts";
import { withUnits } from "./unit-capture.ts";
import type { WriterLock } from "./writer-lock.ts";

/** What a capture works with; the lock is held by its caller. */
export type CaptureParts = {
  readonly files: StoreFiles;
  readonly clock: Clock;
  readonly logger: Logger;
  readonly tool: string;
  readonly lock: WriterLock;
};

/**
 * Take a snapshot: data packs, then metadata packs, then the root, each durable before the next (N26). What is
 * interrupted leaves unreferenced packs, which the next capture uses.
 *
 * @throws {SnapError} `interrupted`; what the source throws as a whole; the errors of `StoreFiles`
 */
export async function capture(
  parts: CaptureParts,
  source: CaptureSource,
  options: CaptureOptions,
): Promise<CaptureResult> {
  const facts = await source.facts();
  const roots = await readRoots(parts.files);
  // An archive goes on from nothing, whatever is in the store.
  const isImport = options.reason === "import" && options.hydrates === undefined;
  const parent = options.hydrates ?? (isImport ? undefined : parentOf(roots, facts));
  const packs = await loadPacks(parts.files, parts.logger);
  const known = new KnownContents({ packs, roots, signal: options.signal });
  const draft = await storeContent({
    parts,
    packs,
    known,
    source,
    facts,
    base: options.hydrates ?? (isImport ? undefined : baseOf(roots, facts)),
    options,
  });
  const scope = scopeOf(facts, options);
  const isTold =
    parent !== undefined && !options.force && isUnchanged(parent, draft, options)
      ? await isInPlace(parts, parent)
      : false;
  const done = facts.paths === undefined ? scope : { id: parts.lock.token };
  if (parent !== undefined && isTold) {
    await removeCheckpoints(parts.files, done, parts.clock.now());
    return { root: parent, created: false };
  }
  throwIfAborted(options.signal);
  const root = await commit(parts, { draft, parent, packs }, options);
  await removeCheckpoints(parts.files, done, parts.clock.now());
  return { root, created: true };
}

type ContentJob = {
  readonly parts: CaptureParts;
  readonly packs: Packs;
  readonly known: KnownContents;
  readonly source: CaptureSource;
  readonly facts: CaptureFacts;
  /** The earlier snapshot whose block lists are taken over (N35). */
  readonly base: SnapshotRoot | undefined;
  readonly options: CaptureOptions;
};

async function storeContent(job: ContentJob): Promise<Draft> {
  const { files } = job.parts;
  const data = new PackWriter({ files, kind: "data", index: job.packs.data.catalogue.index });
  const meta = new PackWriter({ files, kind: "meta", index: job.packs.meta.catalogue.index });
  try {
    const tally = new CaptureTally(job.options.onProgress);
    const manifest = new ManifestWriter(meta, () => data.flush());
    const scope = scopeOf(job.facts, job.options);
    const isReadOnce = job.source.prepare !== undefined;
    const place = { packs: job.packs, data, manifest, scope, isReadOnce };
    const pauses = new CapturePauses({ ...job.parts, ...place });
    let isCutOff = job.options.hydrates !== undefined;
    try {
      const entries = { ...job, data, meta, manifest, tally, pauses };
      await prepare(entries);
      await writeEntries(entries);
      isCutOff = false;
    } finally {
      // N32: what an interrupted capture has done need not be done again, nor what was downloaded before a line was cut.
      if (isCutOff || job.options.signal?.aborted === true) await pauses.end();
    }
    const lists = await manifest.finish();
    const facts = job.source.prepare === undefined ? job.facts : await job.source.facts();
    const stored = data.storedBytes + meta.storedBytes;
    return { facts, lists, tally, stored, hasUnits: job.source.units !== undefined };
  } finally {
    await data.discard();
    await meta.discard();
    // What was found damaged on the way, and what was damaged and is written again (N51).
    await recordChecks(job.parts, newChecks(job.packs));
  }
}

type EntriesJob = ContentJob & {
  readonly data: PackWriter;
  readonly meta: PackWriter;
  readonly manifest: ManifestWriter;
  readonly tally: CaptureTally;
  readonly pauses: CapturePauses;
};

/** What can be read only once goes into packs before its entries are known (N59). */
async function prepare({ parts, source, data, tally, options }: EntriesJob): Promise<void> {
  await source.prepare?.(async (path, block) => {
    throwIfAborted(options.signal);
    const hash = await hashBlock(block);
    await data.add(hash, block);
    if (data.isFull) await data.flush();
    tally.addBytes(path, block.length);
    await parts.lock.renew();
    return hash;
  });
}

async function writeEntries(job: EntriesJob): Promise<void> {
  const { parts, source, tally, manifest, options } = job;
  const entryCapture = new EntryCapture({
    source,
    data: job.data,
    known: job.known,
    clock: parts.clock,
    signal: options.signal,
    onBlock: (path, bytes) => blockRead(job, path, bytes),
  });
  const missing = new MissingContents({
    source,
    data: job.data,
    signal: options.signal,
    takeOver: (pairs) => entryCapture.takeOver(pairs),
    onBlock: (path, bytes) => blockRead(job, path, bytes),
    onLeft: (left) => tally.leave(left),
  });
  for await (const batch of batchesOf(pairsOf(job))) {
    await turn();
    // The blocks of a unit are stored before its entries are.
    if (!batch.some(({ left }) => left.unit !== undefined)) await job.pauses.pause();
    let at = 0;
    for await (const { entry, left } of entryCapture.captureEach(await missing.fill(batch))) {
      const captured = withTimeOf(entry, batch[at]?.right);
      at += 1;
      await manifest.add(captured);
      tally.add(captured, left);
      await parts.lock.renew();
    }
  }
}

async function blockRead(job: EntriesJob, path: string, bytes: number): Promise<void> {
  job.tally.addBytes(path, bytes);
  await job.parts.lock.renew();
}

/** Each entry of the source with that of the earlier snapshot at the same path. */
async function* pairsOf(job: EntriesJob): AsyncGenerator<SourcePair> {
  const { parts, packs, source, base, tally } = job;
  const before = readableEntries(packs.meta.reader, base, (error) => {
    parts.logger.error("an earlier snapshot is damaged", { reason: error.message });
  });
  const onLeft = (left: LeftAside): void => tally.leave(left);
  const also = await checkpointEntries(job);
  const entries = withUnits(source.entries(onLeft), {
    source,
    data: job.data,
    signal: job.options.signal,
    onBlock: (path, bytes) => blockRead(job, path, bytes),
    onLeft,
    onUnit: (unit) => tally.addUnit(unit),
  });
  for await (const { left, right } of joinByPath(sound(entries, onLeft), before)) {
    if (left === undefined) continue;
    yield also === undefined ? { left, right } : { left, right, also: await also.at(left.path) };
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
  entries: AsyncIterable<SnapshotEntry>,
  onLeft: (left: LeftAside) => void,
): AsyncGenerator<SnapshotEntry> {
  let before: string | undefined;
  for await (const entry of entries) {
    const trouble = entryTrouble(entry);
    if (trouble !== undefined) {
      onLeft({ path: entry.path, reason: `Not stored: ${trouble}` });
      continue;
    }
    assert(
      before === undefined || comparePaths(before, entry.path) < 0,
      "a source is in path order",
    );
    before = entry.path;
    yield entry;
  }
}

/** Whether a snapshot was not forgotten by a writer that went first, or took the lock away (N30). */
async function isInPlace({ files, lock }: CaptureParts, root: SnapshotRoot): Promise<boolean> {
  await lock.confirm();
  return (await rootNames(files)).includes(rootFileName(root));
}

type Committing = {
  readonly draft: Draft;
  readonly parent: SnapshotRoot | undefined;
  readonly packs: Packs;
};

/**
 * Put the root in place, and read back what it names before success is told (N28). Who holds the lock before and after knows that
 * nobody has judged in between what is needed without this root (N30).
 */
async function commit(
  { files, clock, tool, lock }: CaptureParts,
  { draft, parent, packs }: Committing,
  options: CaptureOptions,
): Promise<SnapshotRoot> {
  const { hydrates } = options;
  const momentMs = hydrates === undefined ? clock.now() : Date.parse(hydrates.time);
  const root = sealRoot({
    ...draft.facts,
    format: 1,
    time: isoSeconds(freeTime(await rootNames(files), momentMs)),
    tool,
    completeness: completenessOf(draft.tally, options),
    ...(options.label === undefined ? {} : { label: options.label }),
    tags: options.tags ?? [],
    reason: options.reason,
    ...(parent === undefined ? {} : { parent: parent.id }),
    ...(hydrates === undefined ? {} : { hydrated: isoSeconds(clock.now()) }),
    lists: draft.lists,
    counts: draft.tally.counts,
    stored: draft.stored,
    ...(draft.hasUnits ? { git: draft.tally.units } : {}),
    left: draft.tally.left,
  });
  await lock.confirm();
  await putRoot(files, root);
  const readBack = await rootOfId(files, root.id);
  await proveManifest(packs.meta.reader, readBack, (hash) => packs.meta.catalogue.index.has(hash));
  await lock.confirm();
  return readBack;
}
