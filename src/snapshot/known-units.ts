import { unitIdOf, type UnitLook, type UnitPlace, type UnitState } from "../core/repo/unit.ts";
import type { SnapshotEntry } from "../core/snapshot/entry.ts";
import type { SnapshotRoot } from "../core/snapshot/root.ts";
import { isAtRest, isUnitTop, type UnitFacts } from "../core/snapshot/unit.ts";
import type { CaptureSource } from "../ports.ts";
import { isSnapError, throwIfAborted } from "../std/error.ts";
import { readEntries } from "./manifest-store.ts";
import type { PackReader } from "./pack-reader.ts";
import type { PackWriter } from "./pack-writer.ts";
import { unitContent } from "./unit-content.ts";

/** What knows the units of an earlier snapshot. */
export type KnownUnitsParts = {
  readonly source: Pick<CaptureSource, "units">;
  readonly meta: PackReader;
  readonly data: Pick<PackWriter, "has">;
  /** The earlier snapshot. */
  readonly base: SnapshotRoot | undefined;
  readonly signal: AbortSignal | undefined;
};

/** A unit that is as it was in the earlier snapshot. */
export type SameUnit = {
  /** Without what may have changed though the repository did not: whether its work tree is dirty. */
  readonly facts: UnitFacts;
  /** What may have changed, as it is now. */
  readonly describe: () => Promise<UnitState>;
  /** Its entries there, in path order, without its folder. */
  readonly entries: () => AsyncIterable<SnapshotEntry>;
};

/**
 * Tells which units need not be captured again (N5): those whose stats are the ones under which they were captured, if what came of
 * that stands in the earlier snapshot. One that was torn, or moved while it was captured, is captured again (N45).
 */
export class KnownUnits {
  readonly #parts: KnownUnitsParts;

  constructor(parts: KnownUnitsParts) {
    this.#parts = parts;
  }

  /** Undefined where it has to be captured. A block that is gone is stored again by that (N27). */
  async find(place: UnitPlace, look: UnitLook): Promise<SameUnit | undefined> {
    const { source, base, signal } = this.#parts;
    const { path } = place;
    const knowledge = source.units?.knowledge;
    const known = knowledge?.known(path);
    const facts = base?.git?.find(({ id }) => id === unitIdOf(path));
    if (knowledge === undefined || facts === undefined || !isAtRest(facts)) return undefined;
    if (known?.stamp !== look.stamp || !(await this.#isHeld(place, known.content)))
      return undefined;
    const { dirty: _dirty, ...lasting } = facts;
    return {
      facts: lasting,
      describe: async () => {
        const { dirty } = await knowledge.describe(place, signal === undefined ? {} : { signal });
        return dirty === undefined ? {} : { dirty };
      },
      entries: () => this.#entriesOf(place),
    };
  }

  async #isHeld(place: UnitPlace, content: string): Promise<boolean> {
    try {
      return (await unitContent(this.#held(place))) === content;
    } catch (error) {
      if (!(error instanceof NotHeld) && !isSnapError(error, "damaged")) throw error;
      return false;
    }
  }

  async *#held(place: UnitPlace): AsyncGenerator<SnapshotEntry> {
    const { data, source } = this.#parts;
    const keepsOwners = source.units?.keepsOwners === true;
    for await (const entry of this.#entriesOf(place)) {
      if (entry.blocks?.every((block) => data.has(block)) === false) throw new NotHeld();
      if (keepsOwners && entry.owner === undefined) throw new NotHeld();
      yield entry;
    }
  }

  async *#entriesOf({ path }: UnitPlace): AsyncGenerator<SnapshotEntry> {
    const { meta, base, signal } = this.#parts;
    if (base === undefined) return;
    for await (const entry of readEntries(meta, base, path)) {
      throwIfAborted(signal);
      if (isUnitTop(entry)) continue;
      yield { ...entry, flags: entry.flags.filter((flag) => flag !== "ignored") };
    }
  }
}

/** A block of it is in no pack, or its owners were not kept (N38). */
class NotHeld extends Error {}
