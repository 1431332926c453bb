import {
  chmodSync,
  closeSync,
  constants,
  lutimesSync,
  mkdirSync,
  openSync,
  rmSync,
  symlinkSync,
  writeSync,
} from "node:fs";
import type { Bytes } from "./read-only.ts";
import type { UnitFileEntry, UnitFileWriter, UnitPlainEntry, UnitSink } from "./unit-entry.ts";
import { placeOf } from "./unit-read.ts";

const newFile = constants.O_WRONLY | constants.O_CREAT | constants.O_TRUNC | constants.O_NOFOLLOW;

/** Writes a captured repository into a folder of ours that is new, so that no link leads out of it. */
export class FolderSink implements UnitSink {
  readonly #root: Bytes;
  readonly #folders: UnitPlainEntry[] = [];

  /** @param root absolute; made where it is not there */
  constructor(root: Bytes) {
    this.#root = root;
    mkdirSync(root, { recursive: true });
  }

  file(entry: UnitFileEntry): Promise<UnitFileWriter> {
    const place = this.#makeRoom(entry.path);
    // Replaced, not written over: it may be of a mode that cannot be written.
    rmSync(place, { recursive: true, force: true });
    const fd = openSync(place, newFile, 0o600);
    const end = (): Promise<void> => Promise.resolve(closeSync(fd));
    return Promise.resolve({
      write: (piece) => {
        for (let at = 0; at < piece.length;) at += writeSync(fd, piece, at);
        return Promise.resolve();
      },
      done: async () => {
        await end();
        chmodSync(place, entry.mode);
        setTime(place, entry.mtimeNs);
      },
      drop: async () => {
        await end();
        rmSync(place, { force: true });
      },
    });
  }

  plain(entry: UnitPlainEntry): Promise<void> {
    const place = this.#makeRoom(entry.path);
    if (entry.kind === "folder") {
      mkdirSync(place, { recursive: true });
      this.#folders.push(entry);
    } else {
      rmSync(place, { recursive: true, force: true });
      symlinkSync(entry.target, place);
      setTime(place, entry.mtimeNs);
    }
    return Promise.resolve();
  }

  remove(path: Bytes): Promise<void> {
    return Promise.resolve(rmSync(placeOf(this.#root, path), { recursive: true, force: true }));
  }

  /** Give the folders their modes and times, once everything is in them. */
  finish(): void {
    for (const { path, mode, mtimeNs } of this.#folders.toReversed()) {
      const place = placeOf(this.#root, path);
      chmodSync(place, mode);
      setTime(place, mtimeNs);
    }
  }

  #makeRoom(path: Bytes): Bytes {
    const place = placeOf(this.#root, path);
    mkdirSync(place.subarray(0, place.lastIndexOf(0x2f)), { recursive: true });
    return place;
  }
}

/** To the precision of a number: some hundred nanoseconds. */
function setTime(place: Bytes, timeNs: bigint): void {
  const seconds = Number(timeNs) / 1e9;
  lutimesSync(place, seconds, seconds);
}
