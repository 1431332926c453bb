import type { Stretch } from "../core/transfer/stretches.ts";
import type { UploadRequest } from "../core/tree/remote-item.ts";
import { ContentHasher, type HashedContent } from "../core/tree/content-hash.ts";
import { SnapError, throwIfAborted } from "../std/error.ts";
import type { Work } from "../std/events.ts";
import { ReadBody } from "./body-stream.ts";

/** Bytes that are read at once where they go out as they are read: more than a socket keeps before it makes its writer wait. */
const readBytes = 512 * 1024;

/** Memory of a body that goes out as it is read: the piece that goes out, and what the network holds of it. */
export const readBodyMemory: number = 2 * readBytes;

/**
 * A stretch of the file, read and counted while it goes out. A file that ends earlier was changed: then it fails as `volatile`.
 *
 * Two pieces of memory serve in turn for all of it: new ones would be collected, and each GiB would leave that much behind. A piece is
 * filled again when the one behind it was taken, thus when the line has it; a server that is told the hash would find out.
 */
export function bodyOf(
  request: UploadRequest,
  { from, to }: Stretch,
  { onBytes }: Work = {},
): ReadBody {
  return new ReadBody(to - from, async function* () {
    const memory = [0, 1].map(() => Buffer.allocUnsafeSlow(Math.min(readBytes, to - from)));
    for (let at = from, turn = 0; at < to; turn += 1) {
      const piece = await request.read(at, Math.min(readBytes, to - at), memory[turn % 2]);
      if (piece.length === 0) throw volatile(request);
      yield piece;
      // Whoever asks for the next one has sent this one.
      onBytes?.(piece.length);
      at += piece.length;
    }
  });
}

/** What a stretch holds now. @throws {SnapError} `volatile` where the file ended before, `interrupted` */
export async function contentOf(
  request: UploadRequest,
  stretch: Stretch,
  work: Work,
): Promise<HashedContent> {
  const content = request.hashOf
    ? await request.hashOf(stretch, work)
    : await hashedHere(request, stretch, work);
  if (content === undefined) throw volatile(request);
  return content;
}

async function hashedHere(
  request: UploadRequest,
  stretch: Stretch,
  { signal }: Work,
): Promise<HashedContent> {
  const hasher = new ContentHasher();
  for await (const piece of bodyOf(request, stretch).pieces()) {
    throwIfAborted(signal);
    hasher.update(piece);
  }
  return hasher.finish();
}

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
