import { mkdir, open, readFile, rename, unlink } from "node:fs/promises";
import type { FileHandle } from "node:fs/promises";
import { dirname, join } from "node:path";
import { assert } from "../../std/assert.ts";
import { systemCode } from "../../std/error.ts";
import { randomHex } from "../../std/random.ts";
import type { Rng } from "../../std/random.ts";
import type { BlockHash } from "../../core/tree/content-hash.ts";
import { noSpace } from "../wire/failure.ts";
import type { BlockBuffers } from "./block-buffers.ts";

/**
 * The folder of blocks (V12): files named by the SHA-256 of what they hold, on shelves named by its first two digits.
 * A file is written beside its place, synced and renamed.
 */
export class BlockFiles {
  readonly #folder: string;
  readonly #rng: Rng;
  readonly #buffers: BlockBuffers;
  /** Shelves that are durable themselves; nothing ever removes one. */
  readonly #durableShelves = new Set<string>();

  constructor(folder: string, rng: Rng, buffers: BlockBuffers) {
    this.#folder = folder;
    this.#rng = rng;
    this.#buffers = buffers;
  }

  /**
   * Write a block unless it is there; a damaged one is written again. Its content is durable when this returns, its
   * name after `settle`.
   *
   * @throws {WriteFailure} `insufficient_space`; nothing is left behind (V37).
   */
  async write(hash: BlockHash, bytes: Uint8Array): Promise<void> {
    const path = this.#pathOf(hash);
    const beside = `${path}.${randomHex(this.#rng, 8)}.part`;
    try {
      if (await this.#holds(path, bytes)) return;
      await this.#writeDurably(beside, bytes);
      await rename(beside, path);
    } catch (error) {
      await unlink(beside).catch(() => {
        // It was not made, or renamed already; a remainder is swept later.
      });
      throw diskFailure(error);
    }
  }

  /**
   * Make the names of written blocks durable, each shelf once, and the folder's own name with the first. Also of those
   * that were there: another call may have renamed them and not settled yet.
   *
   * @throws {WriteFailure} `insufficient_space`.
   */
  async settle(hashes: readonly BlockHash[]): Promise<void> {
    const shelves = new Set(hashes.map(shelfOf));
    try {
      for (const shelf of shelves) await syncFolder(join(this.#folder, shelf));
      if ([...shelves].every((shelf) => this.#durableShelves.has(shelf))) return;
      await syncFolder(this.#folder);
      if (this.#durableShelves.size === 0) await syncFolder(dirname(this.#folder));
    } catch (error) {
      throw diskFailure(error);
    }
    for (const shelf of shelves) this.#durableShelves.add(shelf);
  }

  /** All bytes of a block's file. */
  async read(hash: BlockHash): Promise<Uint8Array> {
    return await readFile(this.#pathOf(hash));
  }

  /** Fill `into` from the beginning of a block's file; returns how much of it there was. */
  async readInto(hash: BlockHash, into: Uint8Array): Promise<number> {
    await using file = await open(this.#pathOf(hash), "r");
    return await fill(file, into);
  }

  async #holds(path: string, bytes: Uint8Array): Promise<boolean> {
    await using file = await openPresent(path);
    if (file === undefined || (await file.stat()).size !== bytes.length) return false;
    const stored = this.#buffers.lend(bytes.length);
    try {
      return (await fill(file, stored)) === bytes.length && Buffer.compare(stored, bytes) === 0;
    } finally {
      this.#buffers.giveBack(stored);
    }
  }

  async #writeDurably(path: string, bytes: Uint8Array): Promise<void> {
    await using file = await this.#create(path);
    await writeWhole(file, bytes);
    await file.sync();
  }

  async #create(path: string): Promise<FileHandle> {
    try {
      return await open(path, "wx", 0o600);
    } catch (error) {
      if (systemCode(error) !== "ENOENT") throw error;
      await mkdir(join(path, ".."), { recursive: true, mode: 0o700 });
      return await open(path, "wx", 0o600);
    }
  }

  #pathOf(hash: BlockHash): string {
    assert(/^[0-9a-f]{64}$/.test(hash), "a block is named by a SHA-256");
    return join(this.#folder, shelfOf(hash), hash);
  }
}

function shelfOf(hash: BlockHash): string {
  return hash.slice(0, 2);
}

async function openPresent(path: string): Promise<FileHandle | undefined> {
  try {
    return await open(path, "r");
  } catch (error) {
    if (systemCode(error) === "ENOENT") return undefined;
    throw error;
  }
}

async function fill(file: FileHandle, into: Uint8Array): Promise<number> {
  let filled = 0;
  while (filled < into.length) {
    const { bytesRead } = await file.read(into, filled, into.length - filled, filled);
    if (bytesRead === 0) break;
    filled += bytesRead;
  }
  return filled;
}

async function writeWhole(file: FileHandle, bytes: Uint8Array): Promise<void> {
  let written = 0;
  while (written < bytes.length) {
    written += (await file.write(bytes, written)).bytesWritten;
  }
}

/** Make the names in a folder durable. */
export async function syncFolder(folder: string): Promise<void> {
  await using handle = await open(folder, "r");
  await handle.sync();
}

function diskFailure(error: unknown): unknown {
  return ["ENOSPC", "EDQUOT"].includes(systemCode(error) ?? "") ? noSpace() : error;
}
