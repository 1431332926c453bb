import { isAlwaysOutside } from "../core/ignore.ts";
import type { RelPath } from "../core/path/rel-path.ts";
import type { LocalItem, LocalPicture, Sight } from "../core/snapshot/restore-picture.ts";
import type { LocalStat, ReadContent } from "../core/tree/local-stat.ts";
import type { ContentHash, Entry, Kind } from "../core/tree/node.ts";
import { SnapError } from "../std/error.ts";
import type { Work } from "../std/events.ts";
import { forEachLimited } from "../std/limiter.ts";
import { DiskWalk, isSame, type Found } from "./look-disk.ts";
import { remotePicture, treePicture, type Passes } from "./look-remote.ts";
import { keepAll, type Passing } from "./passing.ts";
import type { Outside, RestoreDeps } from "./restore-deps.ts";
import { savedHashes } from "./saved.ts";

/** Files that are hashed at once. */
const hashesParallel = 8;

/** Things on the disk that are looked at together. */
const runItems = 2_048;

/**
 * Looks at both sides, as often as it is asked to. What was hashed for one look is not read again for the next, as
 * long as the stat proves it unchanged (S24).
 */
export class Looker {
  readonly #deps: RestoreDeps;
  readonly #outside: Outside;
  readonly #shown: ReadonlySet<RelPath>;
  /** What was read and has no other place to be remembered. */
  readonly #hashed = new Map<RelPath, { stat: LocalStat; hash: ContentHash }>();

  /** @param shown places on the disk that are looked at although they are outside */
  constructor(deps: RestoreDeps, outside: Outside, shown: ReadonlySet<RelPath> = new Set()) {
    this.#deps = deps;
    this.#shown = shown;
    this.#outside = (path, kind) => isAlwaysOutside(path) || outside(path, kind);
  }

  /** The remote rows are as the engine's last observation left them. */
  async look(work: Work, passing: Passing = keepAll): Promise<Sight> {
    const { index, engine } = this.#deps;
    const outside = new Map<RelPath, Kind>();
    const isOutside: Outside = (path, kind) => {
      const is = this.#outside(path, kind);
      if (is) outside.set(path, kind === "folder" ? "folder" : "file");
      return is;
    };
    const isOut: Outside = (path, kind) => !this.#shown.has(path) && isOutside(path, kind);
    const local = await this.#lookLocally(isOut, { passing, work });
    const linked = engine !== undefined;
    const met = new HashesMet(local);
    const remote = linked ? remotePicture(index, isOutside, met.noting(passing.remote)) : undefined;
    const synced = linked ? treePicture(index.synced, met.noting(passing.synced)) : new Map();
    const saved = await savedHashes(this.#deps, { local, remote, synced }, met.hashes);
    return { local, remote, synced, outside, saved };
  }

  async #lookLocally(isOutside: Outside, look: Looking): Promise<LocalPicture> {
    const walk = new DiskWalk(this.#deps, isOutside);
    await walk.begin();
    for (let run = await walk.take(runItems); run.length > 0; run = await walk.take(runItems)) {
      const items = await this.#hashAll(walk, run, look.work);
      const kept = await look.passing.kept(items, look.work);
      for (const item of items) {
        if (kept.has(item)) walk.keep(item);
        else walk.passOver(item);
      }
    }
    return walk.picture();
  }

  /** In the same order; what cannot be read is given up. */
  async #hashAll(walk: DiskWalk, run: readonly Found[], work: Work): Promise<readonly LocalItem[]> {
    const items: (LocalItem | undefined)[] = [...run];
    const open = [...run.entries()].filter(([, { stat, hash }]) => isUnread(stat, hash));
    const options = { parallel: hashesParallel, signal: work.signal };
    await forEachLimited(open, options, async ([place, found]) => {
      items[place] = await this.#read(walk, found, work);
    });
    return items.filter((item) => item !== undefined);
  }

  async #read(
    walk: DiskWalk,
    { path, stat: seen }: Found,
    work: Work,
  ): Promise<LocalItem | undefined> {
    const before = this.#hashed.get(path);
    if (before !== undefined && isSame(before.stat, seen)) {
      return { path, stat: seen, hash: before.hash };
    }
    try {
      const startedAt = this.#deps.clock.now();
      const { hash, stat, trusted } = await this.#deps.local.hash(path, work);
      if (trusted) await this.#remember({ path, stat, startedAt, hash });
      return { path, stat, hash };
    } catch (error) {
      if (!(error instanceof SnapError) || error.class !== "item") throw error;
      walk.giveUp(path, error.message);
      return undefined;
    }
  }

  async #remember(read: ReadContent): Promise<void> {
    const { contents, local } = this.#deps;
    if (contents === undefined) this.#hashed.set(read.path, read);
    else contents.note(read, await local.granularityNs());
  }
}

type Looking = { readonly passing: Passing; readonly work: Work };

function isUnread({ kind }: LocalStat, hash: ContentHash | undefined): boolean {
  return kind === "file" && hash === undefined;
}

/** Which hashes of what is kept of the disk were met in rows that are passed over. */
class HashesMet {
  readonly hashes = new Set<ContentHash>();
  readonly #asked: ReadonlySet<ContentHash | undefined>;

  constructor({ items }: LocalPicture) {
    this.#asked = new Set(items.values().map(({ hash }) => hash));
  }

  noting<E extends Entry>(passes: Passes<E>): Passes<E> {
    return (row, place) => {
      const isPassed = passes(row, place);
      if (isPassed && row.hash !== undefined && this.#asked.has(row.hash))
        this.hashes.add(row.hash);
      return isPassed;
    };
  }
}
