import type { BlockHash } from "../tree/content-hash.ts";

/** A block of something that can be read only once (N59). */
export type PreparedBlock = {
  /** Of the file that it is from. */
  readonly path: string;
  /** Its own: they stay as they are. */
  readonly bytes: Uint8Array;
  /** Told of its hash, in the order of the blocks. */
  readonly keep: (hash: BlockHash) => void;
};
