import type { SnapshotEntry } from "../core/snapshot/entry.ts";
import { SnapError, describeError } from "../std/error.ts";
import type { Logger } from "../std/log.ts";
import type { Clock } from "../std/time.ts";
import { turn } from "../std/turn.ts";
import { readDamagedPacks } from "./checks.ts";
import { putCheckpoint } from "./checkpoint.ts";
import type { CheckpointScope } from "./checkpoint.ts";
import { isHeld } from "./held-manifest.ts";
import { ManifestWriter } from "./manifest-store.ts";
import { refuseMoved } from "./moved.ts";
import type { PackWriter } from "./pack-writer.ts";
import type { Packs } from "./packs.ts";
import type { StoreFiles } from "./store-files.ts";
import type { CollectedUnit } from "./unit-collector.ts";
import type { WriterLock } from "./writer-lock.ts";

/** N32: a checkpoint is written after so many packs, and after so long, ms. */
const packsBetween = 16;
const msBetween = 5 * 60_000;

/** What the pauses of a capture work with. */
export type PauseParts = {
  readonly files: StoreFiles;
  readonly clock: Clock;
  readonly logger: Logger;
  readonly lock: WriterLock;
  readonly packs: Packs;
  readonly data: PackWriter;
  readonly meta: PackWriter;
  readonly manifest: ManifestWriter;
  readonly scope: CheckpointScope;
  /** What was stored ahead of its entries could be taken away, and not be read again: then nobody goes first. */
  readonly isReadOnce: boolean;
};

/** What of a unit is stored so far, as entries in path order that come after all of the manifest. */
export type UnitSoFar = () => Promise<Pick<CollectedUnit, "entries" | "count"> & Disposable>;

/** Entries of a unit that are written between two turns of everything else. */
const entriesInARow = 256;

/**
 * What a capture does between two runs of entries, when all that it has stored belongs to entries of its manifest: it leaves
 * a checkpoint from time to time (N32), and lets another writer go first (N30). Inside a unit, whose entries are known at its end only,
 * what is stored of it so far belongs to entries of the checkpoint alone.
 */
export class CapturePauses {
  readonly #parts: PauseParts;
  #packsBefore = 0;
  #writtenMs: number;
  #entries = 0;
  #lists: readonly string[] = [];
  #unit: UnitSoFar | undefined;

  constructor(parts: PauseParts) {
    this.#parts = parts;
    this.#writtenMs = parts.clock.now();
  }

  /**
   * A unit begins, or a long file that is fetched (N42), all before it being in the manifest: until it is left, what is stored of it
   * belongs to a checkpoint as well.
   */
  enterUnit(unit: UnitSoFar): void {
    this.#unit = unit;
  }

  /** Its capture came to an end; one that is cut off is never left, so that the last checkpoint has what was stored of it. */
  leaveUnit(): void {
    this.#unit = undefined;
  }

  /** Between two runs, or inside a unit. @throws {SnapError} `busy` where the lock does not come back */
  async pause(): Promise<void> {
    const { lock, isReadOnce } = this.#parts;
    if (lock.isWanted && !isReadOnce) return await this.#handOver();
    await this.checkpointIfDue();
  }

  /** The same where nobody else may go first: what was stored belongs to no checkpoint yet. */
  async checkpointIfDue(): Promise<void> {
    const { clock, data } = this.#parts;
    const isMuch = data.packCount - this.#packsBefore >= packsBetween;
    if (isMuch || clock.now() - this.#writtenMs >= msBetween) await this.checkpoint();
  }

  /** Put everything so far in place and say so; nothing where there is nothing new. */
  async checkpoint(): Promise<void> {
    const { files, clock, lock, data, manifest, scope } = this.#parts;
    using unit = await this.#unit?.();
    const inUnit = unit?.count ?? 0;
    const entries = manifest.entryCount + inUnit;
    // Of a unit more may be stored though it has as many entries: one file of it can be most of it.
    if (inUnit === 0 && entries === this.#entries) return;
    const lists = [...(await manifest.settle()), ...(await this.#listsOf(unit?.entries() ?? []))];
    await putCheckpoint(files, { ...scope, id: lock.token, time: clock.now(), entries, lists });
    this.#entries = entries;
    this.#lists = lists;
    this.#packsBefore = data.packCount;
    this.#writtenMs = clock.now();
  }

  async #listsOf(entries: Iterable<SnapshotEntry>): Promise<readonly string[]> {
    const { data, meta } = this.#parts;
    const manifest = new ManifestWriter(meta, () => data.flush());
    for (const entry of entries) {
      await manifest.add(entry);
      if (manifest.entryCount % entriesInARow === 0) await turn();
    }
    return await manifest.finish();
  }

  /** The capture is interrupted: what it has done need not be done again. Never rejects, since that is what must be told. */
  async end(): Promise<void> {
    try {
      await this.checkpoint();
    } catch (error) {
      const reason = describeError(error);
      this.#parts.logger.error("cannot leave a checkpoint", { reason });
    }
  }

  /**
   * What the other did to the packs is looked at again: one that is gone holds nothing any more (N27). Where one is, it is proved
   * that what was stored before is there: the other may have counted the checkpoint as too old, or as done.
   */
  async #handOver(): Promise<void> {
    await this.checkpoint();
    const { lock, packs } = this.#parts;
    await lock.handOver();
    await refuseMoved(this.#parts.files);
    const recorded = await readDamagedPacks(this.#parts);
    const areGone = [
      await packs.data.catalogue.lookAgain(recorded),
      await packs.meta.catalogue.lookAgain(recorded),
    ];
    if (!areGone.includes(true) || (await isHeld(packs, this.#lists))) return;
    throw new SnapError("busy", "Another program took away what this capture had stored", {
      hint: "No snapshot was taken. Run the command again; if the clocks of two machines differ by days, set them right.",
    });
  }
}
