import { createZstdDecompress } from "node:zlib";
import { pipeline } from "node:stream";

const frameMagic = 0xfd2fb528;
/** Frames that hold nothing to unpack: their magic numbers differ in the last four bits. */
const skippedMagic = 0x184d2a50;

type Part =
  | "magic"
  | "skipped size"
  | "descriptor"
  | "rest of header"
  | "block header"
  | "body"
  | "sum";

/**
 * Finds where each zstd frame of a stream ends, by frame and block headers (RFC 8878, §3.1.1): Node decodes the first frame and is
 * silent about what follows it (N18).
 */
class FrameCutter {
  #part: Part = "magic";
  #left = 4;
  #seen: number[] = [];
  #hasSum = false;
  #isLastBlock = false;

  /** How many bytes of a chunk belong to the frame under way, and whether it ends with them. */
  take(chunk: Uint8Array): { readonly length: number; readonly ends: boolean } {
    let at = 0;
    while (at < chunk.length) {
      const step = Math.min(this.#left, chunk.length - at);
      if (this.#part !== "body") this.#seen.push(...chunk.subarray(at, at + step));
      at += step;
      this.#left -= step;
      if (this.#left === 0 && this.#endPart()) return { length: at, ends: true };
    }
    return { length: at, ends: false };
  }

  /** Goes on to the next part that has bytes; whether the frame is over. */
  #endPart(): boolean {
    const number = this.#seen.reduce((sum, byte, index) => sum + byte * 256 ** index, 0);
    this.#seen = [];
    const next = this.#next(number);
    if (next === undefined) {
      [this.#part, this.#left] = ["magic", 4];
      return true;
    }
    [this.#part, this.#left] = next;
    return this.#left === 0 ? this.#endPart() : false;
  }

  #next(number: number): [Part, number] | undefined {
    switch (this.#part) {
      case "magic":
        return this.#afterMagic(number);
      case "skipped size":
        this.#isLastBlock = true;
        this.#hasSum = false;
        return ["body", number];
      case "descriptor":
        this.#hasSum = (number & 0b0000_0100) !== 0;
        return ["rest of header", restOfHeader(number)];
      case "rest of header":
        return ["block header", 3];
      case "block header":
        this.#isLastBlock = (number & 1) === 1;
        // A run-length block (type 1) stores one byte, whatever its size.
        return ["body", ((number >>> 1) & 0b11) === 1 ? 1 : number >>> 3];
      case "body":
        if (!this.#isLastBlock) return ["block header", 3];
        return this.#hasSum ? ["sum", 4] : undefined;
      case "sum":
        return undefined;
    }
  }

  /** What is no frame is left to the decoder, which refuses it. */
  #afterMagic(number: number): [Part, number] {
    if (number - (number % 16) === skippedMagic) return ["skipped size", 4];
    return number === frameMagic ? ["descriptor", 1] : ["body", Number.POSITIVE_INFINITY];
  }
}

function restOfHeader(descriptor: number): number {
  const isSingleSegment = (descriptor & 0b0010_0000) !== 0;
  const sizeFlag = descriptor >>> 6;
  const sizeBytes = sizeFlag === 0 ? Number(isSingleSegment) : 2 ** sizeFlag;
  return Number(!isSingleSegment) + ([0, 1, 2, 4][descriptor & 0b11] ?? 0) + sizeBytes;
}

/** Unpack a stream of any number of zstd frames, one behind the other. */
export async function* unpackZstd(bytes: AsyncIterable<Uint8Array>): AsyncGenerator<Uint8Array> {
  const source = new FrameSource(bytes);
  while (await source.hasMore()) {
    const unpacked = pipeline(source.frame(), createZstdDecompress(), () => {});
    for await (const piece of unpacked) yield piece;
  }
}

/** Hands over a stream frame by frame. */
class FrameSource {
  readonly #chunks: AsyncIterator<Uint8Array>;
  readonly #cutter = new FrameCutter();
  #rest: Uint8Array = new Uint8Array();

  constructor(bytes: AsyncIterable<Uint8Array>) {
    this.#chunks = bytes[Symbol.asyncIterator]();
  }

  async hasMore(): Promise<boolean> {
    while (this.#rest.length === 0) {
      const { done, value } = await this.#chunks.next();
      if (done === true) return false;
      this.#rest = value;
    }
    return true;
  }

  /** The bytes of one frame; nothing that is cut off is told here, but by the decoder. */
  async *frame(): AsyncGenerator<Uint8Array> {
    while (await this.hasMore()) {
      const { length, ends } = this.#cutter.take(this.#rest);
      const taken = this.#rest.subarray(0, length);
      this.#rest = this.#rest.subarray(length);
      yield taken;
      if (ends) return;
    }
  }
}
