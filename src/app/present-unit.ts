import type { RepositoryUnits, UnitPlace } from "../core/repo/unit.ts";
import { unitReasonsMax } from "../core/snapshot/unit.ts";
import type { UnjudgedUnit } from "../core/snapshot/unit-changes.ts";
import type { BlockHash } from "../core/tree/content-hash.ts";
import { isTroubleOfFile } from "../snapshot/ahead-reader.ts";
import { UnitCollector, type KeepBlock } from "../snapshot/unit-collector.ts";
import type { Work } from "../std/events.ts";
import { isTold } from "./unit-difference.ts";
import { notesStats } from "./unit-witness.ts";
import { readUnit, type UnitFiles } from "./unit-files.ts";

/** What is held of refs and the like of one repository, bytes; of more it is told that it was not read. */
const heldBytesMax = 64 * 1024 * 1024;

/**
 * Read a repository on the disk as a capture does, and store nothing of it (N44). One that is not whole, or cannot be read, can
 * be compared with nothing.
 *
 * @throws {SnapError} `interrupted`, `workspace-missing`
 */
export async function readPresentUnit(
  units: RepositoryUnits,
  place: UnitPlace,
  work: Work,
): Promise<UnitFiles | UnjudgedUnit> {
  const held = new HeldContents(place, work);
  const { makeSpool, keepsOwners = false } = units;
  using collector = new UnitCollector(held.keep, { keepsOwners, makeSpool });
  try {
    const { signal } = work;
    const report = await units.capture(place, collector, signal === undefined ? {} : { signal });
    const unit = await collector.finish(place.path);
    const { troubles } = unit;
    if (report.word === "torn" || troubles.length > 0) {
      unit[Symbol.dispose]();
      return unjudged(place, [...troubles, ...report.reasons]);
    }
    return readUnit(unit, (file) => held.contentOf(file.blocks ?? []));
  } catch (error) {
    if (!isTroubleOfFile(error)) throw error;
    return unjudged(place, [error.message]);
  }
}

/** A repository that cannot be compared, and why. */
export function unjudged({ path, vcs }: UnitPlace, reasons: readonly string[]): UnjudgedUnit {
  return { change: "unjudged", path, vcs, reasons: reasons.slice(0, unitReasonsMax) };
}

/** Holds what tells how a repository differs, and lets everything else go. */
class HeldContents {
  readonly #place: UnitPlace;
  readonly #work: Work;
  readonly #blocks = new Map<BlockHash, Buffer>();
  #held = 0;
  #read = 0;

  constructor(place: UnitPlace, work: Work) {
    this.#place = place;
    this.#work = work;
  }

  readonly keep: KeepBlock = ({ hash, bytes }, { path }) => {
    this.#read += bytes.length;
    const step = { step: "Comparing", done: 0, total: undefined, bytesTotal: undefined };
    this.#work.onProgress?.({ ...step, bytes: this.#read, current: this.#place.path });
    const { vcs } = this.#place;
    const isWanted = isTold(vcs, path.toString()) || notesStats(vcs, path.toString());
    const isHeld = isWanted && !this.#blocks.has(hash);
    if (isHeld && this.#held + bytes.length <= heldBytesMax) {
      this.#held += bytes.length;
      this.#blocks.set(hash, Buffer.from(bytes));
    }
    return Promise.resolve();
  };

  /** Undefined where a block of it was let go. */
  contentOf(blocks: readonly BlockHash[]): Buffer | undefined {
    const held = blocks.map((block) => this.#blocks.get(block));
    const all = held.filter((block) => block !== undefined);
    return all.length < held.length ? undefined : Buffer.concat(all);
  }
}
