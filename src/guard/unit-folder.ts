import {
  closeSync,
  constants,
  fchmodSync,
  futimesSync,
  lutimesSync,
  mkdirSync,
  openSync,
  rmSync,
  symlinkSync,
  writeSync,
} from "node:fs";
import type { Flush } from "./durable.ts";
import { kindAt, type Bytes } from "./read-only.ts";
import {
  keyOf,
  type UnitFileEntry,
  type UnitFileWriter,
  type UnitPlainEntry,
  type UnitSink,
} from "../core/repo/unit.ts";
import { placeOf } from "./unit-read.ts";

const newFile = constants.O_WRONLY | constants.O_CREAT | constants.O_TRUNC | constants.O_NOFOLLOW;

/**
 * Writes a captured repository into a folder of ours that is new, so that no link leads out of it. With `flush` it is durable once
 * `finish` is done: each file before it counts as written, then the folders, the deepest first. The name of the root in the folder
 * around it is for the caller to make durable.
 */
export class FolderSink implements UnitSink {
  readonly #root: Bytes;
  readonly #flush: Flush | undefined;
  /** Below the root, by the bytes of their paths; undefined for one that only had to be there. */
  readonly #folders = new Map<string, UnitPlainEntry | undefined>();

  /** @param root absolute; made where it is not there */
  constructor(root: Bytes, flush?: Flush) {
    this.#root = root;
    this.#flush = flush;
    mkdirSync(root, { recursive: true });
  }

  file(entry: UnitFileEntry): Promise<UnitFileWriter> {
    const place = this.#makeRoom(entry.path);
    // Replaced, not written over: it may be of a mode that cannot be written.
    rmSync(place, { recursive: true, force: true });
    const fd = openSync(place, newFile, 0o600);
    return Promise.resolve({
      write: (piece) => {
        for (let at = 0; at < piece.length;) at += writeSync(fd, piece, at);
        return Promise.resolve();
      },
      done: async () => await this.#end(fd, entry),
      drop: () => {
        closeSync(fd);
        return Promise.resolve(rmSync(place, { force: true }));
      },
    });
  }

  plain(entry: UnitPlainEntry): Promise<void> {
    const place = this.#makeRoom(entry.path);
    if (entry.kind === "folder") {
      mkdirSync(place, { recursive: true });
      this.#folders.set(keyOf(entry.path), entry);
    } else {
      rmSync(place, { recursive: true, force: true });
      symlinkSync(entry.target, place);
      const seconds = secondsOf(entry.mtimeNs);
      lutimesSync(place, seconds, seconds);
    }
    return Promise.resolve();
  }

  remove(path: Bytes): Promise<void> {
    return Promise.resolve(rmSync(placeOf(this.#root, path), { recursive: true, force: true }));
  }

  /** Give the folders their modes and times, once everything is in them. */
  async finish(): Promise<void> {
    const deepestFirst = [...this.#folders].toSorted(([a], [b]) => depthOf(b) - depthOf(a));
    for (const [key, entry] of deepestFirst) {
      const place = placeOf(this.#root, Buffer.from(key, "latin1"));
      // What was removed again is gone.
      if (kindAt(place) === "folder") await this.#end(openSync(place, asFolder), entry);
    }
    if (!this.#folders.has("")) await this.#end(openSync(this.#root, asFolder), undefined);
  }

  /** By what is open: it may be of a mode that cannot be opened again. */
  async #end(fd: number, entry: UnitEntry | undefined): Promise<void> {
    try {
      if (entry !== undefined) {
        fchmodSync(fd, entry.mode);
        const seconds = secondsOf(entry.mtimeNs);
        futimesSync(fd, seconds, seconds);
      }
      await this.#flush?.(fd);
    } finally {
      closeSync(fd);
    }
  }

  #makeRoom(path: Bytes): Bytes {
    const place = placeOf(this.#root, path);
    mkdirSync(place.subarray(0, place.lastIndexOf(0x2f)), { recursive: true });
    const key = keyOf(path);
    for (let at = key.lastIndexOf("/"); at > 0; at = key.lastIndexOf("/", at - 1)) {
      const above = key.slice(0, at);
      if (this.#folders.has(above)) break;
      this.#folders.set(above, undefined);
    }
    return place;
  }
}

const asFolder = constants.O_RDONLY | constants.O_DIRECTORY | constants.O_NOFOLLOW;

type UnitEntry = UnitFileEntry | UnitPlainEntry;

/** Parts of a path; 0 of the root itself. */
function depthOf(key: string): number {
  return key === "" ? 0 : key.split("/").length;
}

/** To the precision of a number: some hundred nanoseconds. */
function secondsOf(timeNs: bigint): number {
  return Number(timeNs) / 1e9;
}
