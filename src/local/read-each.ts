import { baseName, parentPath, topPath, type RelPath } from "../core/path/rel-path.ts";
import { smallBytesMax, type ReadEachRequest, type WholeFile } from "../core/tree/local-stat.ts";
import { throwIfAborted } from "../std/error.ts";
import type { Work } from "../std/events.ts";
import { turn } from "../std/turn.ts";
import { unlessTrouble } from "./hash-each.ts";
import { openFolder, placeOf, type Site } from "./parents.ts";
import { openPlain } from "./read.ts";
import { Spot } from "./spot.ts";
import { localStat, sameState } from "./stat-facts.ts";

/** The rest of the program has a turn after so long, ms (N61). */
const turnMs = 10;

/**
 * Read each of several small files once, between two equal looks (N36); those that stand side by side share the way to their
 * folder (X2). What does not come off, is not small, or does not fit any more, is missing from the answer.
 *
 * @throws {SnapError} `interrupted`
 */
export async function readEach(
  site: Site,
  { paths, into }: ReadEachRequest,
  work: Work = {},
): Promise<ReadonlyMap<RelPath, WholeFile>> {
  const reader = new WholeReader(site, into);
  await turn();
  let turnEnds = performance.now() + turnMs;
  for (const [parent, inside] of Map.groupBy(paths, (path) => parentPath(path) ?? topPath)) {
    await unlessTrouble(async () => {
      using folder = openFolder(site, placeOf(parent));
      for (const path of inside) {
        throwIfAborted(work.signal);
        await unlessTrouble(() => reader.read(path, new Spot(site.disk, folder, baseName(path))));
        if (performance.now() < turnEnds) continue;
        await turn();
        turnEnds = performance.now() + turnMs;
      }
    });
  }
  return reader.found;
}

class WholeReader {
  readonly found = new Map<RelPath, WholeFile>();
  readonly #site: Site;
  #free: Uint8Array;

  constructor(site: Site, into: Uint8Array) {
    this.#site = site;
    this.#free = into;
  }

  read(path: RelPath, spot: Spot): void {
    const { disk, clock } = this.#site;
    const startedAt = clock.now();
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
      this.found.set(path, { stat, bytes, startedAt });
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
