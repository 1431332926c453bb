import {
  comparePaths,
  isInside,
  isRelPath,
  joinPath,
  parseRelPath,
  type RelPath,
} from "../core/path/rel-path.ts";
import { unitIdOf } from "../core/repo/unit.ts";
import type { SnapshotEntry } from "../core/snapshot/entry.ts";
import type { SnapshotRoot } from "../core/snapshot/root.ts";
import { isUnitTop } from "../core/snapshot/unit.ts";
import type { SnapshotStore } from "../ports.ts";
import type { CollectedUnit } from "../snapshot/unit-collector.ts";

/** A repository on one side of a comparison, until it is let go. */
export interface UnitFiles extends Disposable {
  /** Its entries at and below a path of the workspace that is its folder or lies in it, in path order; the folder itself is none. */
  entries(under: RelPath): AsyncIterable<SnapshotEntry>;
  /** The content of a file; undefined where it is not to be had, or is more than `bytesMax`. */
  bytes(file: SnapshotEntry, bytesMax: number): Promise<Buffer | undefined>;
}

/** A repository as a snapshot holds it. */
export function storedUnit(store: SnapshotStore, root: SnapshotRoot, unit: RelPath): UnitFiles {
  const id = unitIdOf(unit);
  return {
    async *entries(under) {
      for await (const entry of store.entries(root.id, under)) {
        if (entry.unit === id && !isUnitTop(entry)) yield entry;
      }
    },
    bytes: async (file, bytesMax) => {
      const { type, blocks, size = 0 } = file;
      if (type !== "file" || blocks === undefined || size > bytesMax) return undefined;
      return Buffer.concat(await Array.fromAsync(store.open(file)));
    },
    [Symbol.dispose]: () => {},
  };
}

/** A repository that is not there. */
export const noUnit: UnitFiles = {
  async *entries() {},
  bytes: () => Promise.resolve(undefined),
  [Symbol.dispose]: () => {},
};

/** A repository that was read into entries, in path order, of which some contents are held. */
export function readUnit(
  unit: Pick<CollectedUnit, "entries"> & Disposable,
  contentOf: (file: SnapshotEntry) => Buffer | undefined,
): UnitFiles {
  return {
    async *entries(under) {
      for (const entry of unit.entries()) {
        if (isInside(parseRelPath(entry.path), under)) yield entry;
        else if (comparePaths(entry.path, under) > 0) return;
      }
    },
    bytes: (file, bytesMax) =>
      Promise.resolve((file.size ?? 0) > bytesMax ? undefined : contentOf(file)),
    [Symbol.dispose]: () => unit[Symbol.dispose](),
  };
}

/** The entry at a path in a repository, which may be one that a hostile file names; undefined where nothing is there. */
export async function entryIn(
  files: UnitFiles,
  unit: RelPath,
  name: string,
): Promise<SnapshotEntry | undefined> {
  if (!isRelPath(name)) return undefined;
  const path = joinPath(unit, name);
  for await (const entry of files.entries(path)) return entry.path === path ? entry : undefined;
  return undefined;
}
