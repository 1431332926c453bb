import { createHash } from "node:crypto";
import type { PackContents, PackEntry, PackFrame } from "../core/snapshot/pack-index.ts";
import { compressFrame, endOfArchive, entryContentAt, entryName, tarEntry } from "./frame.ts";
import type { PackKind } from "./frame.ts";
import type { StoreFiles, StoreFileWriter } from "./store-files.ts";

/** Small blocks share frames of this many raw bytes (N16). */
export const groupBytes: number = 256 * 1024;

/** A run of tar entries that becomes one frame. */
type RawFrame = {
  readonly bytes: Uint8Array;
  readonly entries: readonly Omit<PackEntry, "frame">[];
};

/** A finished pack under its name, and its index. */
export type FinishedPack = { readonly name: string; readonly contents: PackContents };

/**
 * One pack while it is written. Frames are compressed side by side and appended in the order they were given, so that
 * equal input gives equal packs.
 */
export class PackBuild {
  readonly #kind: PackKind;
  readonly #writer: Promise<StoreFileWriter>;
  readonly #digest = createHash("sha256");
  readonly #frames: PackFrame[] = [];
  readonly #entries: PackEntry[] = [];
  /** Resolves when every frame given so far is written; carries the first failure. */
  #tail: Promise<void> = Promise.resolve();
  #group: { parts: Uint8Array[]; entries: Omit<PackEntry, "frame">[]; length: number } =
    emptyGroup();
  #length = 0;
  /** Blocks given so far, whether written or not. */
  readonly hashes: string[] = [];

  constructor(files: StoreFiles, kind: PackKind) {
    this.#kind = kind;
    this.#writer = files.write();
    this.#writer.catch(leaveToTail);
  }

  /** Compressed bytes written so far. */
  get length(): number {
    return this.#length;
  }

  /** Take a block. The promise, if any, is that of the frame it completed. Its bytes are copied before returning. */
  add(
    hash: string,
    bytes: Uint8Array,
    options: { readonly fast: boolean },
  ): Promise<void> | undefined {
    this.hashes.push(hash);
    const entry = tarEntry(entryName(this.#kind, hash), bytes);
    if (bytes.length >= groupBytes) {
      const place = { hash, offset: entryContentAt, length: bytes.length };
      return this.#append({ bytes: entry, entries: [place] }, options.fast);
    }
    const offset = this.#group.length + entryContentAt;
    this.#group.entries.push({ hash, offset, length: bytes.length });
    this.#group.parts.push(entry);
    this.#group.length += entry.length;
    return this.#group.length >= groupBytes ? this.#endGroup() : undefined;
  }

  /** Write the rest and the end of the archive; the pack is in place and durable on return (N26). */
  async finish(nameOf: (sha256: string) => string): Promise<FinishedPack> {
    this.#group.parts.push(endOfArchive);
    this.#group.length += endOfArchive.length;
    await this.#endGroup();
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

  #endGroup(): Promise<void> {
    const { parts, entries } = this.#group;
    this.#group = emptyGroup();
    return this.#append({ bytes: Buffer.concat(parts), entries }, false);
  }

  #append(raw: RawFrame, fast: boolean): Promise<void> {
    const compressed = compressFrame(raw.bytes, { fast });
    compressed.catch(leaveToTail);
    this.#tail = this.#tail.then(async () => this.#write(raw, await compressed));
    this.#tail.catch(leaveToTail);
    return this.#tail;
  }

  async #write(raw: RawFrame, frame: Buffer): Promise<void> {
    const number = this.#frames.length;
    const offset = this.#length;
    this.#frames.push({ offset, length: frame.length, rawLength: raw.bytes.length });
    for (const entry of raw.entries) this.#entries.push({ ...entry, frame: number });
    this.#length += frame.length;
    this.#digest.update(frame);
    await (await this.#writer).append(frame);
  }
}

function emptyGroup(): {
  parts: Uint8Array[];
  entries: Omit<PackEntry, "frame">[];
  length: number;
} {
  return { parts: [], entries: [], length: 0 };
}

/** A failure is thrown by whoever awaits the tail; it must not count as unhandled before. */
function leaveToTail(): undefined {
  return undefined;
}
