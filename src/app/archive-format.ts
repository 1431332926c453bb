import { pipeline } from "node:stream";
import type { Transform } from "node:stream";
import { constants, createGzip, createZstdCompress } from "node:zlib";
import { SnapError } from "../std/error.ts";

/** How an archive is packed. */
export const archiveFormats = ["tar", "tar.gz", "tar.zst"] as const;

/** One of them. */
export type ArchiveFormat = (typeof archiveFormats)[number];

const suffixes: readonly (readonly [string, ArchiveFormat])[] = [
  [".tar", "tar"],
  [".tar.gz", "tar.gz"],
  [".tgz", "tar.gz"],
  [".tar.zst", "tar.zst"],
  [".tzst", "tar.zst"],
];

/** The format that a file name asks for. @throws {SnapError} `usage` */
export function formatOfName(file: string): ArchiveFormat {
  const found = suffixes.find(([suffix]) => file.toLowerCase().endsWith(suffix));
  if (found !== undefined) return found[1];
  throw new SnapError("usage", `The name of an archive tells its format: "${file}" does not`, {
    hint: "End it with .tar, .tar.gz or .tar.zst, or give --format.",
  });
}

/** The bytes of an archive, packed; the same on every machine for the same bytes and the same Node.js (N58). */
export function packed(
  bytes: AsyncIterable<Uint8Array>,
  format: ArchiveFormat,
): AsyncIterable<Uint8Array> {
  switch (format) {
    case "tar":
      return bytes;
    case "tar.gz":
      return withoutSystem(through(bytes, createGzip({ level: 6 })));
    case "tar.zst":
      return through(
        bytes,
        createZstdCompress({
          params: {
            [constants.ZSTD_c_compressionLevel]: 3,
            [constants.ZSTD_c_checksumFlag]: 1,
          },
        }),
      );
  }
}

async function* through(
  bytes: AsyncIterable<Uint8Array>,
  transform: Transform,
): AsyncGenerator<Uint8Array> {
  // The failure of either end comes out where the result is read.
  const result = pipeline(bytes, transform, () => {});
  for await (const piece of result) yield piece;
}

/** Byte 9 of gzip names the system that wrote it (RFC 1952); 255 is "unknown". */
const systemAt = 9;

async function* withoutSystem(bytes: AsyncIterable<Uint8Array>): AsyncGenerator<Uint8Array> {
  let at = 0;
  for await (const piece of bytes) {
    if (at <= systemAt && systemAt < at + piece.length) piece[systemAt - at] = 255;
    at += piece.length;
    yield piece;
  }
}
