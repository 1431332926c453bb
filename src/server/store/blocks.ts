import { SnapError } from "../../std/error.ts";
import type { Rng } from "../../std/random.ts";
import { blockHashOf } from "../../core/tree/content-hash.ts";
import type { BlockHash } from "../../core/tree/content-hash.ts";
import { BlockBuffers } from "./block-buffers.ts";
import { BlockFiles } from "./block-files.ts";
import { BlockGuard } from "./block-guard.ts";
import type { Database } from "./database.ts";
import { blob } from "./rows.ts";

/** Blocks up to this size live in the database (V12). */
export const smallBlockBytesMax: number = 16 * 1024;

/** A block that waits for the transaction that names it, so that a small file costs one commit (V13). */
export type SmallBlock = { readonly hash: BlockHash; readonly bytes: Uint8Array };

/** A block that was taken in: to be settled, or small and to be kept with `keepSmall`. */
export type TakenBlock = { readonly hash: BlockHash; readonly small: SmallBlock | undefined };

/**
 * Content-addressed storage of blocks (V12): the large ones as files. Without a folder every block lives in the
 * database (V14).
 */
export class BlockStore {
  /** Stands between calls and a sweep. */
  readonly guard: BlockGuard = new BlockGuard();
  /** What blocks lie in on their way. */
  readonly buffers: BlockBuffers = new BlockBuffers();
  readonly #database: Database;
  readonly #files: BlockFiles | undefined;

  constructor(database: Database, folder: string | undefined, rng: Rng) {
    this.#database = database;
    this.#files = folder === undefined ? undefined : new BlockFiles(folder, rng, this.buffers);
  }

  /**
   * Take one block in; its bytes may change again when this returns. It is durable after `settle`.
   *
   * @throws {WriteFailure} `insufficient_space`; nothing is left behind (V37).
   */
  async take(bytes: Uint8Array): Promise<TakenBlock> {
    const hash = blockHashOf(bytes);
    this.guard.spare(hash);
    if (bytes.length <= smallBlockBytesMax)
      return { hash, small: { hash, bytes: new Uint8Array(bytes) } };
    if (this.#files === undefined) this.#keep({ hash, bytes });
    else {
      await this.guard.settled(hash);
      await this.#files.write(hash, bytes);
    }
    return { hash, small: undefined };
  }

  /**
   * Make blocks that were taken durable, together, because that costs hardly more than for one of them (V13).
   *
   * @throws {WriteFailure} `insufficient_space`.
   */
  async settle(taken: readonly TakenBlock[]): Promise<void> {
    const hashes = taken.filter(({ small }) => small === undefined).map(({ hash }) => hash);
    if (hashes.length > 0) await this.#files?.settle(hashes);
  }

  /** Keep small blocks. Called inside the transaction that names them. */
  keepSmall(blocks: readonly SmallBlock[]): void {
    for (const block of blocks) this.#keep(block);
  }

  /** @throws {SnapError} `damaged` when the block is missing or is not what its name says. */
  async read(hash: BlockHash): Promise<Uint8Array> {
    const bytes =
      this.#fromDatabase(hash) ?? (await this.#fromFile(hash, (files) => files.read(hash)));
    return verified(hash, bytes);
  }

  /**
   * As `read`, of a block whose length is known, in memory that may be given back.
   *
   * @throws {SnapError} `damaged`.
   */
  async readLent(hash: BlockHash, length: number): Promise<Uint8Array> {
    const small = this.#fromDatabase(hash);
    if (small !== undefined) return verified(hash, small);
    const into = this.buffers.lend(length);
    try {
      const read = await this.#fromFile(hash, (files) => files.readInto(hash, into));
      return verified(hash, into.subarray(0, read));
    } catch (error) {
      this.buffers.giveBack(into);
      throw error;
    }
  }

  #fromDatabase(hash: BlockHash): Uint8Array | undefined {
    const row = this.#database.first("SELECT data FROM blocks WHERE hash = ?", hash);
    return row === undefined ? undefined : blob(row, "data");
  }

  async #fromFile<T>(hash: BlockHash, read: (files: BlockFiles) => Promise<T>): Promise<T> {
    if (this.#files === undefined) throw damaged(hash);
    try {
      return await read(this.#files);
    } catch (error) {
      throw damaged(hash, error);
    }
  }

  #keep({ hash, bytes }: SmallBlock): void {
    this.#database.run("INSERT OR IGNORE INTO blocks (hash, data) VALUES (?, ?)", hash, bytes);
  }
}

function verified(hash: BlockHash, bytes: Uint8Array): Uint8Array {
  if (blockHashOf(bytes) !== hash) throw damaged(hash);
  return bytes;
}

function damaged(hash: BlockHash, cause?: unknown): SnapError {
  return new SnapError("damaged", `A block of the server's content is damaged: ${hash}`, {
    cause,
    hint: "Put a copy of the server's data folder back.",
  });
}
