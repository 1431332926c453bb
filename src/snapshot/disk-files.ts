import { closeSync, constants, fstatSync, openSync, readFileSync } from "node:fs";
import { link, open, readdir, rename, rm, rmdir, stat, statfs } from "node:fs/promises";
import type { FileHandle } from "node:fs/promises";
import { dirname, join } from "node:path";
import { systemCode } from "../std/error.ts";
import { randomHex } from "../std/random.ts";
import type { Rng } from "../std/random.ts";
import { DiskFileWriter } from "./disk-file-writer.ts";
import { DurableFolders, flushFolder } from "./durable-folders.ts";
import {
  diskFull,
  isFull,
  missingFile,
  storeError,
  undefinedIfMissing,
  wrongLength,
} from "./store-error.ts";
import type { ByteRange, StoreFiles, StoreFileWriter } from "./store-files.ts";

const noFollow = constants.O_NOFOLLOW | constants.O_NONBLOCK;
/** Below this a file is read at once. */
const smallBytesMax = 64 * 1024;
const appendFlags = constants.O_WRONLY | constants.O_APPEND | constants.O_CREAT | noFollow;

/** The store's files in a folder of the local disk. */
export class DiskStoreFiles implements StoreFiles {
  readonly top: string;
  readonly #rng: Rng;
  readonly #folders = new DurableFolders();

  constructor(top: string, rng: Rng) {
    this.top = top;
    this.#rng = rng;
  }

