import { blockHashOf } from "../core/tree/content-hash.ts";
import type { BlockHash } from "../core/tree/content-hash.ts";

/** Below this, a trip to the thread pool costs more than the hash itself. */
const syncBytesMax = 256 * 1024;

/** The hash of a block: small ones at once, large ones on the thread pool (N61). */
export async function hashBlock(bytes: Uint8Array): Promise<BlockHash> {
  if (bytes.length < syncBytesMax || !isUnshared(bytes)) return blockHashOf(bytes);
  return Buffer.from(await crypto.subtle.digest("SHA-256", bytes)).toString("hex");
}

/** Web Crypto takes no shared memory. */
function isUnshared(bytes: Uint8Array): bytes is Uint8Array<ArrayBuffer> {
  return bytes.buffer instanceof ArrayBuffer;
}
