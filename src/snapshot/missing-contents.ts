import type { SnapshotEntry } from "../core/snapshot/entry.ts";
import type { LeftAside } from "../core/snapshot/root.ts";
import { blockBytes, blockHashOf, contentHashOfBlocks } from "../core/tree/content-hash.ts";
import type { BlockHash } from "../core/tree/content-hash.ts";
import type { CaptureSource } from "../ports.ts";
import { SnapError, isSnapError, throwIfAborted } from "../std/error.ts";
import { forEachLimited } from "../std/limiter.ts";
import { hashBlock } from "./block-hash.ts";
import { isOneBlock } from "./capture-batch.ts";
import type { SourcePair } from "./capture-batch.ts";
import type { CapturePauses } from "./capture-pauses.ts";
import type { CapturedEntry } from "./capture-entry.ts";
import { inBlocks } from "./in-blocks.ts";
import type { PackWriter } from "./pack-writer.ts";

/** Small files that are fetched at once; a long one is fetched alone. */
const fetchesAtOnce = 8;

/** How often a content is fetched that is not what it is said to be (S66). */
const attemptsMax = 3;

/** Files one after the other for which the server has trouble: then it is not the files. */
const troublesInARowMax = 16;

/** Contents that were just fetched and may be met again: the store knows the others by then. */
const rememberedMax = 65_536;

/** What is fetched with, and who is told. */
export type MissingParts = {
  readonly source: Pick<CaptureSource, "fetch">;
  readonly data: PackWriter;
  readonly pauses: Pick<CapturePauses, "enterUnit" | "leaveUnit" | "checkpointIfDue">;
  readonly signal: AbortSignal | undefined;
  /** What of some entries is known without fetching. */
  readonly takeOver: (
    pairs: readonly SourcePair[],
  ) => Promise<ReadonlyMap<SnapshotEntry, CapturedEntry>>;
  /** Told of every block that came. */
  readonly onBlock: (path: string, bytes: number) => Promise<void> | undefined;
  readonly onLeft: (left: LeftAside) => void;
};

/** Why nothing came. */
type Failed = { readonly blocks?: never; readonly bytes?: never; readonly reason: string };

/** What came and is in packs, or on its way. */
type Stored = { readonly blocks: readonly BlockHash[]; readonly bytes?: never };

/** Bytes of one block that came and are still to be stored. */
type Small = { readonly blocks?: never; readonly bytes: Uint8Array };

/** Fetches what the store lacks of thin entries (N42); nothing where the source cannot. */
export class MissingContents {
  readonly #parts: MissingParts;
  readonly #fetched = new Map<string, readonly BlockHash[]>();
  #troublesInARow = 0;

  constructor(parts: MissingParts) {
    this.#parts = parts;
  }

  /**
   * The same entries in their order, with the blocks of what came: these are in packs by then, or on their way. What cannot be had is
   * left as it is, and told.
   *
   * @throws {SnapError} for trouble that is not one file's: `offline`, `login-revoked`, `interrupted` …; the errors of `StoreFiles`
   */
  async fill(batch: readonly SourcePair[]): Promise<readonly SourcePair[]> {
    if (this.#parts.source.fetch === undefined) return batch;
    const taken = await this.#parts.takeOver(batch);
    const wanted = batch.filter(({ left }) => isWanted(taken.get(left)?.entry));
    if (wanted.length === 0) return batch;
    const come = await this.#fetchAll(wanted);
    return batch.map((pair) => {
      const blocks = come.get(pair.left);
      return blocks === undefined ? pair : { ...pair, left: { ...pair.left, blocks } };
    });
  }

  async #fetchAll(
    wanted: readonly SourcePair[],
  ): Promise<ReadonlyMap<SnapshotEntry, readonly BlockHash[]>> {
    const small = await this.#fetchSmall(wanted.map(({ left }) => left).filter(isOneBlock));
    const come = new Map<SnapshotEntry, readonly BlockHash[]>();
    for (const pair of wanted) {
      const entry = pair.left;
      const stored = await this.#stored(pair, small.get(keyOf(entry)));
      if (stored.blocks !== undefined) come.set(entry, stored.blocks);
      else this.#parts.onLeft({ path: entry.path, reason: stored.reason });
    }
    return come;
  }

