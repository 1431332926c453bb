import type { BlockPlace } from "../core/snapshot/block-index.ts";
import type { PackFrame } from "../core/snapshot/pack-index.ts";
import { SnapError, isSnapError } from "../std/error.ts";
import { hashBlock } from "./block-hash.ts";
import { decodeFrame } from "./frame.ts";
import type { PackCatalogue } from "./pack-catalogue.ts";
import { isUnreadable } from "./store-error.ts";
import type { StoreFiles } from "./store-files.ts";
import { rangeEvenInTrash } from "./trash.ts";

/** Raw frames kept, since neighbours are read one after the other; bounded by count and bytes. */
const framesKeptMax = 16;
const framesKeptBytesMax = 32 * 1024 * 1024;

/** Frames that are decoded ahead, none of them larger than this. */
const framesAhead = 3;
const frameAheadBytesMax = 5 * 1024 * 1024;

type KeptFrame = { readonly raw: Promise<Buffer>; readonly rawLength: number };

/** Reads blocks, each with its hash checked, from any pack that has it sound. */
export class PackReader {
  readonly #files: StoreFiles;
  readonly #catalogue: PackCatalogue;
  /** Oldest first. */
  readonly #kept = new Map<string, KeptFrame>();
  #keptBytes = 0;
  /** The frame that was asked for last. */
  #last = { pack: "", number: -1 };

  constructor(files: StoreFiles, catalogue: PackCatalogue) {
    this.#files = files;
    this.#catalogue = catalogue;
  }

  /**
   * The verified bytes of a block. A view into a larger buffer: do not change it.
   *
   * @throws {SnapError} `damaged`, with block and pack named, when no pack has it sound
   */
  async read(hash: string): Promise<Uint8Array> {
    const first = await this.#find(hash);
    try {
      return await this.readAt(first);
    } catch (error) {
      if (!isUnreadable(error)) throw error;
      return await this.#readElsewhere(hash, { first, error });
    }
  }

  /** The block at one place; a pack that does not hold it sound is not trusted any more. @throws {SnapError} `damaged` */
  async readAt(place: BlockPlace): Promise<Uint8Array> {
    try {
      return await this.#readSound(place);
    } catch (error) {
      if (isSnapError(error, "damaged")) this.#catalogue.noteDamaged(place.pack, 2);
      throw error;
    }
  }

  async #readSound(place: BlockPlace): Promise<Uint8Array> {
    const { hash, offset, length } = place.entry;
    const bytes = await this.#rawFrame(place).then(
      (raw) => raw.subarray(offset, offset + length),
      (error: unknown) => {
        throw isSnapError(error, "damaged", "not-found") ? unreadable(place, error) : error;
      },
    );
    if ((await hashBlock(bytes)) !== hash) throw wrongHash(place);
    return bytes;
  }

  /** Other programs may have written packs since: look again before calling a block missing (N19). */
  async #find(hash: string): Promise<BlockPlace> {
    const { index } = this.#catalogue;
    const place = index.find(hash);
    if (place !== undefined) return place;
    await this.#catalogue.refresh();
    const later = index.find(hash);
    if (later !== undefined) return later;
    throw new SnapError("damaged", `Block ${hash} is in no pack of the snapshot store`, {
      hint: "Run `snap verify` to see which snapshots need it.",
      path: hash,
    });
  }

  async #readElsewhere(
    hash: string,
    failed: { readonly first: BlockPlace; readonly error: SnapError },
  ): Promise<Uint8Array> {
    await this.#catalogue.refresh();
    const others = this.#catalogue.index.findAll(hash);
    for (const place of others.filter(({ pack }) => pack !== failed.first.pack)) {
      try {
        return await this.readAt(place);
      } catch (error) {
        if (!isUnreadable(error)) throw error;
      }
    }
    throw failed.error;
  }

  /** Where frames are read one after the other, those that follow are decoded meanwhile. */
  #rawFrame({ pack, frame, entry }: BlockPlace): Promise<Buffer> {
    const raw = this.#decoded(pack, frame);
    const { pack: lastPack, number } = this.#last;
    if (pack === lastPack && entry.frame === number) return raw;
    this.#last = { pack, number: entry.frame };
    if (pack !== lastPack || entry.frame !== number + 1) return raw;
    for (let next = 1; next <= framesAhead; next += 1) {
      const ahead = this.#catalogue.index.frameOf(pack, entry.frame + next);
      if (ahead !== undefined && ahead.rawLength <= frameAheadBytesMax)
        void this.#decoded(pack, ahead);
    }
    return raw;
  }

  #decoded(pack: string, frame: PackFrame): Promise<Buffer> {
    const key = `${pack}:${frame.offset}`;
    const kept = this.#kept.get(key);
    if (kept !== undefined) return kept.raw;
    const raw = rangeEvenInTrash(this.#files, pack, frame).then((bytes) =>
      decodeFrame(bytes, frame.rawLength),
    );
    this.#keep(key, { raw, rawLength: frame.rawLength });
    raw.catch(() => this.#forget(key));
    return raw;
  }

  #keep(key: string, frame: KeptFrame): void {
    this.#kept.set(key, frame);
    this.#keptBytes += frame.rawLength;
    for (const oldest of this.#kept.keys()) {
      const isRoomy = this.#kept.size <= framesKeptMax && this.#keptBytes <= framesKeptBytesMax;
      if (isRoomy || oldest === key) return;
      this.#forget(oldest);
    }
  }

  #forget(key: string): void {
    this.#keptBytes -= this.#kept.get(key)?.rawLength ?? 0;
    this.#kept.delete(key);
  }
}

function unreadable(place: BlockPlace, cause: SnapError): SnapError {
  return damagedBlock(place, cause.message, cause);
}

function wrongHash(place: BlockPlace): SnapError {
  return damagedBlock(place, "its content has another hash", undefined);
}

function damagedBlock(place: BlockPlace, reason: string, cause: unknown): SnapError {
  const message = `Block ${place.entry.hash} in pack "${place.pack}" is damaged: ${reason}`;
  return new SnapError("damaged", message, {
    hint: "Run `snap verify` to see which snapshots are hit.",
    path: place.pack,
    ...(cause === undefined ? {} : { cause }),
  });
}
