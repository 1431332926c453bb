/**
 * @module local — the workspace on disk.
 *
 * `openLocalSide` gives the port `LocalSide`. Every path is walked from the top, folder by folder, through open handles
 * (`parents`), so no link leads out of the workspace. What is replaced or removed is displaced below `.snap/` first and
 * compared there (`place`, `move`, `displace-*`); `perform` carries such an act out, and `settle` finishes it after a
 * crash or takes it back. All calls to the system go through one object (`disk`). What a program writes to a
 * displaced file through a handle that it kept open is not seen here.
 */
import { baseName, topPath, type RelPath } from "../core/path/rel-path.ts";
import type { ActOutcome, Area, AreaPath, LocalAct, StageRequest } from "../core/plan/local-act.ts";
import type {
  FolderListing,
  HashedFile,
  LocalStat,
  ReadEachRequest,
  WholeFile,
} from "../core/tree/local-stat.ts";
import type { LocalFile, LocalSide, RootMarker } from "../ports.ts";
import type { Work } from "../std/events.ts";
import { silentLogger, type Logger } from "../std/log.ts";
import type { Rng } from "../std/random.ts";
import type { Clock } from "../std/time.ts";
import { listAreas, removeArea } from "./areas.ts";
import { translated, translatedOwn } from "./disk-error.ts";
import { nodeDisk, type Disk } from "./disk.ts";
import { joinedSyncs } from "./joined-syncs.ts";
import { granularityNsUnknown, measureGranularity } from "./granularity.ts";
import { hashEach, unlessTrouble } from "./hash-each.ts";
import { readingHasher, threadedHasher } from "./hash-open.ts";
import { makeFolder } from "./make-folder.ts";
import { readMarker, removeMarker, writeMarker } from "./marker-file.ts";
import { setMetadataOf } from "./metadata.ts";
import type { MetadataRequest } from "../core/snapshot/restore-wanted.ts";
import { Patience } from "./patience.ts";
import { areaPlace, openTop, placeOf, type Site } from "./parents.ts";
import { openSpot } from "./spot.ts";
import { performAct, settleAct } from "./perform.ts";
import { readEach } from "./read-each.ts";
import { threadedReader } from "./read-threads.ts";
import { hashStable, openFile, type DatedContent } from "./read.ts";
import { listFolder, statPath } from "./scan.ts";
import { stage } from "./stage.ts";
import { localStat } from "./stat-facts.ts";

/** Where a workspace is and what its time and randomness come from. */
export type LocalSideOptions = {
  /** Absolute, resolved. */
  readonly top: string;
  readonly clock: Clock;
  readonly rng: Rng;
  readonly logger?: Logger | undefined;
  /** The calls to the system; those of Node if absent, and then other threads hash large files. */
  readonly disk?: Disk;
};

/** The workspace at a path. Nothing is touched until the first call. */
export function openLocalSide(options: LocalSideOptions): LocalSide {
  const disk = joinedSyncs(askedOnce(options.disk ?? nodeDisk));
  const hasher =
    options.disk === undefined
      ? threadedHasher(disk, options.logger ?? silentLogger)
      : readingHasher(disk);
  const reader =
    options.disk === undefined ? threadedReader(options.logger ?? silentLogger) : readEach;
  return new DiskSide({ ...options, disk, hasher, patience: new Patience(options) }, reader);
}

/** The disk, with what never changes asked for at its first use only. */
function askedOnce(disk: Disk): Disk {
  let canAnchor: boolean | undefined;
  return { ...disk, canAnchor: () => (canAnchor ??= disk.canAnchor()) };
}

class DiskSide implements LocalSide {
  readonly top: string;
  readonly #site: Site;
  readonly #reader: typeof readEach;
  #granularityNs: bigint | undefined;

  constructor(site: Site, reader: typeof readEach) {
    this.top = site.top;
    this.#site = site;
    this.#reader = reader;
  }

  readMarker(): Promise<RootMarker | undefined> {
    return this.#own(".snap/root.json", () => readMarker(this.#site));
  }

  writeMarker(marker: RootMarker): Promise<void> {
    return this.#own(".snap/root.json", () => writeMarker(this.#site, marker));
  }

  removeMarker(): Promise<void> {
    return this.#own(".snap/root.json", () => removeMarker(this.#site));
  }

  granularityNs(): Promise<bigint> {
    return this.#own(".snap", () => this.#granularity());
  }

