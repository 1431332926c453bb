import { SnapError } from "../../std/error.ts";
import { comparePaths } from "../path/rel-path.ts";
import type { SnapshotEntry } from "./entry.ts";
import type { SnapshotRoot } from "./root.ts";

/** One content of one path, and the snapshots of one workspace and side that hold it, oldest first. */
export type FoundVersion = {
  /** As the newest of them holds it. */
  readonly entry: SnapshotEntry;
  readonly roots: readonly SnapshotRoot[];
};

/** Versions that are held at once; memory is bounded by it (N6). */
const versionsMax = 500_000;

type Series = SnapshotRoot[];

/** Positions in the series of one workspace and side, as pairs of first and last. */
type Held = { entry: SnapshotEntry; readonly series: Series; readonly runs: number[] };

/** Collects what snapshots hold, to tell from when to when each version is there. */
export class Versions {
  readonly #series = new Map<string, Series>();
  readonly #held = new Map<string, Held>();

  /** Take in a snapshot; those of one workspace and side come oldest first. @throws {SnapError} `too-large` */
  add(root: SnapshotRoot, entries: Iterable<SnapshotEntry>): void {
    const name = `${root.workspace.id} ${root.side}`;
    const series = this.#series.get(name) ?? [];
    this.#series.set(name, series);
    series.push(root);
    for (const entry of entries) this.#note(`${name} ${keyOf(entry)}`, { entry, series });
  }

  /** By path; several of one path as they first came. */
  found(): readonly FoundVersion[] {
    return [...this.#held.values()]
      .toSorted((a, b) => comparePaths(a.entry.path, b.entry.path))
      .map(({ entry, series, runs }) => ({ entry, roots: rootsOf(series, runs) }));
  }

  #note(key: string, { entry, series }: Pick<Held, "entry" | "series">): void {
    const position = series.length - 1;
    const held = this.#held.get(key);
    if (held === undefined) {
      if (this.#held.size >= versionsMax) throw tooMany();
      this.#held.set(key, { entry, series, runs: [position, position] });
      return;
    }
    held.entry = entry;
    if ((held.runs.at(-1) ?? 0) + 1 >= position) held.runs[held.runs.length - 1] = position;
    else held.runs.push(position, position);
  }
}

/** The same thing with the same content; a file whose content is not known is told apart by size and time. */
function keyOf({ path, type, hash, linkTarget, size, modifiedNs }: SnapshotEntry): string {
  const content = hash ?? (type === "file" ? `${size ?? ""} ${modifiedNs ?? ""}` : linkTarget);
  return `${type} ${content ?? ""} ${path}`;
}

function rootsOf(series: Series, runs: readonly number[]): readonly SnapshotRoot[] {
  const roots: SnapshotRoot[] = [];
  for (let at = 0; at < runs.length; at += 2) {
    roots.push(...series.slice(runs[at], (runs[at + 1] ?? 0) + 1));
  }
  return roots;
}

function tooMany(): SnapError {
  return new SnapError("too-large", `More than ${versionsMax} versions are found`, {
    hint: "Name a folder in the pattern, or the workspace with --workspace.",
  });
}
