import type { FileHandle } from "node:fs/promises";
import type { StoreFileWriter } from "./store-files.ts";

/** What a writer needs of the store: its file, the error mapping, and the end of the file. */
export type WriterParts = {
  readonly file: FileHandle;
  guard(bytes: number, work: () => Promise<void>): Promise<void>;
  rename(name: string): Promise<void>;
  remove(): Promise<void>;
};

/** A file being written in `tmp/` of a store on a disk. */
export class DiskFileWriter implements StoreFileWriter {
  readonly #parts: WriterParts;
  #isOpen = true;
  #isDone = false;

  constructor(parts: WriterParts) {
    this.#parts = parts;
  }

  append(bytes: Uint8Array): Promise<void> {
    return this.#parts.guard(bytes.length, async () => {
      await writeFully(this.#parts.file, bytes);
    });
  }

  commit(name: string): Promise<void> {
    return this.#parts.guard(0, async () => {
      await this.#parts.file.sync();
      await this.#close();
      await this.#parts.rename(name);
      this.#isDone = true;
    });
  }

  async discard(): Promise<void> {
    if (this.#isDone) return;
    this.#isDone = true;
    // What cannot be removed now is swept by the next writer; the failure that led here is the one to tell.
    await Promise.allSettled([this.#close(), this.#parts.remove()]);
  }

  async #close(): Promise<void> {
    if (!this.#isOpen) return;
    this.#isOpen = false;
    await this.#parts.file.close();
  }
}

async function writeFully(file: FileHandle, bytes: Uint8Array): Promise<void> {
  let rest = bytes;
  while (rest.length > 0) {
    const { bytesWritten } = await file.write(rest);
    rest = rest.subarray(bytesWritten);
  }
}
