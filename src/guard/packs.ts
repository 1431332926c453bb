import { inside, isOutOfReach, readFolder, sizeAt, type Bytes } from "./read-only.ts";

/** The packs of a repository by their names and sizes. */
export type Packs = {
  readonly greatestBytes: number;
  readonly allBytes: number;
  /** A remote promised objects that are not here (partial clone). */
  readonly promised: boolean;
};

/** @param folder `objects/pack`; one that cannot be read has no packs */
export function packsIn(folder: Bytes): Packs {
  const entries = readIfPossible(folder) ?? [];
  const sizes = entries
    .filter(({ name }) => name.endsWith(".pack"))
    .map(({ bytes }) => sizeAt(inside(folder, bytes)) ?? 0);
  return {
    greatestBytes: sizes.reduce((greatest, size) => Math.max(greatest, size), 0),
    allBytes: sizes.reduce((sum, size) => sum + size, 0),
    promised: entries.some(({ name }) => name.endsWith(".promisor")),
  };
}

const entriesMax = 50_000;

/** Bytes of all files below a folder; undefined where there are too many to look at, or a part cannot be read. */
export function bytesBelow(top: Bytes): number | undefined {
  const waiting: Bytes[] = [top];
  let [seen, sum] = [0, 0];
  for (let folder = waiting.pop(); folder !== undefined; folder = waiting.pop()) {
    const entries = readIfPossible(folder);
    seen += entries?.length ?? 0;
    if (entries === undefined || seen > entriesMax) return undefined;
    for (const { bytes, kind } of entries) {
      const path = inside(folder, bytes);
      if (kind === "folder") waiting.push(path);
      else if (kind === "file") sum += sizeAt(path) ?? 0;
    }
  }
  return sum;
}

function readIfPossible(folder: Bytes): ReturnType<typeof readFolder> | undefined {
  try {
    return readFolder(folder);
  } catch (error) {
    if (isOutOfReach(error)) return undefined;
    throw error;
  }
}