  /** Measured once; while it cannot be, the coarsest is assumed. */
  #granularity(): bigint {
    this.#granularityNs ??= measureGranularity(this.#site);
    return this.#granularityNs ?? granularityNsUnknown;
  }

  list(folder: RelPath): Promise<FolderListing> {
    return listFolder(this.#site, folder);
  }

  stat(path: RelPath): Promise<LocalStat | undefined> {
    return this.#at(path, () => statPath(this.#site, path));
  }

  open(path: RelPath): Promise<LocalFile> {
    return this.#at(path, () => openFile(this.#site, placeOf(path)));
  }

  hash(path: RelPath, work?: Work): Promise<HashedFile> {
    return this.#at(path, async () => {
      const granularityNs = this.#granularity();
      const content = await hashStable(this.#site, placeOf(path), work);
      return hashedFile(path, content, granularityNs);
    });
  }

  async hashEach(
    paths: readonly RelPath[],
    work?: Work,
  ): Promise<ReadonlyMap<RelPath, HashedFile>> {
    const granularityNs = await unlessTrouble(() => this.#granularity());
    if (granularityNs === undefined) return new Map();
    const found = await hashEach(this.#site, paths, work);
    return new Map(
      found.entries().map(([path, content]) => [path, hashedFile(path, content, granularityNs)]),
    );
  }

  readEach(request: ReadEachRequest, work?: Work): Promise<ReadonlyMap<RelPath, WholeFile>> {
    return this.#reader(this.#site, request, work);
  }

  /** Never repeated: the bytes come once. */
  stage(request: StageRequest, work: Work = {}): Promise<LocalStat> {
    return translated(request.to.path, () => stage(this.#site, request, work));
  }

  makeFolder(path: RelPath): Promise<LocalStat> {
    return this.#at(path, () => makeFolder(this.#site, path));
  }

  perform(act: LocalAct): Promise<ActOutcome> {
    let isBegun = false;
    return this.#at(pathOfAct(act), async () => {
      // What the attempt before has done is settled like after a crash, and only what it left undone is done again.
      if (isBegun) {
        const settled = await settleAct(this.#site, act);
        if (settled.state === "done" || settled.putBack.length > 0) return settled;
      }
      isBegun = true;
      return await performAct(this.#site, act);
    });
  }

  settle(act: LocalAct): Promise<ActOutcome> {
    return this.#at(pathOfAct(act), () => settleAct(this.#site, act));
  }

  setMetadata(path: RelPath, metadata: MetadataRequest): Promise<LocalStat> {
    return this.#at(path, async () => {
      using spot = openSpot(this.#site, placeOf(path));
      return await setMetadataOf(this.#site, spot, metadata);
    });
  }

  openInArea({ area, path }: AreaPath): Promise<LocalFile> {
    return this.#at(path, () => openFile(this.#site, areaPlace(area, path)));
  }

  areas(kind: Area["kind"]): Promise<readonly Area[]> {
    return this.#own(`.snap/${kind}`, () => listAreas(this.#site, kind));
  }

  removeArea(area: Area): Promise<void> {
    return this.#own(`.snap/${area.kind}/${area.id}`, () => removeArea(this.#site, area));
  }

  /** Work on something of the user's that may be repeated. */
  #at<T>(path: RelPath, work: () => Promise<T> | T): Promise<T> {
    return translated(path, () => this.#site.patience.through(work));
  }

  /** Work on something of ours that may be repeated. */
  #own<T>(path: string, work: () => Promise<T> | T): Promise<T> {
    return translatedOwn(path, () => this.#site.patience.through(work));
  }

  freeBytes(): Promise<bigint> {
    return this.#at(topPath, () => {
      using top = openTop(this.#site);
      return this.#site.disk.freeBytes(top.itself());
    });
  }
}

/** Trusted is what was old enough when the reading began (S24). */
function hashedFile(
  path: RelPath,
  { content, stats, startedAt }: DatedContent,
  granularityNs: bigint,
): HashedFile {
  const stat = localStat({ name: baseName(path), stats, linkTarget: undefined });
  const trustedBefore = BigInt(Math.floor(startedAt)) * 1_000_000n - granularityNs;
  const { mtimeNs, ctimeNs } = stats;
  return { ...content, stat, trusted: mtimeNs < trustedBefore && ctimeNs < trustedBefore };
}

function pathOfAct(act: LocalAct): RelPath {
  return act.act === "move" ? act.from : act.path;
}
