import { isInside, parseRelPath, type RelPath } from "../core/path/rel-path.ts";
import { unitFolder, unitIdOf, unitPlaceAt, type UnitPlace } from "../core/repo/unit.ts";
import { diffEntries, type EntryChange } from "../core/snapshot/diff.ts";
import type { SnapshotEntry } from "../core/snapshot/entry.ts";
import type { SnapshotRoot } from "../core/snapshot/root.ts";
import { isTopUnit, isUnitTop } from "../core/snapshot/unit.ts";
import {
  UnitChanges,
  type UnitDifference,
  type UnjudgedUnit,
} from "../core/snapshot/unit-changes.ts";
import type { CaptureSource, SnapshotStore } from "../ports.ts";
import { isTroubleOfFile } from "../snapshot/ahead-reader.ts";
import { unitContent } from "../snapshot/unit-content.ts";
import { throwIfAborted } from "../std/error.ts";
import type { Work } from "../std/events.ts";
import { readPresentUnit, unjudged } from "./present-unit.ts";
import { unitDifference } from "./unit-difference.ts";
import { saysTheSame } from "./unit-witness.ts";
import { noUnit, storedUnit, type UnitFiles } from "./unit-files.ts";
import type { UnitSides } from "./unit-refs.ts";

/** What leads from a snapshot to the disk: of a file, or of a repository as a whole (N43). */
export type PresentChange = EntryChange | UnitDifference | UnjudgedUnit;

/** The repositories of a snapshot and of the disk, to be compared. */
export type UnitsCompared = {
  readonly store: SnapshotStore;
  readonly root: SnapshotRoot;
  readonly source: Pick<CaptureSource, "units">;
  readonly under: RelPath;
  /** Read each repository, whatever its stats say. */
  readonly rehash: boolean;
  /** Repositories file by file, not each as one. */
  readonly wholeUnits: boolean;
  /** Modes and times do not count. */
  readonly contentOnly: boolean;
};

/** What is known of one repository once both streams have passed. */
type SeenUnit = {
  /** The snapshot tells of it, and of what is in it. */
  isBefore: boolean;
  /** The snapshot tells of it, and of nothing in it (N37). */
  isGap: boolean;
  isPresent: boolean;
  /** It came, went, or became something else, and is told so. */
  isTold: boolean;
};

/**
 * Takes what is in repositories out of the two streams of a comparison and of what comes of it, and notes which repositories there
 * are. Where somebody looks into one there is nothing else.
 */
export class SeenUnits {
  readonly #under: RelPath;
  readonly #units = new Map<string, SeenUnit>();

  constructor(under: RelPath) {
    this.#under = under;
  }

  async *before(entries: AsyncIterable<SnapshotEntry>): AsyncGenerator<SnapshotEntry> {
    for await (const entry of entries) {
      if (entry.unit === undefined || isUnitTop(entry)) yield entry;
      if (entry.unit === undefined || (entry.type === "file" && isUnitTop(entry))) continue;
      const isGap = entry.flags.includes("unreadable") && isUnitTop(entry);
      this.#note(entry.unit, isGap ? { isGap } : { isBefore: true });
    }
  }

