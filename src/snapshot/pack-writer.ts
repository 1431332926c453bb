import type { BlockIndex } from "../core/snapshot/block-index.ts";
import { PackIndex } from "../core/snapshot/pack-index.ts";
import type { Logger } from "../std/log.ts";
import { silentLogger } from "../std/log.ts";
import { inTurns } from "../std/steps.ts";
import type { PackKind } from "./frame.ts";
import { groupRoomBytes } from "./frame-group.ts";
import { FramePress } from "./frame-press.ts";
import { FrameRooms } from "./frame-room.ts";
import { PackBuild } from "./pack-build.ts";
import type { CopiedFrame } from "./pack-build.ts";
import type { StoreFiles } from "./store-files.ts";

/** A pack is closed at this size (N15), or at so many blocks, which bounds the memory of its index. */
const packBytesMax = 32 * 1024 * 1024;
const packBlocksMax = 65_536;

/** Frames being compressed at once; more wait, so that memory stays bounded (N6). */
const framesAtOnce = 4;

/** Where a writer puts its packs, and what is there already. */
export type PackWriterOptions = {
  readonly files: StoreFiles;
  readonly kind: PackKind;
  /** The blocks of packs in place; the writer adds its own as they get there. */
  readonly index: BlockIndex;
  readonly logger?: Logger;
};

/** Writes new blocks into packs. A block that a sound pack has, or that is on its way, is not written again (N27). */
export class PackWriter {
  readonly #options: PackWriterOptions;
  readonly #rooms: FrameRooms;
  readonly #press: FramePress;
  readonly #pending = new Set<string>();
  readonly #closing = new Set<Promise<void>>();
  readonly #builds = new Set<PackBuild>();
  #build: PackBuild | undefined;
  #inFlight: Promise<number>[] = [];
  /** Compressed bytes of the present pack, but for the frames in flight: how fast those are done decides nothing. */
  #writtenBytes = 0;
  #storedBytes = 0;
  #packCount = 0;

  constructor(options: PackWriterOptions) {
    this.#options = options;
    this.#rooms = new FrameRooms(groupRoomBytes(options.kind));
    this.#press = new FramePress(options.logger ?? silentLogger);
  }

  /** Bytes of the packs and sidecars put in place so far. */
  get storedBytes(): number {
    return this.#storedBytes;
  }

  /** Packs put in place so far. */
  get packCount(): number {
    return this.#packCount;
  }

  /** Whether a block is in a pack in place, or on its way into one. */
  has(hash: string): boolean {
    return this.#pending.has(hash) || this.#options.index.has(hash);
  }

  get isFull(): boolean {
    const blocks = this.#build?.hashes.length ?? 0;
    return this.#writtenBytes >= packBytesMax || blocks >= packBlocksMax;
  }

  /**
   * Take a block, whose bytes are copied before this returns. The promise is there while too many are being compressed; most blocks
   * need no waiting, and a promise for each of a million would be work of its own.
   */
  add(hash: string, bytes: Uint8Array): Promise<void> | undefined {
    if (this.has(hash)) return undefined;
    this.#pending.add(hash);
    this.#build ??= this.#newBuild();
    const written = this.#build.add(hash, bytes);
    return written === undefined ? undefined : this.#track(written);
  }

  /** Begin to put a full pack in place; the one before it is there on return, so that two are under way at most. */
  async rotate(): Promise<void> {
    const earlier = [...this.#closing];
    this.#beginClosing();
    await Promise.all(earlier);
  }

  /** Take a whole frame of another pack as it is; none of its blocks may be here already. */
  async copy(frame: Uint8Array, raw: CopiedFrame): Promise<void> {
    for (const { hash } of raw.entries) this.#pending.add(hash);
    this.#build ??= this.#newBuild();
    await this.#track(this.#build.copy(frame, raw));
  }

  /** Wait while too many frames are under way. */
  async #track(written: Promise<number>): Promise<void> {
    this.#inFlight.push(written);
    if (this.#inFlight.length <= framesAtOnce) return;
    this.#writtenBytes = (await this.#inFlight.shift()) ?? 0;
  }

  /** Put all packs in place; durable, with their sidecars and in the index, on return. */
  async flush(): Promise<void> {
    this.#beginClosing();
    await Promise.all(this.#closing);
  }

  /** One that failed is kept, for whoever waits next. */
  #beginClosing(): void {
    const build = this.#build;
    if (build === undefined) return;
    this.#build = undefined;
    this.#inFlight = [];
    this.#writtenBytes = 0;
    const closing = this.#close(build).then(() => {
      this.#closing.delete(closing);
    });
    closing.catch(leaveToWaiter);
    this.#closing.add(closing);
  }

  /** Leave nothing of the packs that are not in place. */
  async discard(): Promise<void> {
    await Promise.allSettled(this.#closing);
    for (const build of this.#builds) await build.discard();
    this.#builds.clear();
  }

  #newBuild(): PackBuild {
    const { files, kind } = this.#options;
    const build = new PackBuild({ files, kind, rooms: this.#rooms, press: this.#press });
    this.#builds.add(build);
    return build;
  }

  async #close(build: PackBuild): Promise<void> {
    const { files, kind, index } = this.#options;
    const { name, contents } = await build.finish((sha256) => packPath(kind, sha256));
    const packIndex = await inTurns(PackIndex.of(contents));
    await files.put(sidecarPath(name), packIndex.sidecar);
    index.putPack(name, packIndex);
    this.#packCount += 1;
    this.#storedBytes += contents.packLength + packIndex.sidecar.length;
    for (const hash of build.hashes) this.#pending.delete(hash);
    this.#builds.delete(build);
  }
}

/** A failure is thrown by `rotate` or `flush`; it must not count as unhandled before. */
function leaveToWaiter(): void {}

/** Where a pack lies (N12). */
export function packPath(kind: PackKind, sha256: string): string {
  return `${kind}/${sha256.slice(0, 2)}/${sha256}.tar.zst`;
}

/** Where the sidecar of a pack lies: beside it. */
export function sidecarPath(pack: string): string {
  return pack.replace(/\.tar\.zst$/, ".idx");
}
