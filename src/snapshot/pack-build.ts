import { createHash } from "node:crypto";
import type { PackContents, PackEntry, PackFrame } from "../core/snapshot/pack-index.ts";
import { entryContentAt, entryLength } from "./frame.ts";
import type { PackKind } from "./frame.ts";
import { FrameGroup, groupRoomBytes, largeBytes } from "./frame-group.ts";
import type { PlacedBlock } from "./frame-group.ts";
import type { FramePress } from "./frame-press.ts";
import type { FrameRooms } from "./frame-room.ts";
import type { StoreFiles, StoreFileWriter } from "./store-files.ts";

/** What is in a frame that comes from another pack. */
export type CopiedFrame = {
  readonly rawLength: number;
  readonly entries: readonly PlacedBlock[];
};

/** A finished pack under its name, and its index. */
export type FinishedPack = { readonly name: string; readonly contents: PackContents };

/** What a pack is made with. */
export type PackBuildParts = {
  readonly files: StoreFiles;
  readonly kind: PackKind;
  readonly rooms: FrameRooms;
  readonly press: FramePress;
};

/**
 * One pack while it is written. Frames are compressed side by side and appended in the order they were given, so that
 * equal input gives equal packs.
 */
export class PackBuild {
  readonly #kind: PackKind;
  readonly #making: Pick<PackBuildParts, "rooms" | "press">;
  readonly #writer: Promise<StoreFileWriter>;
  readonly #digest = createHash("sha256");
  readonly #frames: PackFrame[] = [];
  readonly #entries: PackEntry[] = [];
  /** Resolves when every frame given so far is written; carries the first failure. */
  #tail: Promise<unknown> = Promise.resolve();
  #group: FrameGroup | undefined;
  #length = 0;
  /** Blocks given so far, whether written or not. */
  readonly hashes: string[] = [];

  constructor({ files, kind, ...making }: PackBuildParts) {
    this.#kind = kind;
    this.#making = making;
    this.#writer = files.write();
    this.#writer.catch(leaveToTail);
  }

  /**
   * Take a block. The promise, if any, is that of the frame it completed, and gives the compressed bytes up to its end. The
   * block's bytes are copied before returning.
   */
  add(hash: string, bytes: Uint8Array): Promise<number> | undefined {
    this.hashes.push(hash);
    if (bytes.length >= largeBytes) {
      const room = this.#making.rooms.take(entryLength(bytes.length));
      const alone = new FrameGroup(this.#kind, room);
      alone.add(hash, bytes);
      return this.#append(alone, entryContentAt);
    }
    const group = (this.#group ??= this.#newGroup());
    group.add(hash, bytes);
    return group.isFull ? this.#endGroup(group) : undefined;
  }

  /** Take a frame as it is, of whole tar entries without the end of an archive. */
  copy(frame: Uint8Array, raw: CopiedFrame): Promise<number> {
    for (const { hash } of raw.entries) this.hashes.push(hash);
    const written = this.#tail.then(async () => this.#write(raw, frame));
    this.#tail = written;
    written.catch(leaveToTail);
    return written;
  }

  /** Write the rest and the end of the archive; the pack is in place and durable on return (N26). */
  async finish(nameOf: (sha256: string) => string): Promise<FinishedPack> {
    const group = (this.#group ??= this.#newGroup());
    group.endArchive();
    await this.#endGroup(group);
    const name = nameOf(this.#digest.digest("hex"));
    await (await this.#writer).commit(name);
    const contents = { packLength: this.#length, frames: this.#frames, entries: this.#entries };
    return { name, contents };
  }

  /** Leave nothing behind. */
  async discard(): Promise<void> {
    await this.#tail.catch(leaveToTail);
    const writer = await this.#writer.catch(leaveToTail);
    await writer?.discard();
  }

  #newGroup(): FrameGroup {
    return new FrameGroup(this.#kind, this.#making.rooms.take(groupRoomBytes(this.#kind)));
  }

  #endGroup(group: FrameGroup): Promise<number> {
    this.#group = undefined;
    return this.#append(group);
  }

  /** @param blockAt where the block begins, if it is one large one */
  #append({ room, length, entries }: FrameGroup, blockAt?: number): Promise<number> {
    const { press, rooms } = this.#making;
    const raw = { room, length, ...(blockAt === undefined ? {} : { blockAt }) };
    const compressed = press.compress(raw);
    compressed.catch(leaveToTail);
    const written = this.#tail.then(async () =>
      this.#write({ rawLength: length, entries }, await compressed),
    );
    this.#tail = written;
    // Where it failed the thread may still be at it: then nobody else gets the room.
    written.then(() => rooms.give(room), leaveToTail);
    return written;
  }

  async #write(raw: CopiedFrame, frame: Uint8Array): Promise<number> {
    const number = this.#frames.length;
    const offset = this.#length;
    this.#frames.push({ offset, length: frame.length, rawLength: raw.rawLength });
    for (const entry of raw.entries) this.#entries.push({ ...entry, frame: number });
    this.#length += frame.length;
    this.#digest.update(frame);
    await (await this.#writer).append(frame);
    return this.#length;
  }
}

/** A failure is thrown by whoever awaits the tail; it must not count as unhandled before. */
function leaveToTail(): undefined {
  return undefined;
}
