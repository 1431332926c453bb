import type { RelPath } from "../core/path/rel-path.ts";
import { joinPath, parseRelPath, pathFrom } from "../core/path/rel-path.ts";
import type { SnapshotEntry } from "../core/snapshot/entry.ts";
import { joinByPath, type Pair } from "../core/snapshot/manifest.ts";
import type { RefChange } from "../core/snapshot/unit-changes.ts";
import { parsePackedRefs } from "../guard/git-text.ts";
import { throwIfAborted } from "../std/error.ts";
import type { Work } from "../std/events.ts";
import { entryIn, type UnitFiles } from "./unit-files.ts";

/** The most that is read of a list of refs, and of other files that name commits. */
export const listBytesMax: number = 16 * 1024 * 1024;

/** The most that is read of one ref. */
export const refBytesMax = 4096;

/** Loose refs that differ are read up to this number; of more it is told how many. */
const refsReadMax = 10_000;

/** A repository on both sides. */
export type UnitSides = {
  readonly unit: RelPath;
  readonly from: UnitFiles;
  readonly to: UnitFiles;
};

/** Refs that are not the same, by name, and how many files of refs that differ were not read. */
export type RefsCompared = { readonly refs: readonly RefChange[]; readonly notRead: number };

/** Refs by name, as `packed-refs` has them; undefined where there is one that cannot be read. */
export async function packedRefs(
  files: UnitFiles,
  unit: RelPath,
): Promise<ReadonlyMap<string, string> | undefined> {
  const entry = await entryIn(files, unit, "packed-refs");
  if (entry === undefined) return new Map();
  const bytes = await files.bytes(entry, listBytesMax);
  return bytes === undefined ? undefined : parsePackedRefs(bytes.toString());
}

/**
 * Compare the refs of a Git repository, loose and packed. Loose refs that are the same on both sides are not read, however many they
 * are, and what is not read is counted rather than told as new or gone.
 */
export async function compareGitRefs(
  sides: UnitSides & { readonly packed: PackedSides },
  { signal }: Work,
): Promise<RefsCompared> {
  const comparison = new RefComparison(sides);
  const refs = joinPath(sides.unit, "refs");
  for await (const pair of joinByPath(sides.from.entries(refs), sides.to.entries(refs))) {
    throwIfAborted(signal);
    await comparison.add(pair);
  }
  return comparison.result;
}

/** What `packed-refs` says on both sides. */
export type PackedSides = {
  readonly from: ReadonlyMap<string, string> | undefined;
  readonly to: ReadonlyMap<string, string> | undefined;
};

class RefComparison {
  readonly #sides: UnitSides & { readonly packed: PackedSides };
  /** Names that differ in `packed-refs`, as long as no loose ref goes before them. */
  readonly #packed: Map<string, RefChange>;
  readonly #changes: RefChange[] = [];
  #read = 0;
  #notRead: number;

  constructor(sides: UnitSides & { readonly packed: PackedSides }) {
    const { from, to } = sides.packed;
    this.#sides = sides;
    this.#packed = from === undefined || to === undefined ? new Map() : differing(from, to);
    this.#notRead = Number(from === undefined) + Number(to === undefined);
  }

  async add({ left, right }: Pair): Promise<void> {
    const [before, after] = [fileIn(left), fileIn(right)];
    const one = before ?? after;
    if (one === undefined) return;
    const name = pathFrom(this.#sides.unit, parseRelPath(one.path));
    this.#packed.delete(name);
    if (before?.hash !== undefined && before.hash === after?.hash) return;
    this.#read += 1;
    const change = this.#read > refsReadMax ? undefined : await this.#compare(name, before, after);
    if (change === undefined) this.#notRead += 1;
    else if (change.from !== change.to) this.#changes.push(change);
  }

  get result(): RefsCompared {
    const refs = [...this.#changes, ...this.#packed.values()];
    return { refs: refs.toSorted(byName), notRead: this.#notRead };
  }

  /** Undefined where one of them cannot be read. */
  async #compare(
    name: string,
    before: SnapshotEntry | undefined,
    after: SnapshotEntry | undefined,
  ): Promise<RefChange | undefined> {
    const { from, to, packed } = this.#sides;
    const was = await valueOf(from, before, { name, packed: packed.from });
    const is = await valueOf(to, after, { name, packed: packed.to });
    return was === "unread" || is === "unread" ? undefined : changeOf(name, was.value, is.value);
  }
}

type Fallback = { readonly name: string; readonly packed: ReadonlyMap<string, string> | undefined };

/** What a ref says: by its file, else by `packed-refs`. */
async function valueOf(
  files: UnitFiles,
  file: SnapshotEntry | undefined,
  { name, packed }: Fallback,
): Promise<{ readonly value: string | undefined } | "unread"> {
  if (file === undefined) return packed === undefined ? "unread" : { value: packed.get(name) };
  const bytes = await files.bytes(file, refBytesMax);
  return bytes === undefined ? "unread" : { value: bytes.toString().trim() };
}

function fileIn(entry: SnapshotEntry | undefined): SnapshotEntry | undefined {
  return entry?.type === "file" ? entry : undefined;
}

function differing(
  before: ReadonlyMap<string, string>,
  after: ReadonlyMap<string, string>,
): Map<string, RefChange> {
  return new Map(
    refChanges(before, after).map((change): [string, RefChange] => [change.name, change]),
  );
}

/** Names that lead elsewhere, or that only one side has; by name. */
export function refChanges(
  before: ReadonlyMap<string, string>,
  after: ReadonlyMap<string, string>,
): readonly RefChange[] {
  return [...new Set([...before.keys(), ...after.keys()])]
    .map((name) => changeOf(name, before.get(name), after.get(name)))
    .filter(({ from, to }) => from !== to)
    .toSorted(byName);
}

function changeOf(name: string, from: string | undefined, to: string | undefined): RefChange {
  return { name, ...(from === undefined ? {} : { from }), ...(to === undefined ? {} : { to }) };
}

function byName(a: RefChange, b: RefChange): number {
  if (a.name === b.name) return 0;
  return a.name < b.name ? -1 : 1;
}
