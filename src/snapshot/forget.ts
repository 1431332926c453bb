import { textFromBytes } from "../core/snapshot/checked-json.ts";
import { decodeForgetRecord, encodeForgetRecord } from "../core/snapshot/forget-record.ts";
import type { ForgetRecord } from "../core/snapshot/forget-record.ts";
import type { ForgetOptions, LastCopy } from "../core/snapshot/keep-request.ts";
import { isPinned } from "../core/snapshot/note.ts";
import type { SnapshotRoot } from "../core/snapshot/root.ts";
import { SnapError, throwIfAborted } from "../std/error.ts";
import type { Logger } from "../std/log.ts";
import { randomHex } from "../std/random.ts";
import { withReserve } from "./keep-parts.ts";
import type { KeepParts } from "./keep-parts.ts";
import { lastCopies } from "./last-copy.ts";
import { readNotes } from "./note-files.ts";
import { loadPacks } from "./packs.ts";
import type { LookParts } from "./prune-look.ts";
import { readRoots, rootFileName } from "./root-files.ts";
import { isUnreadable } from "./store-error.ts";
import type { StoreFiles } from "./store-files.ts";
import { newBatch, trashBatches } from "./trash.ts";
import type { TrashBatch } from "./trash.ts";

const recordName = "forgotten.json";
const recordBytesMax = 64 * 1024 * 1024;

/**
 * Move the roots of snapshots to the trash (N55). The record of it comes first: killed in between, each root is in one of
 * both places, and those that went can be taken back.
 *
 * @throws {SnapError} `snapshot-not-found`; `refused` for a pinned snapshot, or one with the last copy of something
 */
export async function forget(parts: KeepParts, options: ForgetOptions): Promise<ForgetRecord> {
  const { files, clock, rng, lock } = parts;
  const { forgotten } = await chosenRoots(parts, options);
  await refusePinned(parts, forgotten);
  const onStep = (): Promise<void> => withReserve(files, () => lock.renew());
  if (options.evenLastCopy !== true)
    refuseLastCopies(await copiesAtStake({ ...parts, onStep }, options));
  throwIfAborted(options.signal);
  const record: ForgetRecord = {
    id: randomHex(rng, 8),
    time: new Date(clock.now()).toISOString(),
    reason: options.reason,
    snapshots: forgotten.map((root) => ({
      id: root.id,
      name: rootFileName(root),
      workspace: root.workspace.id,
    })),
  };
  const batch = await newBatch(files, clock);
  await withReserve(files, () =>
    files.put(`${batch}/${recordName}`, Buffer.from(encodeForgetRecord(record))),
  );
  for (const { name } of record.snapshots) {
    await withReserve(files, () => lock.renew());
    await withReserve(files, () => files.move(`roots/${name}`, `${batch}/roots/${name}`));
  }
  return record;
}

/** The content that only these snapshots hold (N55). Needs no lock. @throws {SnapError} `snapshot-not-found`; `refused` for a pinned one */
export async function copiesAtStake(
  parts: LookParts,
  options: Omit<ForgetOptions, "reason" | "evenLastCopy">,
): Promise<readonly LastCopy[]> {
  const { elsewhere = () => false, ...work } = options;
  const roots = await chosenRoots(parts, options);
  await refusePinned(parts, roots.forgotten);
  const packs = await loadPacks(parts.files, parts.logger);
  return await lastCopies({ ...work, ...roots, packs, elsewhere, onStep: parts.onStep });
}

type ChosenRoots = {
  readonly forgotten: readonly SnapshotRoot[];
  readonly kept: readonly SnapshotRoot[];
};

async function chosenRoots(
  { files }: { readonly files: StoreFiles },
  { ids }: Pick<ForgetOptions, "ids">,
): Promise<ChosenRoots> {
  const chosen = new Set(ids);
  const roots = (await readRoots(files)).flatMap(({ root }) => root ?? []);
  const forgotten = roots.filter(({ id }) => chosen.has(id));
  const found = new Set(forgotten.map(({ id }) => id));
  const missing = ids.find((id) => !found.has(id));
  if (missing === undefined) return { forgotten, kept: roots.filter(({ id }) => !chosen.has(id)) };
  throw new SnapError("snapshot-not-found", `No snapshot ${missing}`, {
    hint: "`snap list` shows every snapshot.",
    path: missing,
  });
}

