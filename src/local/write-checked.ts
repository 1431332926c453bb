import type { StageExpectation } from "../core/plan/local-act.ts";
import { ContentHasher } from "../core/tree/content-hash.ts";
import { SnapError, throwIfAborted } from "../std/error.ts";
import type { Site } from "./parents.ts";

/** Bytes for a file, and what the whole must turn out to be. */
export type CheckedBytes = {
  readonly bytes: AsyncIterable<Uint8Array> | Iterable<Uint8Array>;
  readonly expect: StageExpectation;
  /** The hash and the number of the bytes that the file has already. */
  readonly begun?: { readonly hasher: ContentHasher; readonly size: number };
  readonly signal?: AbortSignal;
};

/** Write the bytes at the end of an open file. @throws {SnapError} `content-wrong` where the whole is not as expected */
export async function writeChecked(
  site: Pick<Site, "disk">,
  fd: number,
  { bytes, expect, begun, signal }: CheckedBytes,
): Promise<void> {
  const hasher = begun?.hasher ?? new ContentHasher();
  let size = begun?.size ?? 0;
  for await (const chunk of bytes) {
    throwIfAborted(signal);
    size += chunk.length;
    if (size > expect.size) throw wrongContent(`is longer than ${expect.size} bytes`);
    hasher.update(chunk);
    await writeFully(site, fd, chunk);
  }
  if (size !== expect.size) throw wrongContent(`has ${size} bytes instead of ${expect.size}`);
  if (hasher.finish().hash !== expect.hash) throw wrongContent("does not have the expected hash");
}

async function writeFully(
  { disk }: Pick<Site, "disk">,
  fd: number,
  chunk: Uint8Array,
): Promise<void> {
  let rest = chunk;
  while (rest.length > 0) rest = rest.subarray(await disk.write(fd, rest));
}

function wrongContent(how: string): SnapError {
  return new SnapError("content-wrong", `What was received ${how}`, {
    hint: "It was thrown away. It is fetched again by itself.",
  });
}
