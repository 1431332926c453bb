import { blockBytes } from "../../core/tree/content-hash.ts";
import type { Reading } from "../store/block-guard.ts";
import type { BlockList } from "../store/block-writer.ts";
import type { BlockStore } from "../store/blocks.ts";
import { LendingStream } from "../wire/lending-stream.ts";
import type { ByteRange } from "../wire/range.ts";

/** Where stored bytes come from, and until when anybody wants them. */
export type ContentSource = { readonly store: BlockStore; readonly signal: AbortSignal };

/** The bytes of a range as the reader takes them; a damaged block breaks the stream off. */
export function contentStream(
  source: ContentSource,
  content: BlockList,
  range: ByteRange,
): ReadableStream<Uint8Array> {
  const { store, signal } = source;
  const pieces = contentPieces(source, content, range);
  let end = (): void => {};
  return new LendingStream(
    {
      start(controller) {
        const stop = (error: Error): void => controller.error(error);
        end = beginReading(store, signal, { blocks: content.blocks, stop });
      },
      async pull(controller) {
        try {
          const step = await pieces.next();
          if (!step.done) {
            controller.enqueue(step.value);
            return;
          }
          controller.close();
          end();
        } catch (error) {
          end();
          throw error;
        }
      },
      async cancel() {
        end();
        await pieces.return();
      },
    },
    (piece) => store.buffers.giveBack(piece),
  );
}

/** The sweep knows of it until it ends or nobody wants it any more. */
function beginReading(store: BlockStore, signal: AbortSignal, reading: Reading): () => void {
  const forget = store.guard.beginReading(reading);
  const end = (): void => {
    forget();
    signal.removeEventListener("abort", end);
  };
  signal.addEventListener("abort", end, { once: true });
  if (signal.aborted) end();
  return end;
}

/**
 * The pieces of a range, a block each; while one is sent the next is read, so two blocks at most are in memory (V10).
 * Whoever takes a piece may give it back to the buffers of the store.
 *
 * @throws the signal's reason; {SnapError} `damaged`.
 */
export async function* contentPieces(
  { store, signal }: ContentSource,
  content: BlockList,
  { start, end }: ByteRange,
): AsyncGenerator<Uint8Array<ArrayBufferLike>, void, void> {
  const read = (at: number): Promise<Uint8Array> => readAhead(store, content, at);
  let ahead = start < end ? read(start) : undefined;
  for (let at = start; ahead !== undefined;) {
    signal.throwIfAborted();
    const block = await ahead;
    const blockStart = at - (at % blockBytes);
    const next = blockStart + blockBytes;
    ahead = next < end ? read(next) : undefined;
    yield block.subarray(at - blockStart, end - blockStart);
    at = next;
  }
}

/** Begin to read the block of a position. Its failure is told to whoever waits for it; that may be nobody any more. */
function readAhead(
  store: BlockStore,
  { blocks, size }: BlockList,
  at: number,
): Promise<Uint8Array> {
  const index = Math.floor(at / blockBytes);
  const length = Math.min(blockBytes, size - index * blockBytes);
  const reading = store.readLent(blocks[index] ?? "", length);
  reading.catch(() => {
    // The reader went away before this block's turn.
  });
  return reading;
}
