import { constants, type BigIntStats } from "node:fs";
import type { HashedContent } from "../core/tree/content-hash.ts";
import type { LocalStat } from "../core/tree/local-stat.ts";
import type { Stretch } from "../core/transfer/stretches.ts";
import type { LocalFile } from "../ports.ts";
import { assert } from "../std/assert.ts";
import { SnapError, systemCode } from "../std/error.ts";
import type { Work } from "../std/events.ts";
import { translated } from "./disk-error.ts";
import type { Disk } from "./disk.ts";
import type { Place, Site } from "./parents.ts";
import { findSpot, openSpot, type Spot } from "./spot.ts";
import { localStat, sameInode, sameState } from "./stat-facts.ts";

/** Attempts to read one state of a file, and how long to wait after the first; each wait is twice the one before (S25). */
export const hashAttemptsMax = 10;
const backOffMs = 10;
const backOffMsMax = 1_000;

const readFlags = constants.O_RDONLY | constants.O_NOFOLLOW | constants.O_NONBLOCK;

/**
 * Open the regular file at a place. Anything else is not opened at all; `O_NONBLOCK` and the second look are for what may be
 * swapped in between (X8).
 *
 * @throws {SnapError} `conflict` where no regular file stands, `volatile` where it was swapped just now.
 */
export function openPlain(disk: Disk, spot: Spot): { fd: number; stats: BigIntStats } {
  const seen = spot.look();
  if (seen === undefined) throw missing(spot);
  if (!seen.isFile()) throw noFile(spot);
  const fd = openNoFollow(disk, spot);
  const stats = disk.fstat(fd);
  if (sameInode(seen, stats)) return { fd, stats };
  disk.close(fd);
  throw changing(pathOf(spot));
}

function openNoFollow(disk: Disk, spot: Spot): number {
  try {
    return disk.open(spot.at(), readFlags);
  } catch (error) {
    const code = systemCode(error);
    if (code === "ELOOP" || code === "ENXIO" || code === "EISDIR") throw noFile(spot, error);
    throw error;
  }
}

function pathOf(spot: Spot): string {
  return [...spot.folder.place, spot.name].join("/");
}

function missing(spot: Spot): SnapError {
  const path = pathOf(spot);
  return new SnapError("not-found", `"${path}" is not there`, { path });
}

function noFile(spot: Spot, cause?: unknown): SnapError {
  const path = pathOf(spot);
  return new SnapError("conflict", `"${path}" is no regular file`, {
    path,
    hint: "Links, devices and pipes are listed and left alone.",
    cause,
  });
}

function changing(path: string): SnapError {
  return new SnapError("volatile", `"${path}" changes while it is read`, {
    path,
    hint: "It is tried again when the program that writes it is done.",
  });
}

/** Fill as much of the buffer as the file has from a position on. */
export async function readFully(
  disk: Disk,
  fd: number,
  at: { readonly into: Uint8Array; readonly position: number },
): Promise<Uint8Array> {
  let filled = 0;
  while (filled < at.into.length) {
    const count = await disk.read(fd, at.into.subarray(filled), at.position + filled);
    if (count === 0) break;
    filled += count;
  }
  return at.into.subarray(0, filled);
}

/** Open a file for the caller to read (S25). */
export function openFile(site: Site, place: Place): LocalFile {
  using spot = openSpot(site, place);
  const { fd, stats } = openPlain(site.disk, spot);
  return new OpenFile(site, { place, fd, stats });
}

/** Bytes that are asked for at least, however few there were. */
const pieceBytesMin = 4096;

class OpenFile implements LocalFile {
  readonly stat: LocalStat;
  readonly #site: Site;
  readonly #place: Place;
  readonly #fd: number;
  readonly #stats: BigIntStats;
  readonly #reads = new Set<Promise<unknown>>();
  #closed = false;

