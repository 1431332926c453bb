import { constants, zstdCompressSync } from "node:zlib";
import type { ZstdOptions } from "node:zlib";

/** The fastest level of zstd stores what it cannot compress as it is. */
const fastestLevel = 1;

/**
 * The usual one, without matches of 5 bytes, which cost texts more than they save. The table of short matches is for frames of 1.5 MiB;
 * that of long ones is small, so that both stay in the processor's own memory.
 */
const usualLevel = 3;
const longTableLog = 15;
const shortTableLog = 17;
const usualMatchMin = 6;

type Params = NonNullable<ZstdOptions["params"]>;

const fastest: Params = { [constants.ZSTD_c_compressionLevel]: fastestLevel };

const usual: Params = {
  [constants.ZSTD_c_compressionLevel]: usualLevel,
  [constants.ZSTD_c_hashLog]: longTableLog,
  [constants.ZSTD_c_chainLog]: shortTableLog,
  [constants.ZSTD_c_minMatch]: usualMatchMin,
};

/** N16: what the first 64 KiB must gain, else the block counts as incompressible. */
const probeBytes = 64 * 1024;
const probeGainMin = 0.03;

/** Whether compressing a block is wasted time, told by its beginning (N16). */
export function isIncompressible(block: Uint8Array): boolean {
  const probe = block.subarray(0, probeBytes);
  const gain =
    1 - zstdCompressSync(probe, compressOptions(fastest, probe.length)).length / probe.length;
  return gain < probeGainMin;
}

/** One zstd frame with checksum and raw size. Equal input gives equal bytes, in whatever thread. */
export function compressFrame(raw: Uint8Array, { fast }: { readonly fast: boolean }): Buffer {
  return zstdCompressSync(raw, compressOptions(fast ? fastest : usual, raw.length));
}

/** The same, in its own way if it is one large block behind its header. */
export function compressProbed(raw: Uint8Array, blockAt: number | undefined): Buffer {
  const fast = blockAt !== undefined && isIncompressible(raw.subarray(blockAt));
  return compressFrame(raw, { fast });
}

function compressOptions(params: Params, rawLength: number): ZstdOptions {
  return {
    pledgedSrcSize: rawLength,
    chunkSize: chunkOfCompressed(rawLength),
    params: {
      ...params,
      [constants.ZSTD_c_checksumFlag]: 1,
      [constants.ZSTD_c_contentSizeFlag]: 1,
    },
  };
}

/** Texts fit into one output buffer, and nothing needs many: Node joins the chunks. */
function chunkOfCompressed(rawLength: number): number {
  return Math.min(Math.max(Math.ceil(rawLength / 2), 1024), 1024 * 1024);
}
