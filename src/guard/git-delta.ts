/** Sizes and offsets of seven bits a byte, the lowest first (gitformat-pack(5)). */
export class BitReader {
  at: number;
  readonly #bytes: Buffer;

  constructor(bytes: Buffer, at = 0) {
    this.#bytes = bytes;
    this.at = at;
  }

  /** undefined behind the end. */
  byte(): number | undefined {
    const byte = this.#bytes[this.at];
    this.at += 1;
    return byte;
  }

  /** A size; undefined where it does not end or is larger than a number holds. */
  size(): number | undefined {
    return this.rest(0, 1);
  }

  /** The rest of a size of which some bits are known. */
  rest(known: number, factor: number): number | undefined {
    let value = known;
    for (let weight = factor; ; weight *= 128) {
      const byte = this.byte();
      if (byte === undefined || weight > 2 ** 45) return undefined;
      value += (byte & 0x7f) * weight;
      if (byte < 0x80) return value;
    }
  }
}

/**
 * Rebuild an object from its base (gitformat-pack(5), "Deltified representation").
 *
 * @returns undefined where the delta does not fit its base, or the result has more than `bytesMax` bytes
 */
export function applyDelta(base: Buffer, delta: Buffer, bytesMax: number): Buffer | undefined {
  const reader = new BitReader(delta);
  const baseSize = reader.size();
  const size = reader.size();
  if (baseSize !== base.length || size === undefined || size > bytesMax) return undefined;
  const result = Buffer.allocUnsafe(size);
  let length = 0;
  while (reader.at < delta.length) {
    const part = nextPart(reader, base, delta);
    if (part === undefined || part.end - part.start > size - length) return undefined;
    length += part.from.copy(result, length, part.start, part.end);
  }
  return length === size ? result : undefined;
}

type Part = { readonly from: Buffer; readonly start: number; readonly end: number };

function nextPart(reader: BitReader, base: Buffer, delta: Buffer): Part | undefined {
  const order = reader.byte() ?? 0;
  if (order === 0) return undefined;
  if (order < 0x80) {
    const start = reader.at;
    reader.at += order;
    return reader.at <= delta.length ? { from: delta, start, end: reader.at } : undefined;
  }
  const start = selected(reader, order & 0x0f);
  const end = start + (selected(reader, (order >> 4) & 0x07) || 0x10000);
  return end <= base.length ? { from: base, start, end } : undefined;
}

/** A number of which only the bytes that are not zero are written. */
function selected(reader: BitReader, mask: number): number {
  let value = 0;
  for (let bit = 0; bit < 4; bit += 1) {
    if ((mask >> bit) & 1) value += (reader.byte() ?? 0) * 256 ** bit;
  }
  return value;
}