async function refusePinned(
  { files, logger, clock }: Pick<LookParts, "files" | "logger" | "clock">,
  roots: readonly SnapshotRoot[],
): Promise<void> {
  const notes = await readNotes(files, logger);
  const pinned = roots.find((root) => isPinned(notes.of(root), clock.now()));
  if (pinned === undefined) return;
  throw new SnapError("refused", `Snapshot ${pinned.id.slice(0, 8)} is pinned`, {
    path: pinned.id,
    hint: `Nothing was forgotten. \`snap pin ${pinned.id.slice(0, 8)} --remove\` takes the pin away.`,
  });
}

function refuseLastCopies(copies: readonly LastCopy[]): void {
  const [first] = copies;
  if (first === undefined) return;
  const bytes = copies.reduce((sum, copy) => sum + copy.bytes, 0);
  const files = copies.reduce((sum, copy) => sum + copy.files, 0);
  const where =
    copies.length === 1
      ? `Snapshot ${first.id.slice(0, 8)} holds`
      : `${copies.length} of the snapshots hold`;
  const inFiles = files === 1 ? "1 file" : `${files} files`;
  const named = `such as "${first.paths[0] ?? ""}"`;
  throw new SnapError(
    "refused",
    `${where} the last copy of ${bytes} bytes in ${inFiles}, ${named}`,
    {
      path: first.id,
      hint: "Nothing was forgotten. It is in no other snapshot, and neither in the workspace nor in Dropbox as far as the index knows. --even-last-copy forgets it all the same.",
    },
  );
}

/** A forget that can still be taken back. */
type KeptForget = { readonly record: ForgetRecord; readonly batch: TrashBatch };

/** The forgets that can be taken back, oldest first, each with the snapshots that are still there. */
export async function forgets(files: StoreFiles, logger: Logger): Promise<readonly ForgetRecord[]> {
  return (await keptForgets(files, logger)).map(({ record }) => record);
}

async function keptForgets(files: StoreFiles, logger: Logger): Promise<readonly KeptForget[]> {
  const kept: KeptForget[] = [];
  for (const batch of await trashBatches(files)) {
    const record = await readRecord(files, batch, logger);
    if (record === undefined) continue;
    const there = new Set(await files.list(`${batch.name}/roots`));
    const snapshots = record.snapshots.filter(({ name }) => there.has(name));
    if (snapshots.length > 0) kept.push({ record: { ...record, snapshots }, batch });
  }
  return kept;
}

async function readRecord(
  files: StoreFiles,
  batch: TrashBatch,
  logger: Logger,
): Promise<ForgetRecord | undefined> {
  const name = `${batch.name}/${recordName}`;
  try {
    const bytes = await files.get(name, recordBytesMax);
    return bytes === undefined ? undefined : decodeForgetRecord(textFromBytes(bytes, name), name);
  } catch (error) {
    if (!isUnreadable(error)) throw error;
    logger.error("the record of a forget is damaged", { name, reason: error.message });
    return undefined;
  }
}

/**
 * Bring the snapshots of a forget back (N55); the record goes last, so what is cut off can be done again.
 *
 * @returns the forget with the snapshots that came back @throws {SnapError} `refused` where the trash has none of them
 */
export async function unforget(parts: KeepParts, id: string): Promise<ForgetRecord> {
  const { files, logger, lock } = parts;
  const found = (await keptForgets(files, logger)).find(({ record }) => record.id === id);
  if (found === undefined) {
    throw new SnapError("refused", `There is no forget ${id} that can be taken back`, {
      path: id,
      hint: "What was forgotten waits for the grace time only. `snap restores` lists what can be taken back.",
    });
  }
  for (const { name } of found.record.snapshots) {
    await withReserve(files, () => lock.renew());
    await withReserve(files, () =>
      files.move(`${found.batch.name}/roots/${name}`, `roots/${name}`),
    );
  }
  await files.remove(`${found.batch.name}/${recordName}`);
  await files.removeFolder(`${found.batch.name}/roots`);
  await files.removeFolder(found.batch.name);
  return found.record;
}
