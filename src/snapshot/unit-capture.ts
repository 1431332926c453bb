import { isUnitTop, unitReasonsMax, unitsMax, type UnitFacts } from "../core/snapshot/unit.ts";
import type { EntryFlag, SnapshotEntry } from "../core/snapshot/entry.ts";
import type { LeftAside } from "../core/snapshot/root.ts";
import { baseName, parseRelPath } from "../core/path/rel-path.ts";
import type { UnitPlace, UnitReport } from "../core/repo/unit.ts";
import type { CaptureSource } from "../ports.ts";
import { isTroubleOfFile } from "./ahead-reader.ts";
import type { PackWriter } from "./pack-writer.ts";
import type { ReadBlock } from "./stable-read.ts";
import { UnitCollector, type CollectedUnit } from "./unit-collector.ts";

/** What the capture of units works with. */
export type UnitCaptureParts = {
  readonly source: Pick<CaptureSource, "units">;
  readonly data: PackWriter;
  readonly signal: AbortSignal | undefined;
  /** Told of every block that was read. */
  readonly onBlock: (path: string, bytes: number) => Promise<void>;
  readonly onLeft: (left: LeftAside) => void;
  readonly onUnit: (unit: UnitFacts) => void;
  /** Stores what stands before a unit, whose blocks are stored as soon as it is reached. */
  readonly beforeUnit: () => Promise<void>;
};

/**
 * The entries of a source with those of its units behind their folders (N43). A unit is captured whole before its folder is handed
 * on: its blocks are in packs by then, or on their way.
 */
export async function* withUnits(
  entries: AsyncIterable<SnapshotEntry>,
  parts: UnitCaptureParts,
): AsyncGenerator<SnapshotEntry> {
  let count = 0;
  for await (const entry of entries) {
    if (!isUnitTop(entry) || entry.type !== "folder") {
      yield entry;
      continue;
    }
    count += 1;
    await parts.beforeUnit();
    const unit = count > unitsMax ? tooMany(entry, parts) : await captureOne(entry, parts);
    if (unit === undefined) yield { ...entry, flags: [...entry.flags, "unreadable"] };
    else {
      yield entry;
      for (const part of unit.entries) yield { ...part, flags: flagsIn(entry, part) };
    }
  }
}

/** All of a unit is ignored where its folder is. */
function flagsIn(top: SnapshotEntry, { flags }: SnapshotEntry): readonly EntryFlag[] {
  return top.flags.includes("ignored") ? [...flags, "ignored"] : flags;
}

function tooMany({ path }: SnapshotEntry, { onLeft }: UnitCaptureParts): undefined {
  onLeft({ path, reason: `More than ${unitsMax} repositories` });
  return undefined;
}

/** Undefined where the repository cannot be captured at all: the snapshot has a gap there (N37). */
async function captureOne(
  { path }: SnapshotEntry,
  parts: UnitCaptureParts,
): Promise<CollectedUnit | undefined> {
  const { source, signal, onLeft, onUnit } = parts;
  if (source.units === undefined) throw new TypeError("a source of units captures them");
  const keeper = new Keeper(path, parts);
  const collector = new UnitCollector((block) => keeper.keep(block));
  const id = parseRelPath(path);
  const place: UnitPlace = { vcs: baseName(id) === ".hg" ? "hg" : "git", path: id };
  try {
    const work = signal === undefined ? {} : { signal };
    const report = await source.units.capture(place, collector, work);
    const collected = collector.finish(id);
    for (const name of report.leftOut) {
      onLeft({ path: `${path}/${name}`, reason: "It is not a file, folder or link" });
    }
    onUnit(factsOf(place, report, collected.troubles));
    return collected;
  } catch (error) {
    if (keeper.failed(error) || !isTroubleOfFile(error)) throw error;
    onLeft({ path, reason: `${error.code}: ${error.message}` });
    return undefined;
  }
}

/** Puts blocks into packs, and tells its own failures, which end the capture, from those of the repository. */
class Keeper {
  readonly #path: string;
  readonly #parts: UnitCaptureParts;
  #failure: unknown;

  constructor(path: string, parts: UnitCaptureParts) {
    this.#path = path;
    this.#parts = parts;
  }

  async keep({ hash, bytes }: ReadBlock): Promise<void> {
    const { data, onBlock } = this.#parts;
    try {
      await data.add(hash, bytes);
      if (data.isFull) await data.rotate();
      await onBlock(this.#path, bytes.length);
    } catch (error) {
      this.#failure = error;
      throw error;
    }
  }

  failed(error: unknown): boolean {
    return this.#failure !== undefined && this.#failure === error;
  }
}

/** What could not be kept is missing in it: then it is not whole. */
function factsOf(
  { path, vcs }: UnitPlace,
  { word, reasons, movedDuring, state }: UnitReport,
  troubles: readonly string[],
): UnitFacts {
  return {
    ...state,
    id: path,
    vcs,
    consistency: troubles.length > 0 ? "torn" : word,
    reasons: [...troubles, ...reasons].slice(0, unitReasonsMax),
    movedDuring,
  };
}