  async *present(entries: AsyncIterable<SnapshotEntry>): AsyncGenerator<SnapshotEntry> {
    for await (const entry of entries) {
      const { unit, type, path } = entry;
      if (unit !== undefined && type === "folder") this.#note(unit, { isPresent: true });
      // The folder of a repository that is looked into stands above what is compared, and the top is in no snapshot.
      if (isInside(parseRelPath(path), this.#under) && !isTopUnit(entry)) yield entry;
    }
  }

  /** Changes as they are; of repositories it is noted that they are told. */
  async *changes(changes: AsyncIterable<EntryChange>): AsyncGenerator<EntryChange> {
    for await (const change of changes) {
      for (const { unit, path } of change.change === "metadata" ? [] : entriesOf(change)) {
        if (unit === path) this.#note(unit, { isTold: true });
      }
      yield change;
    }
  }

  get all(): ReadonlyMap<string, SeenUnit> {
    return this.#units;
  }

  #note(unit: string, facts: Partial<SeenUnit>): void {
    const before = this.#units.get(unit) ?? nothingSeen;
    this.#units.set(unit, { ...before, ...facts });
  }
}

const nothingSeen: SeenUnit = { isBefore: false, isGap: false, isPresent: false, isTold: false };

function entriesOf(change: EntryChange): readonly SnapshotEntry[] {
  if (change.change === "added") return [change.after];
  return change.change === "removed" ? [change.before] : [change.before, change.after];
}

/** How the repositories that were seen differ, in the order in which they were seen. @throws {SnapError} `damaged`, `interrupted` */
export async function* compareUnits(
  compared: UnitsCompared,
  seen: SeenUnits,
  work: Work,
): AsyncGenerator<PresentChange> {
  for (const [id, unit] of seen.all) {
    throwIfAborted(work.signal);
    if (!unit.isBefore && !unit.isPresent) continue;
    // One that is told in a line has its files told only where they are asked for.
    if (unit.isTold && !compared.wholeUnits) continue;
    const place = unitPlaceAt(unitFolder(id));
    if (unit.isGap) yield unjudged(place, ["the snapshot holds nothing of it"]);
    else yield* compareUnit(compared, { ...unit, place }, work);
  }
}

async function* compareUnit(
  compared: UnitsCompared,
  { place, isBefore, isPresent }: SeenUnit & { readonly place: UnitPlace },
  work: Work,
): AsyncGenerator<PresentChange> {
  const { store, root } = compared;
  const to = isPresent ? await presentUnit(compared, place, work) : noUnit;
  if (to === "same") return;
  if ("change" in to) yield to;
  else {
    using present = to;
    const from = isBefore ? storedUnit(store, root, place.path) : noUnit;
    yield* differencesOf(compared, { from, to: present, unit: place.path }, work);
  }
}

async function* differencesOf(
  { under, wholeUnits, contentOnly }: UnitsCompared,
  sides: UnitSides,
  work: Work,
): AsyncGenerator<PresentChange> {
  const { from, to, unit } = sides;
  const inside = isInside(under, unit) ? under : unit;
  const units = new UnitChanges(under);
  for await (const change of diffEntries(from.entries(inside), to.entries(inside))) {
    throwIfAborted(work.signal);
    if (contentOnly && change.change === "metadata") continue;
    if (!wholeUnits && (await saysTheSame(sides, change))) continue;
    if (wholeUnits || !units.take(change)) yield change;
  }
  for (const changed of units.changed) yield await unitDifference(sides, changed, work);
}

/** What the disk holds of a repository: by its stats where nobody wrote there since it was captured (N35), else by reading it. */
export async function presentUnit(
  compared: Pick<UnitsCompared, "store" | "root" | "source" | "rehash">,
  place: UnitPlace,
  work: Work,
): Promise<UnitFiles | UnjudgedUnit | "same"> {
  const { source, rehash, store, root } = compared;
  const { units } = source;
  if (units === undefined) throw new TypeError("repositories are read where they are compared");
  const captured = rehash ? undefined : await untouchedSince(compared, place, work);
  if (captured === undefined) return await readPresentUnit(units, place, work);
  return captured.id === root.id ? "same" : storedUnit(store, captured, place.path);
}

/** The snapshot, this one or the newest, that holds what is there now; undefined where that is not known without reading. */
async function untouchedSince(
  { store, root, source }: Pick<UnitsCompared, "store" | "root" | "source">,
  place: UnitPlace,
  { signal }: Work,
): Promise<SnapshotRoot | undefined> {
  const knowledge = source.units?.knowledge;
  const known = knowledge?.known(place.path);
  if (known === undefined) return undefined;
  const look = await knowledge?.look(place, signal === undefined ? {} : { signal }).catch(noLook);
  if (look?.stamp !== known.stamp) return undefined;
  const roots = await store.list({ workspace: root.workspace.id, side: "local" });
  const newest = roots.findLast(({ git }) => git?.some(({ id }) => id === unitIdOf(place.path)));
  for (const one of newest === undefined ? [root] : [root, newest]) {
    const { path } = place;
    const content = await unitContent(storedUnit(store, one, path).entries(path));
    if (content === known.content) return one;
  }
  return undefined;
}

/** Reading it tells why. */
function noLook(error: unknown): undefined {
  if (!isTroubleOfFile(error)) throw error;
}
