import { blockBytes } from "../core/tree/content-hash.ts";

/** Bytes in pieces of any size, cut into blocks (N20). */
export async function* inBlocks(pieces: AsyncIterable<Uint8Array>): AsyncGenerator<Uint8Array> {
  let parts: Uint8Array[] = [];
  let length = 0;
  for await (const piece of pieces) {
    for (let rest = piece; rest.length > 0;) {
      const part = rest.subarray(0, blockBytes - length);
      parts.push(part);
      length += part.length;
      rest = rest.subarray(part.length);
      if (length < blockBytes) continue;
      yield Buffer.concat(parts);
      [parts, length] = [[], 0];
    }
  }
  if (length > 0) yield Buffer.concat(parts);
}
