/**
 * @module snapshot — the snapshot store on a disk, in the format of `docs/snapshot-format.md`.
 *
 * `store.ts` is the port. A capture cuts files into blocks, packs the new ones (`pack-writer.ts`), writes pages of
 * the manifest, and commits by putting a root in place. Everything is written once, under `tmp/`, flushed, and
 * renamed; whatever a crash leaves is in `tmp/` or unreferenced. Readers take no lock and check every hash. The
 * store knows neither workspace nor Dropbox; nothing here promises to outlive the loss of its disk.
 */
/** A range of a file, bytes. */
export type ByteRange = { readonly offset: number; readonly length: number };

/** A file being written in `tmp/`: bytes one after the other, then a name or nothing. */
export interface StoreFileWriter {
  append(bytes: Uint8Array): Promise<void>;
  /** Flush it and give it its name; durable on return. */
  commit(name: string): Promise<void>;
  /** Leave nothing behind; does nothing after `commit`, and never rejects. */
  discard(): Promise<void>;
}

/**
 * All file access of the store (N60). Names are relative to the store, `/`-separated, made by the program alone.
 * Errors are `SnapError`: `disk-full` with the bytes that are missing, `disk-read-only`, `disk-error`; `not-found`
 * where a file that must be there is not.
 */
export interface StoreFiles {
  /** Absolute path of the store, for messages. */
  readonly top: string;
  /** Make the store's folder and folders in it, 0700; those that exist are left as they are. */
  makeFolders(names: readonly string[]): Promise<void>;
  /** A whole file, or undefined; one beyond `bytesMax` is `damaged`. */
  get(name: string, bytesMax: number): Promise<Buffer | undefined>;
  /** Exactly these bytes. @throws {SnapError} `not-found`; `damaged` where the file ends before. */
  range(name: string, range: ByteRange): Promise<Buffer>;
  /** Bytes of a regular file, or undefined. */
  size(name: string): Promise<number | undefined>;
  /** Names in a folder, sorted; none where it is missing. */
  list(folder: string): Promise<readonly string[]>;
  /** Names of the real folders in a folder, sorted: links to folders are none. */
  folders(folder: string): Promise<readonly string[]>;
  /** Write a file once, durable on return. */
  put(name: string, bytes: Uint8Array): Promise<void>;
  /** Write a file that must be new; false where the name is taken. Its bytes appear all at once. */
  create(name: string, bytes: Uint8Array): Promise<boolean>;
  /** Add bytes at the end of a file, which is made if it is missing; durable on return. */
  append(name: string, bytes: Uint8Array): Promise<void>;
  /** Rename within the store, durable on return; false where there is nothing to rename. What has the name is replaced. */
  move(from: string, to: string): Promise<boolean>;
  /** Give a file a second name; false where the name is taken or there is no such file. */
  link(from: string, to: string): Promise<boolean>;
  /** Remove a file; one that is missing is gone already. */
  remove(name: string): Promise<void>;
  /** Make durable which names are in a folder; "" is the top. Needed behind `create`, `link` and `remove`, which do not wait for it. */
  flush(folder: string): Promise<void>;
  /** Remove a folder if nothing is in it. */
  removeFolder(name: string): Promise<void>;
  write(): Promise<StoreFileWriter>;
  /** Bytes free for us on the disk of the store, or of the folder it will be made in. */
  freeBytes(): Promise<number>;
}

/** Folders of every store (N12). */
export const storeFolders: readonly string[] = ["roots", "data", "meta", "tmp"];
