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

/** What is written at once: TLS brings 16 KiB at a time, and each write costs as much as 100 KiB of it. */
const writeBytes = 1024 * 1024;

/**
 * Write the bytes at the end of an open file. Where they break off, what came of them is written first.
 *
 * @throws {SnapError} `content-wrong` where the whole is not as expected
 */
export async function writeChecked(
  site: Pick<Site, "disk">,
  fd: number,
  { bytes, expect, begun, signal }: CheckedBytes,
): Promise<void> {
  const hasher = begun?.hasher ?? new ContentHasher();
  let size = begun?.size ?? 0;
  const writer = new Writer(site.disk, fd, expect.size - size);
  try {
    for await (const chunk of bytes) {
      throwIfAborted(signal);
      size += chunk.length;
      if (size > expect.size) throw wrongContent(`is longer than ${expect.size} bytes`);
      hasher.update(chunk);
      await writer.add(chunk);
    }
  } finally {
    await writer.flush();
  }
  if (size !== expect.size) throw wrongContent(`has ${size} bytes instead of ${expect.size}`);
  if (hasher.finish().hash !== expect.hash) throw wrongContent("does not have the expected hash");
}

/** Gathers what is to be written in one piece of memory, which is used again and again: buffers of their own would be collected. */
class Writer {
  readonly #disk: Site["disk"];
  readonly #fd: number;
  readonly #capacity: number;
  #piece: Uint8Array | undefined;
  #filled = 0;

  /** @param expected bytes that are to come */
  constructor(disk: Site["disk"], fd: number, expected: number) {
    this.#disk = disk;
    this.#fd = fd;
    this.#capacity = Math.min(writeBytes, Math.max(0, expected));
  }

  async add(chunk: Uint8Array): Promise<void> {
    for (let rest = chunk; rest.length > 0;) {
      // What fills a piece by itself, as a small file does, is not copied.
      if (this.#filled === 0 && rest.length >= this.#capacity) return await this.#write(rest);
      this.#piece ??= Buffer.allocUnsafeSlow(this.#capacity);
      const part = rest.subarray(0, this.#capacity - this.#filled);
      this.#piece.set(part, this.#filled);
      this.#filled += part.length;
      rest = rest.subarray(part.length);
      if (this.#filled === this.#capacity) await this.flush();
    }
  }

  async flush(): Promise<void> {
    const filled = this.#filled;
    this.#filled = 0;
    if (this.#piece !== undefined) await this.#write(this.#piece.subarray(0, filled));
  }

  async #write(bytes: Uint8Array): Promise<void> {
    for (let rest = bytes; rest.length > 0;) {
      rest = rest.subarray(await this.#disk.write(this.#fd, rest));
    }
  }
}

function wrongContent(how: string): SnapError {
  return new SnapError("content-wrong", `What was received ${how}`, {
    hint: "It was thrown away. It is fetched again by itself.",
  });
}
