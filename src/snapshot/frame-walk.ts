import { damagedError } from "../core/snapshot/checked-json.ts";

/** One zstd frame in a file: its length, and that of what it holds. */
export type FoundFrame = { readonly length: number; readonly rawLength: number };

const magicNumber = 0xfd2fb528;

/**
 * Measure the zstd frame at the start of `bytes` by its header and block headers, decoding nothing (RFC 8878,
 * §3.1.1): how a pack is cut into frames when its sidecar is lost (N18).
 *
 * @throws {SnapError} `damaged` where no whole frame with a raw size starts there.
 */
export function measureFrame(bytes: Buffer): FoundFrame {
  try {
    return readFrame(bytes);
  } catch (cause) {
    if (!(cause instanceof RangeError)) throw cause;
    throw damagedError("A pack ends within a frame", cause);
  }
}

function readFrame(bytes: Buffer): FoundFrame {
  if (bytes.readUInt32LE(0) !== magicNumber)
    throw damagedError("A pack holds no frame where one must start");
  const descriptor = bytes.readUInt8(4);
  const isSingleSegment = (descriptor & 0b0010_0000) !== 0;
  const hasChecksum = (descriptor & 0b0000_0100) !== 0;
  const dictionaryBytes = [0, 1, 2, 4][descriptor & 0b11] ?? 0;
  const sizeAt = 5 + (isSingleSegment ? 0 : 1) + dictionaryBytes;
  const sizeFlag = descriptor >>> 6;
  const rawLength = readRawLength(bytes, { at: sizeAt, flag: sizeFlag, isSingleSegment });
  const blocksAt = sizeAt + sizeBytes(sizeFlag, isSingleSegment);
  const end = endOfBlocks(bytes, blocksAt) + (hasChecksum ? 4 : 0);
  if (end > bytes.length) throw damagedError("A pack ends within a frame");
  return { length: end, rawLength };
}

function sizeBytes(flag: number, isSingleSegment: boolean): number {
  if (flag === 0) return isSingleSegment ? 1 : 0;
  return 2 ** flag;
}

type SizeField = { readonly at: number; readonly flag: number; readonly isSingleSegment: boolean };

function readRawLength(bytes: Buffer, { at, flag, isSingleSegment }: SizeField): number {
  switch (sizeBytes(flag, isSingleSegment)) {
    case 1:
      return bytes.readUInt8(at);
    case 2:
      return bytes.readUInt16LE(at) + 256;
    case 4:
      return bytes.readUInt32LE(at);
    case 8:
      return Number(bytes.readBigUInt64LE(at));
    default:
      throw damagedError("A frame of a pack does not tell its size");
  }
}

/** Walks the block headers: three bytes, little endian; bit 0 last, bits 1-2 type, the rest the size. */
function endOfBlocks(bytes: Buffer, start: number): number {
  let at = start;
  for (;;) {
    const header = bytes.readUIntLE(at, 3);
    const type = (header >>> 1) & 0b11;
    if (type === 3) throw damagedError("A frame of a pack has a reserved block type");
    // A run-length block (type 1) stores one byte, whatever its size.
    at += 3 + (type === 1 ? 1 : header >>> 3);
    if ((header & 1) === 1) return at;
  }
}
