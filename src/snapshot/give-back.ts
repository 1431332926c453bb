/** Shorter ones share their memory with others. */
const bytesMin = 64 * 1024;

/**
 * Give the memory of bytes back that nobody reads any more, where they have it for themselves: else it is kept until the next
 * collection, 64 MiB and more a thread. The bytes are empty afterwards.
 */
export function giveBack({ buffer, byteLength }: Uint8Array): void {
  if (byteLength < bytesMin || byteLength !== buffer.byteLength) return;
  if (buffer instanceof ArrayBuffer && !buffer.detached) buffer.transfer(0);
}
