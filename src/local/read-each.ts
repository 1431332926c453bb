import { baseName, parentPath, topPath, type RelPath } from "../core/path/rel-path.ts";
import { blockHashOf } from "../core/tree/content-hash.ts";
import { smallBytesMax, type ReadEachRequest, type WholeFile } from "../core/tree/local-stat.ts";
import { throwIfAborted } from "../std/error.ts";
import type { Work } from "../std/events.ts";
import { turn } from "../std/turn.ts";
import { unlessTroubleNow } from "./hash-each.ts";
import { openFolder, placeOf, type Folder, type Ground, type Site } from "./parents.ts";
import { openPlain } from "./read.ts";
import { Spot } from "./spot.ts";
import { localStat, sameState } from "./stat-facts.ts";

/** The rest of the program has a turn after so many files: some milliseconds of reading (N61). */
const filesInARow = 32;

/**
 * Read each of several small files once, between two equal looks (N36); those that stand side by side share the way to their
 * folder (X2). What does not come off, is not small, or does not fit any more, is missing from the answer.
 *
 * @throws {SnapError} `interrupted`
 */
export async function readEach(
  site: Site,
  request: ReadEachRequest,
  work: Work = {},
): Promise<ReadonlyMap<RelPath, WholeFile>> {
  const reader = new WholeReader({ ...site, startedAt: site.clock.now() }, request.into);
  await turn();
  let inARow = 0;
  for (const _file of reader.readEach(request.paths)) {
    throwIfAborted(work.signal);
    inARow += 1;
    if (inARow % filesInARow === 0) await turn();
  }
  return reader.found;
}

/** Where files are read, and when that began, ms since 1970. */
export type ReadGround = Ground & { readonly startedAt: number };

/** Reads small files into one piece of memory, side by side. */
export class WholeReader {
  readonly found: Map<RelPath, WholeFile> = new Map();
  readonly #ground: ReadGround;
  #free: Uint8Array;

  constructor(ground: ReadGround, into: Uint8Array) {
    this.#ground = ground;
    this.#free = into;
  }

  /** A step before each file. */
  *readEach(paths: readonly RelPath[]): Generator<RelPath> {
    for (const [parent, inside] of Map.groupBy(paths, (path) => parentPath(path) ?? topPath)) {
      using folder = unlessTroubleNow(() => openFolder(this.#ground, placeOf(parent)));
      if (folder === undefined) continue;
      for (const path of inside) {
        yield path;
        unlessTroubleNow(() => this.#read(path, folder));
      }
    }
  }

  #read(path: RelPath, folder: Folder): void {
    const { disk, startedAt } = this.#ground;
    const spot = new Spot(disk, folder, baseName(path));
    const { fd, stats } = openPlain(disk, spot);
    try {
      const size = Number(stats.size);
      if (size > Math.min(smallBytesMax, this.#free.length)) return;
      const bytes = this.#free.subarray(0, size);
      // A file that grows is found out by the stat.
      const isWhole = readWholly(disk, fd, bytes);
      const now = spot.look();
      const isStable =
        isWhole && now !== undefined && sameState(now, stats) && sameState(disk.fstat(fd), stats);
      if (!isStable) return;
      this.#free = this.#free.subarray(size);
      const stat = localStat({ name: spot.name, stats, linkTarget: undefined });
      this.found.set(path, { stat, bytes, startedAt, hash: blockHashOf(bytes) });
    } finally {
      disk.close(fd);
    }
  }
}

function readWholly(disk: Site["disk"], fd: number, into: Uint8Array): boolean {
  for (let position = 0; position < into.length;) {
    const count = disk.readNow(fd, into.subarray(position), position);
    if (count === 0) return false;
    position += count;
  }
  return true;
}