  /** By content: what several files hold is fetched once. */
  async #fetchSmall(
    entries: readonly SnapshotEntry[],
  ): Promise<ReadonlyMap<string, Small | Failed>> {
    const { signal } = this.#parts;
    const first = new Map(entries.toReversed().map((entry) => [keyOf(entry), entry]));
    const come = new Map<string, Small | Failed>();
    const unknown = [...first].toReversed().filter(([key]) => !this.#fetched.has(key));
    await forEachLimited(unknown, { parallel: fetchesAtOnce, signal }, async ([key, entry]) => {
      const fetch = async (): Promise<Small> => ({ bytes: await this.#wholeOf(entry) });
      come.set(key, await this.#attempt(fetch));
    });
    throwIfAborted(signal);
    return come;
  }

  async #stored(pair: SourcePair, small: Small | Failed | undefined): Promise<Stored | Failed> {
    const entry = pair.left;
    const known = this.#fetched.get(keyOf(entry));
    if (known?.every((block) => this.#parts.data.has(block)) === true) return { blocks: known };
    const come = small ?? (await this.#attemptLong(pair));
    if (come.bytes === undefined && come.blocks === undefined) return come;
    const blocks = come.blocks ?? [await this.#storeSmall(entry, come.bytes)];
    this.#remember(entry, blocks);
    return { blocks };
  }

  /** What came before a line was cut counts once: where it does not lead to the content, all of it is fetched. */
  async #attemptLong({ left, also }: SourcePair): Promise<Stored | Failed> {
    let begun = this.#begun(left, also);
    const come = await this.#attempt(async () => {
      const from = begun;
      begun = [];
      return await this.#fetchLong(left, from);
    });
    this.#parts.pauses.leaveUnit();
    return come;
  }

  /** Blocks that an earlier hydration stored of the same revision (N32). */
  #begun(entry: SnapshotEntry, before: SnapshotEntry | undefined): readonly BlockHash[] {
    const { blocks = [], size, remote } = before ?? {};
    const isPart = remote !== undefined && remote.rev === entry.remote?.rev;
    const isWhole = size === blocks.length * blockBytes && size < (entry.size ?? 0);
    return isPart && isWhole && blocks.every((block) => this.#parts.data.has(block)) ? blocks : [];
  }

  async #storeSmall(entry: SnapshotEntry, bytes: Uint8Array): Promise<BlockHash> {
    const hash = blockHashOf(bytes);
    await this.#store(entry, { hash, bytes });
    return hash;
  }

  /** Trouble of one file comes as a value. */
  async #attempt<T>(fetch: () => Promise<T>): Promise<T | Failed> {
    for (let attempt = 1; ; attempt += 1) {
      try {
        const come = await fetch();
        this.#troublesInARow = 0;
        return come;
      } catch (error) {
        throwIfAborted(this.#parts.signal);
        if (!(error instanceof FetchTrouble)) throw error;
        const { cause } = error;
        if (isSnapError(cause, "content-wrong") && attempt < attemptsMax) continue;
        return { reason: this.#reasonOf(cause) };
      }
    }
  }

  /** @throws the error where it is not the trouble of one file */
  #reasonOf(error: unknown): string {
    if (!isSnapError(error)) throw error;
    if (error.code === "server-error") {
      this.#troublesInARow += 1;
      if (this.#troublesInARow >= troublesInARowMax) throw error;
    } else if (error.class !== "item") throw error;
    return error.code === "not-found" ? gone : `${error.code}: ${error.message}`;
  }

  /** A file of one block. */
  async #wholeOf(entry: SnapshotEntry): Promise<Uint8Array> {
    const { size = 0, hash } = entry;
    const pieces: Uint8Array[] = [];
    let filled = 0;
    for await (const piece of this.#bytesOf(entry)) {
      filled += piece.length;
      if (filled > size) throw wrongContent(entry);
      pieces.push(piece);
    }
    const bytes = Buffer.concat(pieces);
    const isRight = filled === size && contentHashOfBlocks([await hashBlock(bytes)]) === hash;
    if (!isRight) throw wrongContent(entry);
    return bytes;
  }

  /**
   * Stored while it comes: blocks of a content that turns out wrong are in no manifest, and are pruned. Until it is whole they are in
   * checkpoints, so that the next hydration asks for the rest alone.
   */
  async #fetchLong(entry: SnapshotEntry, begun: readonly BlockHash[]): Promise<Stored> {
    const { pauses } = this.#parts;
    const { size = 0, hash } = entry;
    const blocks = [...begun];
    pauses.enterUnit(() => {
      const part = partOf(entry, blocks);
      const { length: count } = part;
      return Promise.resolve({ count, entries: () => part.values(), [Symbol.dispose]: () => {} });
    });
    let filled = blocks.length * blockBytes;
    for await (const bytes of inBlocks(this.#bytesOf(entry, filled))) {
      throwIfAborted(this.#parts.signal);
      filled += bytes.length;
      if (filled > size) throw wrongContent(entry);
      const block = await hashBlock(bytes);
      await this.#store(entry, { hash: block, bytes });
      blocks.push(block);
      await pauses.checkpointIfDue();
    }
    if (filled !== size || contentHashOfBlocks(blocks) !== hash) throw wrongContent(entry);
    return { blocks };
  }

  async *#bytesOf(entry: SnapshotEntry, offset = 0): AsyncGenerator<Uint8Array> {
    const { source, signal } = this.#parts;
    try {
      yield* source.fetch?.(entry, offset, signal === undefined ? {} : { signal }) ?? [];
    } catch (error) {
      throw new FetchTrouble(error);
    }
  }

  async #store(
    { path }: SnapshotEntry,
    { hash, bytes }: { readonly hash: BlockHash; readonly bytes: Uint8Array },
  ): Promise<void> {
    const { data, onBlock } = this.#parts;
    await data.add(hash, bytes);
    if (data.isFull) await data.rotate();
    await onBlock(path, bytes.length);
  }

  #remember(entry: SnapshotEntry, blocks: readonly BlockHash[]): void {
    this.#fetched.set(keyOf(entry), blocks);
    for (const oldest of this.#fetched.keys()) {
      if (this.#fetched.size <= rememberedMax) return;
      this.#fetched.delete(oldest);
    }
  }
}

/** A failure of the source; one of the store itself ends the capture. */
class FetchTrouble extends Error {
  constructor(cause: unknown) {
    super("The content could not be fetched", { cause });
  }
}

const gone = "Dropbox does not keep this revision any more";

function isWanted(taken: SnapshotEntry | undefined): taken is SnapshotEntry {
  return taken?.type === "file" && taken.flags.includes("thin") && taken.hash !== undefined;
}

/** The whole blocks of a file that came so far, as an entry of a checkpoint. */
function partOf(entry: SnapshotEntry, blocks: readonly BlockHash[]): readonly SnapshotEntry[] {
  const whole = blocks.slice(0, Math.floor((entry.size ?? 0) / blockBytes));
  if (whole.length === 0) return [];
  const { path, pathBytes, remote } = entry;
  const part: SnapshotEntry = {
    path,
    type: "file",
    size: whole.length * blockBytes,
    blocks: whole,
    flags: [],
    ...(pathBytes === undefined ? {} : { pathBytes }),
    ...(remote === undefined ? {} : { remote }),
  };
  return [part];
}

function keyOf({ hash = "", size = 0 }: SnapshotEntry): string {
  return `${hash} ${size}`;
}

function wrongContent({ path }: SnapshotEntry): FetchTrouble {
  const message = `What Dropbox sent for "${path}" is not the content that it tells the hash of`;
  return new FetchTrouble(new SnapError("content-wrong", message, { path }));
}
