import { mkdir, open, readFile, rename, unlink } from "node:fs/promises";
import type { FileHandle } from "node:fs/promises";
import { join } from "node:path";
import { assert } from "../../std/assert.ts";
import { SnapError, systemCode } from "../../std/error.ts";
import { randomHex } from "../../std/random.ts";
import type { Rng } from "../../std/random.ts";
import { blockHashOf } from "../../core/tree/content-hash.ts";
import type { BlockHash } from "../../core/tree/content-hash.ts";
import type { Database } from "./database.ts";
import { noSpace } from "../wire/failure.ts";
import { blob } from "./rows.ts";

/** Blocks up to this size live in the database (V12). */
export const smallBlockBytesMax: number = 16 * 1024;

/** A block that waits for the transaction that names it, so that a small file costs one commit (V13). */
export type SmallBlock = { readonly hash: BlockHash; readonly bytes: Uint8Array };

/** A block that was taken in: durable already, or small and to be kept with `keepSmall`. */
export type TakenBlock = { readonly hash: BlockHash; readonly small: SmallBlock | undefined };

/**
 * Content-addressed storage of blocks (V12): files named by the SHA-256 of what they hold, written beside, synced,
 * renamed. Without a folder every block lives in the database (V14).
 */
export class BlockStore {
  readonly #database: Database;
  readonly #folder: string | undefined;
  readonly #rng: Rng;

  constructor(database: Database, folder: string | undefined, rng: Rng) {
    this.#database = database;
    this.#folder = folder;
    this.#rng = rng;
  }

  /**
   * Take one block in. A large one is durable when this returns.
   *
   * @throws {WriteFailure} `insufficient_space`; nothing is left behind (V37).
   */
  async take(bytes: Uint8Array): Promise<TakenBlock> {
    const hash = blockHashOf(bytes);
    if (bytes.length <= smallBlockBytesMax) return { hash, small: { hash, bytes: bytes.slice() } };
    if (this.#folder === undefined) this.#keep({ hash, bytes });
    else await this.#writeFile(this.#folder, hash, bytes);
    return { hash, small: undefined };
  }

  /** Keep small blocks. Called inside the transaction that names them. */
  keepSmall(blocks: readonly SmallBlock[]): void {
    for (const block of blocks) this.#keep(block);
  }

  /** @throws {SnapError} `damaged` when the block is missing or is not what its name says. */
  async read(hash: BlockHash): Promise<Uint8Array> {
    const row = this.#database.first("SELECT data FROM blocks WHERE hash = ?", hash);
    const bytes = row === undefined ? await this.#readFile(hash) : blob(row, "data");
    if (blockHashOf(bytes) !== hash) throw damaged(hash);
    return bytes;
  }

  #keep({ hash, bytes }: SmallBlock): void {
    this.#database.run("INSERT OR IGNORE INTO blocks (hash, data) VALUES (?, ?)", hash, bytes);
  }

  async #readFile(hash: BlockHash): Promise<Uint8Array> {
    if (this.#folder === undefined) throw damaged(hash);
    try {
      return await readFile(blockPath(this.#folder, hash));
    } catch (error) {
      throw damaged(hash, error);
    }
  }

  async #writeFile(folder: string, hash: BlockHash, bytes: Uint8Array): Promise<void> {
    const shelf = join(folder, hash.slice(0, 2));
    const path = blockPath(folder, hash);
    const beside = `${path}.${randomHex(this.#rng, 8)}.part`;
    try {
      if (await makeShelf(shelf)) await syncFolder(folder);
      if (!(await isWhole(path, bytes))) {
        await writeDurably(beside, bytes);
        await rename(beside, path);
      }
      // Also for a block that was there: another call may have renamed it and not synced the folder yet.
      await syncFolder(shelf);
    } catch (error) {
      await unlink(beside).catch(() => {
        // It was not made, or renamed already; a remainder is swept later.
      });
      throw isDiskFull(error) ? noSpace() : error;
    }
  }
}

/** Where the block of a hash lies, below the folder of blocks. */
function blockPath(folder: string, hash: BlockHash): string {
  assert(/^[0-9a-f]{64}$/.test(hash), "a block is named by a SHA-256");
  return join(folder, hash.slice(0, 2), hash);
}

/** Make the folder of one prefix; whether it is new. */
async function makeShelf(shelf: string): Promise<boolean> {
  return (await mkdir(shelf, { recursive: true, mode: 0o700 })) !== undefined;
}

/** Whether the block is there already; a damaged one is written again. */
async function isWhole(path: string, bytes: Uint8Array): Promise<boolean> {
  try {
    return Buffer.compare(await readFile(path), bytes) === 0;
  } catch (error) {
    if (systemCode(error) === "ENOENT") return false;
    throw error;
  }
}

async function writeDurably(path: string, bytes: Uint8Array): Promise<void> {
  await using file = await open(path, "wx", 0o600);
  await writeWhole(file, bytes);
  await file.sync();
}

async function writeWhole(file: FileHandle, bytes: Uint8Array): Promise<void> {
  let written = 0;
  while (written < bytes.length) {
    written += (await file.write(bytes, written)).bytesWritten;
  }
}

async function syncFolder(folder: string): Promise<void> {
  await using handle = await open(folder, "r");
  await handle.sync();
}

function isDiskFull(error: unknown): boolean {
  return ["ENOSPC", "EDQUOT"].includes(systemCode(error) ?? "");
}

function damaged(hash: BlockHash, cause?: unknown): SnapError {
  return new SnapError("damaged", `A block of the server's content is damaged: ${hash}`, {
    cause,
    hint: "Put a copy of the server's data folder back.",
  });
}
