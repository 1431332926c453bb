import { sealRoot } from "../core/snapshot/root.ts";
import type { SnapshotRoot } from "../core/snapshot/root.ts";
import type { CaptureOptions, CaptureResult } from "../core/snapshot/store-request.ts";
import type { CaptureSource } from "../ports.ts";
import { throwIfAborted } from "../std/error.ts";
import { isoSeconds } from "../std/time.ts";
import { prepare, writeEntries } from "./capture-entries.ts";
import type { CaptureParts, ContentJob } from "./capture-entries.ts";
import { CapturePauses } from "./capture-pauses.ts";
import { removeCheckpoints, scopeOf } from "./checkpoint.ts";
import { completenessOf, isUnchanged } from "./capture-draft.ts";
import type { Draft } from "./capture-draft.ts";
import { CaptureTally } from "./capture-tally.ts";
import { recordChecks } from "./checks.ts";
import { freeTime } from "./file-times.ts";
import { ManifestWriter, proveManifest } from "./manifest-store.ts";
import { PackWriter } from "./pack-writer.ts";
import { loadPacks, newChecks } from "./packs.ts";
import type { Packs } from "./packs.ts";
import { KnownContents } from "./known-contents.ts";
import { baseOf, parentOf } from "./parent.ts";
import { putRoot, readRoots, rootFileName, rootNames, rootOfId } from "./root-files.ts";

/**
 * Take a snapshot: data packs, then metadata packs, then the root, each durable before the next (N26). What is
 * interrupted leaves unreferenced packs, which the next capture uses.
 *
 * @throws {SnapError} `interrupted`; what the source, or `confirm`, throws as a whole; the errors of `StoreFiles`
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

async function storeContent(job: ContentJob): Promise<Draft> {
  const { files, logger } = job.parts;
  const { data: blocks, meta: pieces } = job.packs;
  const data = new PackWriter({ files, kind: "data", index: blocks.catalogue.index, logger });
  const meta = new PackWriter({ files, kind: "meta", index: pieces.catalogue.index, logger });
  try {
    const tally = new CaptureTally(job.options.onProgress);
    const manifest = new ManifestWriter(meta, () => data.flush());
    const scope = scopeOf(job.facts, job.options);
    const isReadOnce = job.source.prepare !== undefined;
    const place = { packs: job.packs, data, meta, manifest, scope, isReadOnce };
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
    await job.options.confirm?.();
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
    ...(draft.hasUnits ? { git: await draft.tally.describedUnits() } : {}),
    left: draft.tally.left,
  });
  await lock.confirm();
  await putRoot(files, root);
  const readBack = await rootOfId(files, root.id);
  await proveManifest(packs.meta.reader, readBack, (hash) => packs.meta.catalogue.index.has(hash));
  await lock.confirm();
  return readBack;
}