  makeFolders(names: readonly string[]): Promise<void> {
    return this.#guard("make folders in", "", async () => {
      await this.#folders.make(this.top);
      for (const name of names) await this.#folders.make(this.#path(name));
    });
  }

  get(name: string, bytesMax: number): Promise<Buffer | undefined> {
    return this.#guard("read", name, async () => {
      const small = readSmall(this.#path(name), Math.min(smallBytesMax, bytesMax));
      if (typeof small !== "number") return small;
      if (small > bytesMax) throw wrongLength(this.#path(name), "is far too long");
      await using file = await this.#openIfThere(name);
      return await file?.readFile();
    });
  }

  range(name: string, range: ByteRange): Promise<Buffer> {
    return this.#guard("read", name, async () => {
      await using file = await this.#openIfThere(name);
      if (file === undefined) throw missingFile(this.#path(name));
      const bytes = Buffer.allocUnsafe(range.length);
      const filled = await readFully(file, bytes, range.offset);
      if (filled < range.length) throw wrongLength(this.#path(name), "is cut off");
      return bytes;
    });
  }

  size(name: string): Promise<number | undefined> {
    return this.#guard("look at", name, async () => {
      const found = await stat(this.#path(name)).catch(undefinedIfMissing);
      return found?.isFile() === true ? found.size : undefined;
    });
  }

  list(folder: string): Promise<readonly string[]> {
    return this.#guard("list", folder, async () => {
      const names = await readdir(this.#path(folder)).catch(undefinedIfMissing);
      return (names ?? []).toSorted();
    });
  }

  folders(folder: string): Promise<readonly string[]> {
    return this.#guard("list", folder, async () => {
      const options = { withFileTypes: true } as const;
      const found = await readdir(this.#path(folder), options).catch(undefinedIfMissing);
      const folders = (found ?? []).filter((each) => each.isDirectory());
      return folders.map(({ name }) => name).toSorted();
    });
  }

  async put(name: string, bytes: Uint8Array): Promise<void> {
    const writer = await this.write();
    try {
      await writer.append(bytes);
      await writer.commit(name);
    } finally {
      await writer.discard();
    }
  }

  async create(name: string, bytes: Uint8Array): Promise<boolean> {
    const temporary = this.#temporaryName();
    await this.put(temporary, bytes);
    try {
      return await this.link(temporary, name);
    } finally {
      await this.remove(temporary);
    }
  }

  append(name: string, bytes: Uint8Array): Promise<void> {
    return this.#guardWrite({ name, bytes: bytes.length }, async () => {
      await using file = await open(this.#path(name), appendFlags, 0o600);
      const { size } = await file.stat();
      await file.writeFile(bytes);
      await file.sync();
      if (size === 0) await flushFolder(this.#path(dirname(name)));
    });
  }

  move(from: string, to: string): Promise<boolean> {
    return this.#guardWrite({ name: to, bytes: 0 }, async () => {
      await this.#folders.make(this.#path(dirname(to)));
      const moved = await rename(this.#path(from), this.#path(to)).then(
        () => true,
        undefinedIfMissing,
      );
      if (moved !== true) return false;
      await flushFolder(this.#path(dirname(to)));
      await flushFolder(this.#path(dirname(from)));
      return true;
    });
  }

  link(from: string, to: string): Promise<boolean> {
    return this.#guard("make", to, async () => {
      try {
        await link(this.#path(from), this.#path(to));
        return true;
      } catch (error) {
        if (["EEXIST", "ENOENT"].includes(systemCode(error) ?? "")) return false;
        throw error;
      }
    });
  }

  remove(name: string): Promise<void> {
    return this.#guard("remove", name, () => rm(this.#path(name), { force: true }));
  }

  flush(folder: string): Promise<void> {
    return this.#guard("flush", folder, () => flushFolder(this.#path(folder)));
  }

  removeFolder(name: string): Promise<void> {
    this.#folders.forget(this.#path(name));
    return this.#guard("remove", name, async () => {
      await rmdir(this.#path(name)).catch(unlessFilled);
    });
  }

  async write(): Promise<StoreFileWriter> {
    const temporary = this.#temporaryName();
    const file = await this.#guard("write in", temporary, async () => {
      await this.#folders.make(this.#path("tmp"));
      return await open(this.#path(temporary), "wx", 0o600);
    });
    return new DiskFileWriter({
      file,
      guard: (bytes, work) => this.#guardWrite({ name: temporary, bytes }, work),
      rename: (name) => this.#place(temporary, name),
      remove: () => this.remove(temporary),
    });
  }

  async freeBytes(): Promise<number> {
    const found = await this.#guard("look at", "", () => statfsUp(this.top));
    return Number(found.bavail * found.bsize);
  }

  #path(name: string): string {
    return join(this.top, name);
  }

  #temporaryName(): string {
    return `tmp/${randomHex(this.#rng, 12)}`;
  }

  async #openIfThere(name: string): Promise<FileHandle | undefined> {
    return await open(this.#path(name), constants.O_RDONLY | noFollow).catch(undefinedIfMissing);
  }

  async #place(temporary: string, name: string): Promise<void> {
    await this.#folders.make(this.#path(dirname(name)));
    await rename(this.#path(temporary), this.#path(name));
    await flushFolder(this.#path(dirname(name)));
  }

  #guard<T>(action: string, name: string, work: () => Promise<T>): Promise<T> {
    return work().catch((error: unknown) => {
      throw storeError(error, `Cannot ${action} "${this.#path(name)}" of the snapshot store`);
    });
  }

  /** As `#guard`, and a full disk is told with the bytes that are missing (N29). */
  async #guardWrite<T>(what: { name: string; bytes: number }, work: () => Promise<T>): Promise<T> {
    try {
      return await work();
    } catch (error) {
      if (!isFull(error)) {
        throw storeError(error, `Cannot write in the snapshot store "${this.top}"`);
      }
      const free = await this.freeBytes();
      throw diskFull(this.top, { missing: Math.max(1, what.bytes - free), cause: error });
    }
  }
}

/**
 * A file that is short, read at once: on the thread pool a thousand roots take three times as long. Undefined where there is none;
 * the size of one that is longer than `lengthMax`.
 */
function readSmall(path: string, lengthMax: number): Buffer | number | undefined {
  let fd: number;
  try {
    fd = openSync(path, constants.O_RDONLY | noFollow);
  } catch (error) {
    return undefinedIfMissing(error);
  }
  try {
    const { size } = fstatSync(fd);
    return size > lengthMax ? size : readFileSync(fd);
  } finally {
    closeSync(fd);
  }
}

async function readFully(file: FileHandle, into: Buffer, offset: number): Promise<number> {
  let filled = 0;
  while (filled < into.length) {
    const { bytesRead } = await file.read(into, filled, into.length - filled, offset + filled);
    if (bytesRead === 0) break;
    filled += bytesRead;
  }
  return filled;
}

/** A folder that is gone already, or in which something still lies, is left as it is. */
function unlessFilled(error: unknown): void {
  if (!["ENOENT", "ENOTEMPTY", "EEXIST"].includes(systemCode(error) ?? "")) throw error;
}

/** The disk of the nearest folder that exists. */
async function statfsUp(path: string): Promise<{ bavail: number; bsize: number }> {
  const found = await statfs(path).catch(undefinedIfMissing);
  return found ?? (await statfsUp(dirname(path)));
}
