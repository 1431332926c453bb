import { createHash, hash } from "node:crypto";
import type { ContentHash } from "./node.ts";

/** Dropbox's block: 4 MiB from the start of the file, the last one shorter. */
export const blockBytes: number = 4 * 1024 * 1024;

/** SHA-256 of one block, lower-case hex. */
export type BlockHash = string;

/** The hash of one block's bytes. */
export function blockHashOf(bytes: Uint8Array): BlockHash {
  return hash("sha256", bytes, "hex");
}

/**
 * Dropbox's content hash from the block list: SHA-256 over the concatenated binary digests, and over the empty
 * string for an empty file (https://www.dropbox.com/developers/reference/content-hash).
 */
export function contentHashOfBlocks(blocks: readonly BlockHash[]): ContentHash {
  return hash("sha256", Buffer.from(blocks.join(""), "hex"), "hex");
}

/** What a whole stream of bytes was. */
export type HashedContent = {
  readonly hash: ContentHash;
  readonly blocks: readonly BlockHash[];
  readonly size: number;
};

/** The hashes of bytes that are in memory. */
export function hashedContentOf(bytes: Uint8Array): HashedContent {
  const blocks: BlockHash[] = [];
  for (let from = 0; from < bytes.length; from += blockBytes) {
    blocks.push(blockHashOf(bytes.subarray(from, from + blockBytes)));
  }
  return { hash: contentHashOfBlocks(blocks), blocks, size: bytes.length };
}

/** The content hash of bytes that are in memory. */
export function contentHashOf(bytes: Uint8Array): ContentHash {
  return hashedContentOf(bytes).hash;
}

/** Hashes a stream of chunks of any size; holds no more than one running digest. */
export class ContentHasher {
  readonly #blocks: BlockHash[] = [];
  #block = createHash("sha256");
  #blockFilled = 0;
  #size = 0;

  update(chunk: Uint8Array): void {
    let rest = chunk;
    while (rest.length > 0) {
      const part = rest.subarray(0, blockBytes - this.#blockFilled);
      this.#block.update(part);
      this.#blockFilled += part.length;
      this.#size += part.length;
      rest = rest.subarray(part.length);
      if (this.#blockFilled === blockBytes) this.#endBlock();
    }
  }

  /** The hashes of all that was handed in. The hasher is used up. */
  finish(): HashedContent {
    if (this.#blockFilled > 0) this.#endBlock();
    return { hash: contentHashOfBlocks(this.#blocks), blocks: this.#blocks, size: this.#size };
  }

  #endBlock(): void {
    this.#blocks.push(this.#block.digest("hex"));
    this.#block = createHash("sha256");
    this.#blockFilled = 0;
  }
}