  constructor(site: Site, opened: { place: Place; fd: number; stats: BigIntStats }) {
    this.#site = site;
    this.#place = opened.place;
    this.#fd = opened.fd;
    this.#stats = opened.stats;
    this.stat = localStat({
      name: opened.place.at(-1) ?? "",
      stats: opened.stats,
      linkTarget: undefined,
    });
  }

  async read(offset: number, lengthMax: number, given?: Uint8Array): Promise<Uint8Array> {
    assert(!this.#closed, "a file is read while it is open");
    // Memory that is not filled costs a small file more than its content does; what has grown since comes in more pieces.
    const rest = Math.max(pieceBytesMin, this.stat.size - offset);
    const length = Math.min(lengthMax, rest);
    const into = given?.subarray(0, length) ?? new Uint8Array(length);
    return await this.#reading(readFully(this.#site.disk, this.#fd, { into, position: offset }));
  }

  async hashOf({ from, to }: Stretch, { signal }: Work = {}): Promise<HashedContent | undefined> {
    assert(!this.#closed, "a file is hashed while it is open");
    return await this.#reading(this.#site.hasher({ fd: this.#fd, from, size: to }, signal));
  }

  /** Its number is not closed before this has ended. */
  async #reading<T>(read: Promise<T>): Promise<T> {
    this.#reads.add(read);
    try {
      return await translated(this.#path, () => read);
    } finally {
      this.#reads.delete(read);
    }
  }

  unchanged(): Promise<boolean> {
    assert(!this.#closed, "a file is compared while it is open");
    const { patience } = this.#site;
    return translated(this.#path, () => patience.through(() => this.#isUnchanged()));
  }

  #isUnchanged(): boolean {
    if (this.#closed || !sameState(this.#site.disk.fstat(this.#fd), this.#stats)) return false;
    using spot = findSpot(this.#site, this.#place);
    const now = spot?.look();
    return now !== undefined && sameState(now, this.#stats);
  }

  get #path(): string {
    return this.#place.join("/");
  }

  async [Symbol.asyncDispose](): Promise<void> {
    if (this.#closed) return;
    this.#closed = true;
    // A number that is closed under a running read could by then name another file.
    await Promise.allSettled(this.#reads);
    this.#site.disk.close(this.#fd);
  }
}

/** The content of a file, and the stat that it had before and after it was read. */
export type StableContent = { readonly content: HashedContent; readonly stats: BigIntStats };

/** One pass of the hash loop; undefined where the file changed meanwhile (S25). */
export async function hashOnce(
  { disk, hasher }: Site,
  spot: Spot,
  work: Work = {},
): Promise<StableContent | undefined> {
  const { fd, stats } = openPlain(disk, spot);
  try {
    // A file that grows is found out by the stat; it is not followed for ever.
    const content = await hasher({ fd, size: Number(stats.size) }, work.signal);
    const now = spot.look();
    const stable = now !== undefined && sameState(now, stats) && sameState(disk.fstat(fd), stats);
    return stable && content !== undefined ? { content, stats } : undefined;
  } finally {
    disk.close(fd);
  }
}

/** The same, with the time at which its reading began, in ms since 1970 (S24). */
export type DatedContent = StableContent & { readonly startedAt: number };

/** Hash a file that holds still. @throws {SnapError} `volatile` after `hashAttemptsMax` attempts (S25). */
export async function hashStable(site: Site, place: Place, work: Work = {}): Promise<DatedContent> {
  for (let attempt = 0; attempt < hashAttemptsMax; attempt += 1) {
    const startedAt = site.clock.now();
    const stable = await tryHash(site, place, work);
    if (stable !== undefined) return { ...stable, startedAt };
    await site.clock.sleep(Math.min(backOffMs * 2 ** attempt, backOffMsMax), work.signal);
  }
  throw changing(place.join("/"));
}

async function tryHash(site: Site, place: Place, work: Work): Promise<StableContent | undefined> {
  using spot = openSpot(site, place);
  return await hashOnce(site, spot, work);
}
