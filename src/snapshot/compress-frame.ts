import { constants, zstdCompressSync } from "node:zlib";
import type { ZstdOptions } from "node:zlib";

/** zstd levels: the usual one, and the fastest, which stores what it cannot compress as it is. */
const usualLevel = 2;
const fastestLevel = 1;

/** N16: what the first 64 KiB must gain, else the block counts as incompressible. */
const probeBytes = 64 * 1024;
const probeGainMin = 0.03;

/** Whether compressing a block is wasted time, told by its beginning (N16). */
export function isIncompressible(block: Uint8Array): boolean {
  const probe = block.subarray(0, probeBytes);
  const gain =
    1 - zstdCompressSync(probe, compressOptions(fastestLevel, probe.length)).length / probe.length;
  return gain < probeGainMin;
}

/** One zstd frame with checksum and raw size. Equal input gives equal bytes, in whatever thread. */
export function compressFrame(raw: Uint8Array, { fast }: { readonly fast: boolean }): Buffer {
  return zstdCompressSync(raw, compressOptions(fast ? fastestLevel : usualLevel, raw.length));
}

/** The same, in its own way if it is one large block behind its header. */
export function compressProbed(raw: Uint8Array, blockAt: number | undefined): Buffer {
  const fast = blockAt !== undefined && isIncompressible(raw.subarray(blockAt));
  return compressFrame(raw, { fast });
}

function compressOptions(level: number, rawLength: number): ZstdOptions {
  return {
    pledgedSrcSize: rawLength,
    chunkSize: chunkOfCompressed(rawLength),
    params: {
      [constants.ZSTD_c_compressionLevel]: level,
      [constants.ZSTD_c_checksumFlag]: 1,
      [constants.ZSTD_c_contentSizeFlag]: 1,
    },
  };
}

/** Texts fit into one output buffer, and nothing needs many: Node joins the chunks. */
function chunkOfCompressed(rawLength: number): number {
  return Math.min(Math.max(Math.ceil(rawLength / 2), 1024), 1024 * 1024);
}
