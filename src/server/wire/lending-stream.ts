import type { UnderlyingSource } from "node:stream/web";

/**
 * A stream as any other, whose reader may say that it has done with a piece, so that its memory serves again at once
 * instead of waiting for the collector (V10). Readers that say nothing keep what they got.
 */
export class LendingStream extends ReadableStream<Uint8Array> {
  readonly #giveBack: (piece: Uint8Array) => void;

  /** Pieces are made as the reader asks for them. */
  constructor(source: UnderlyingSource<Uint8Array>, giveBack: (piece: Uint8Array) => void) {
    super(source, { highWaterMark: 0 });
    this.#giveBack = giveBack;
  }

  /** Nobody looks at this piece any more, which came from this stream and is whole. */
  giveBack(piece: Uint8Array): void {
    this.#giveBack(piece);
  }
}

/** Say so of a piece of any stream. */
export function giveBackTo(stream: ReadableStream<Uint8Array>, piece: Uint8Array): void {
  if (stream instanceof LendingStream) stream.giveBack(piece);
}
