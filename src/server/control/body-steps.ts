import type { Clock } from "../../std/time.ts";

type Pieces = AsyncGenerator<Uint8Array, void, undefined>;

/** What happens to the pieces of a body on their way; `gone` gives a signal that nobody wants them any more. */
export type BodyStep = (pieces: Pieces, gone: () => AbortSignal) => Pieces;

/** How a body goes on. */
export type Reshaping = {
  readonly steps: readonly BodyStep[];
  /** Called for each piece that goes out at the end. */
  readonly onBytes: (count: number) => void;
  /** Called once, when the body is through, has failed, or is let go of. */
  readonly onEnd?: () => void;
  /** The call's own: its end is the body's end. */
  readonly signal: AbortSignal;
};

/** A body with steps on its way, a piece at a time as it is read; it is never held whole. */
export function reshape(
  body: ReadableStream<Uint8Array>,
  { steps, onBytes, onEnd = () => {}, signal }: Reshaping,
): ReadableStream<Uint8Array> {
  const reader = body.getReader();
  const left = new AbortController();
  const gone = (): AbortSignal => AbortSignal.any([signal, left.signal]);
  const pieces = steps.reduce((before, step) => step(before, gone), piecesOf(reader));
  return new ReadableStream<Uint8Array>(
    {
      async pull(controller) {
        try {
          const step = await pieces.next();
          if (step.done) {
            controller.close();
            onEnd();
            return;
          }
          onBytes(step.value.length);
          controller.enqueue(step.value);
        } catch (error) {
          onEnd();
          throw error;
        }
      },
      async cancel(reason) {
        onEnd();
        left.abort(reason);
        // Ends a read under way, which a generator cannot be called out of.
        await reader.cancel(reason);
      },
    },
    { highWaterMark: 0 },
  );
}

async function* piecesOf(reader: ReadableStreamDefaultReader<Uint8Array>): Pieces {
  let isEnded = false;
  try {
    for (;;) {
      const step = await reader.read();
      isEnded = step.done;
      if (step.done) return;
      yield step.value;
    }
  } catch (error) {
    isEnded = true;
    throw error;
  } finally {
    if (!isEnded) await reader.cancel();
  }
}

/** The body breaks off with an error after so many bytes; one that has no more comes through. */
export function breakAfter(bytes: () => number, error: () => Error): BodyStep {
  return async function* (pieces) {
    let passed = 0;
    for await (const piece of pieces) {
      const left = bytes() - passed;
      if (piece.length > left) {
        if (left > 0) yield piece.subarray(0, left);
        throw error();
      }
      passed += piece.length;
      yield piece;
    }
  };
}

/** The byte at an offset is another. */
export function changeByte(offset: number): BodyStep {
  return async function* (pieces) {
    let start = 0;
    for await (const piece of pieces) {
      const at = offset - start;
      start += piece.length;
      yield at >= 0 && at < piece.length ? withOtherByte(piece, at) : piece;
    }
  };
}

/** A copy: the piece may be a block that others read. */
function withOtherByte(piece: Uint8Array, at: number): Uint8Array {
  const changed = Uint8Array.from(piece);
  changed[at] = (piece[at] ?? 0) ^ 1;
  return changed;
}

/** Pieces of at most so many bytes, with a pause before each but the first. */
export function delayPieces(bytes: number, delayMs: number, clock: Clock): BodyStep {
  return async function* (pieces, gone) {
    const signal = gone();
    let isFirst = true;
    for await (const piece of cut(pieces, bytes)) {
      if (!isFirst) await clock.sleep(delayMs, signal);
      isFirst = false;
      yield piece;
    }
  };
}

/** Pieces of at most so many bytes, each after the pause that `waitFor` says it needs. */
export function pace(bytes: number, waitFor: (bytes: number) => number, clock: Clock): BodyStep {
  return async function* (pieces, gone) {
    const signal = gone();
    for await (const piece of cut(pieces, bytes)) {
      const waitMs = waitFor(piece.length);
      if (waitMs > 0) await clock.sleep(waitMs, signal);
      yield piece;
    }
  };
}

async function* cut(pieces: Pieces, bytes: number): Pieces {
  for await (const piece of pieces) {
    for (let at = 0; at < piece.length; at += bytes) yield piece.subarray(at, at + bytes);
  }
}
