import { indexEntries, indexExtensions } from "./index-file.ts";
import { lookAt, readWhole, type Bytes } from "./read-only.ts";

/** Larger indexes are not read: about 300,000 files. Bytes. */
const indexBytesMax = 32 * 1024 * 1024;

/** What is remembered of so many indexes at a time. */
const rememberedMax = 1_000;

type Known = { readonly stamp: string; readonly count: number };

/** Files in conflict, by the stages of the index (G25). One is read again only when its size, its inode or its times changed. */
export class UnmergedIndexes {
  readonly #known = new Map<string, Known>();

  /**
   * Paths with more than one side. 0 where no index is, where it is too large, and where it is broken: that is told elsewhere
   * (G40), and Git then knows of no conflict either.
   *
   * @param path the index of a work tree of Git
   */
  count(path: Bytes): number {
    const stats = lookAt(path);
    if (stats?.isFile() !== true) return 0;
    const stamp = [stats.dev, stats.ino, stats.size, stats.mtimeMs, stats.ctimeMs].join(" ");
    const key = path.toString("latin1");
    const known = this.#known.get(key);
    if (known?.stamp === stamp) return known.count;
    const bytes = readWhole(path, indexBytesMax)?.bytes;
    const count = bytes === undefined ? 0 : (unmergedIn(bytes, 20) ?? unmergedIn(bytes, 32) ?? 0);
    if (this.#known.size >= rememberedMax) this.#known.clear();
    this.#known.set(key, { stamp, count });
    return count;
  }
}

/** Undefined where the bytes are no index with ids of that length, which it does not tell by itself. */
function unmergedIn(bytes: Buffer, hashBytes: 20 | 32): number | undefined {
  const paths = new Set<string>();
  const entries = indexEntries(bytes, { hashBytes });
  let step = entries.next();
  for (; step.done !== true; step = entries.next()) {
    if (step.value.stage > 0) paths.add(step.value.path.toString("latin1"));
  }
  const isWhole =
    step.value !== undefined && indexExtensions(bytes, step.value, { hashBytes }) !== undefined;
  return isWhole ? paths.size : undefined;
}
