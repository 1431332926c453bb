import { ContentHasher, blockBytes, contentHashOfBlocks } from "../../core/tree/content-hash.ts";
import type { BlockStore } from "../store/blocks.ts";
import { BlockWriter } from "../store/block-writer.ts";
import type { BlockList, TakenContent } from "../store/block-writer.ts";
import { EndpointFailure, tag } from "./failure.ts";
import { giveBackTo } from "./lending-stream.ts";

/** The client's body ended with an error: there is nobody left to answer, and nothing was stored. */
export class BrokenBody extends Error {
  constructor(cause: unknown) {
    super("The body of the request broke off", { cause });
  }
}

/** What a body may be. */
export type BodyRules = {
  /** Longest body in bytes, and how a longer one is refused. */
  readonly bytesMax: number;
  readonly tooLong: () => Error;
  /** The content hash of the whole body, where the client announced it. */
  readonly expectedHash?: string | undefined;
};

/** The body of a request, handed out in pieces of any size asked for; it is read once, from front to back. */
export class Body {
  readonly #chunks: AsyncIterator<Uint8Array>;
  readonly #rules: BodyRules;
  #hasher: ContentHasher | undefined;
  #waiting: Uint8Array = new Uint8Array(0);
  #seen = 0;

  constructor(request: Request, rules: BodyRules) {
    this.#chunks = chunksOf(request)[Symbol.asyncIterator]();
    this.#rules = rules;
    this.#hasher = rules.expectedHash === undefined ? undefined : new ContentHasher();
  }

  /**
   * The next bytes, at most `lengthMax`; undefined at the end. They hold until the next ones are asked for.
   *
   * @throws the refusal of the rules when the body is longer than a call may carry; {BrokenBody}.
   */
  async next(lengthMax: number): Promise<Uint8Array | undefined> {
    while (this.#waiting.length === 0) {
      const step = await this.#chunks.next();
      if (step.done) return undefined;
      this.#seen += step.value.length;
      if (this.#seen > this.#rules.bytesMax) throw this.#rules.tooLong();
      this.#waiting = step.value;
    }
    const piece = this.#waiting.subarray(0, lengthMax);
    this.#waiting = this.#waiting.subarray(piece.length);
    this.#hasher?.update(piece);
    return piece;
  }

  /** Whether all bytes were handed out. */
  async isAtEnd(): Promise<boolean> {
    return (await this.next(0)) === undefined;
  }

  /** Leave the hashing to the caller, who does it anyway and says in `checkHash` what came out. */
  leaveHashing(): void {
    this.#hasher = undefined;
  }

  /** @throws {EndpointFailure} `content_hash_mismatch` unless the bytes handed out have the announced hash (V39). */
  checkHash(hash: string | undefined = this.#hasher?.finish().hash): void {
    const { expectedHash } = this.#rules;
    if (expectedHash !== undefined && hash !== expectedHash) {
      throw new EndpointFailure(tag("content_hash_mismatch"));
    }
  }

  /** Go over the next bytes. */
  async skip(length: number): Promise<void> {
    for (let left = length; left > 0;) {
      const piece = await this.next(left);
      if (piece === undefined) return;
      left -= piece.length;
    }
  }

  /** All that is left, for small bodies. */
  async rest(): Promise<Uint8Array> {
    const pieces: Uint8Array[] = [];
    for (;;) {
      const piece = await this.next(Infinity);
      if (piece === undefined) return Buffer.concat(pieces);
      // A copy: the memory is taken back. `slice` would be a view, for a piece may be a `Buffer`.
      pieces.push(new Uint8Array(piece));
    }
  }
}

/** The chunks of a body. When the caller gives up, waiting for the next one ends. */
async function* chunksOf({ body, signal }: Request): AsyncGenerator<Uint8Array> {
  if (body === null) return;
  const reader = body.getReader();
  const stop = (): void => void reader.cancel(signal.reason);
  signal.addEventListener("abort", stop, { once: true });
  try {
    // Before the first read too: the signal may have fired before anybody listened.
    signal.throwIfAborted();
    for (;;) {
      const step = await reader.read();
      signal.throwIfAborted();
      if (step.done) return;
      yield step.value;
      // Whoever asks for the next chunk has done with this one.
      giveBackTo(body, step.value);
    }
  } catch (error) {
    throw new BrokenBody(error);
  } finally {
    signal.removeEventListener("abort", stop);
  }
}

/** What of a body belongs together. */
export type TakeRequest = {
  /** Stored bytes that the body continues. */
  readonly after: BlockList;
  /** Bytes to take; absent for all that is left, which must then have the announced hash. */
  readonly length?: number;
};

/**
 * Store a body, or the next part of it, as the continuation of a block list. No more than two blocks are in memory.
 *
 * A short last block of the list is read and written again in its longer form, so that the grid of blocks always
 * starts at the beginning of the file.
 *
 * @throws {EndpointFailure} `content_hash_mismatch`, `payload_too_large`; {WriteFailure} `insufficient_space`.
 */
export async function takeBody(
  body: Body,
  store: BlockStore,
  { after, length }: TakeRequest,
): Promise<TakenContent> {
  if (length !== undefined) return await takePart(body, store, { after, length });
  // Where the body begins on the grid, its hash is that of its blocks, which are hashed for their names already.
  const onGrid = after.size % blockBytes === 0;
  if (onGrid) body.leaveHashing();
  const content = await takePart(body, store, { after, length: Infinity });
  const added = content.blocks.slice(after.blocks.length);
  body.checkHash(onGrid ? contentHashOfBlocks(added) : undefined);
  return content;
}

async function takePart(
  body: Body,
  store: BlockStore,
  { after, length }: Required<TakeRequest>,
): Promise<TakenContent> {
  if (length === 0 || (await body.isAtEnd())) return { ...after, small: [] };
  await using writer = await BlockWriter.after(after, store);
  for (let left = length; left > 0;) {
    const piece = await body.next(left);
    if (piece === undefined) break;
    await writer.write(piece);
    left -= piece.length;
  }
  return await writer.finish();
}
