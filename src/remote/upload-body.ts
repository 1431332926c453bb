import type { UploadRequest } from "../core/tree/remote-item.ts";
import { SnapError } from "../std/error.ts";

/** Exactly the bytes asked for: a file that ends earlier was changed. @throws {SnapError} `volatile` */
export async function readExactly(
  request: UploadRequest,
  offset: number,
  length: number,
): Promise<Uint8Array> {
  const first = await request.read(offset, length);
  // What comes in one go is not copied: bodies are what the memory is full of.
  if (first.length === length) return first;
  const bytes = Buffer.allocUnsafe(length);
  for (let filled = 0; filled < length;) {
    const chunk = filled === 0 ? first : await request.read(offset + filled, length - filled);
    if (chunk.length === 0) throw volatile(request);
    bytes.set(chunk.subarray(0, length - filled), filled);
    filled += chunk.length;
  }
  return bytes;
}

/** The file is not what it was when the upload was planned. */
export function volatile(request: Pick<UploadRequest, "path">): SnapError {
  return new SnapError("volatile", `The file changed while it was uploaded: "${request.path}"`, {
    path: request.path,
    hint: "It is uploaded again when it is left alone for a moment.",
  });
}

/** Pieces behind each other; no copy where they lie so in one memory already. */
export function joined(pieces: readonly Uint8Array[]): Buffer {
  const [first] = pieces;
  if (first === undefined) return Buffer.alloc(0);
  let end = first.byteOffset;
  for (const { buffer, byteOffset, length } of pieces) {
    if (buffer !== first.buffer || byteOffset !== end) return Buffer.concat(pieces);
    end += length;
  }
  return Buffer.from(first.buffer, first.byteOffset, end - first.byteOffset);
}
