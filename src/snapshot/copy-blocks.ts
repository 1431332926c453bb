import type { CopyOutRequest } from "../core/snapshot/copy-out.ts";
import type { DiskPath } from "../core/snapshot/disk-path.ts";
import type { SnapshotEntry } from "../core/snapshot/entry.ts";
import { blockBytes } from "../core/tree/content-hash.ts";
import { SnapError, isSnapError, systemCode, throwIfAborted } from "../std/error.ts";
import { requireTroubleOfPath, type CopyDisk, type CopyStamp } from "./copy-disk.ts";
import { putBlock, type PutFailure } from "./copy-job.ts";
import type { FrameRun, OwnedPut } from "./copy-plan.ts";
import { checkRun } from "./frame-check.ts";
import type { JobRunner } from "./copy-runner.ts";
import type { CopyTally } from "./copy-tally.ts";
import type { Packs } from "./packs.ts";
import type { StoreFiles } from "./store-files.ts";

/** A file that is to be written; absolute path. */
export type CopyFile = {
  readonly path: string;
  readonly disk: DiskPath;
  readonly stamp: CopyStamp;
  readonly entry: SnapshotEntry;
  /** One of several blocks is open while it is written. */
  open?: OpenFile;
  isWritten: boolean;
};

type OpenFile = { readonly fd: number; blocksLeft: number; trouble?: string };

/** What files are copied with. */
export type CopyBlocksParts = {
  readonly files: StoreFiles;
  readonly packs: Packs;
  readonly disk: CopyDisk;
  readonly runner: JobRunner;
  readonly request: CopyOutRequest;
  readonly tally: CopyTally;
  readonly signal: AbortSignal | undefined;
};

/**
 * Has blocks written, and files finished with the last one of them. A block that its pack has not sound is looked for in others.
 *
 * All throw {SnapError} `damaged`, with block, pack and path named, and what the system says of more than one path.
 */
export class BlockCopier {
  readonly #parts: CopyBlocksParts;
  readonly #open = new Set<OpenFile>();

  constructor(parts: CopyBlocksParts) {
    this.#parts = parts;
  }

  /** Make a file whose blocks come one by one; false where that is not possible. */
  begin(file: CopyFile, blocksLeft: number): boolean {
    const fd = this.#try(file, () => this.#parts.disk.create(file.disk, file.stamp.mode));
    if (fd === undefined) return false;
    file.open = { fd, blocksLeft };
    this.#open.add(file.open);
    return true;
  }

  /** Close what is open: nothing more comes. */
  close(): void {
    for (const { fd } of this.#open) this.#parts.disk.close(fd);
    this.#open.clear();
  }

  /** Write the blocks of some frames. */
  async run(run: FrameRun<CopyFile>): Promise<void> {
    throwIfAborted(this.#parts.signal);
    const failures = await checkRun(this.#parts, run);
    const failed = new Map(
      failures.map((failure) => [run.frames[failure.frame]?.puts[failure.put], failure]),
    );
    for (const { puts } of run.frames) {
      for (const put of puts) {
        const failure = failed.get(put);
        if (failure === undefined) this.#isPut(put);
        else await this.#mend(put, failure);
      }
    }
  }

  /** Write one file by itself, each block from any pack that has it sound. */
  async alone(file: CopyFile): Promise<void> {
    const { disk } = this.#parts;
    const { entry, stamp } = file;
    const fd = this.#try(file, () => disk.create(file.disk, stamp.mode));
    if (fd === undefined) return;
    let isOpen = true;
    try {
      for (const [number, block] of (entry.blocks ?? []).entries()) {
        const bytes = await this.#read(file, block);
        requireLength(entry, number, bytes.length);
        disk.write(fd, bytes, number * blockBytes);
        this.#parts.tally.content(bytes.length, file.path);
      }
      isOpen = false;
      this.#isGiven(file, disk.finish(fd, stamp));
      this.#isWhole(file);
    } catch (error) {
      if (isOpen) disk.close(fd);
      disk.unlink(file.disk);
      this.#leave(file, this.#reasonOf(error));
    }
  }

  /** Write a file without content. */
  empty(file: CopyFile): void {
    const { disk, stamp } = { disk: this.#parts.disk, stamp: file.stamp };
    const put = this.#try(file, () => {
      this.#isGiven(file, putBlock(disk, { path: file.disk, stamp }, new Uint8Array()));
      return true;
    });
    if (put === true) this.#isWhole(file);
  }

  /** A further name of a file, or a file of its own where the disk makes none. */
  async link(file: CopyFile, first: CopyFile): Promise<void> {
    if (first.isWritten && this.#hasLinked(file, first)) this.#isWhole(file);
    else await this.alone(file);
  }

  #hasLinked(file: CopyFile, first: CopyFile): boolean {
    try {
      this.#parts.disk.link(first.disk, file.disk);
      return true;
    } catch (error) {
      if (systemCode(error) === undefined) throw error;
      return false;
    }
  }

  async #mend(put: OwnedPut<CopyFile>, failure: PutFailure): Promise<void> {
    const { owner: file, to } = put;
    if (failure.what === "owner") {
      this.#isGiven(file, false);
      this.#isPut(put);
      return;
    }
    try {
      if (failure.what === "system") throw systemError(failure);
      if (to === undefined || "path" in to) {
        await this.alone(file);
        return;
      }
      this.#parts.disk.write(to.fd, await this.#read(file, put.hash), to.position);
    } catch (error) {
      const reason = this.#reasonOf(error);
      if (file.open === undefined) {
        this.#leave(file, reason);
        return;
      }
      file.open.trouble ??= reason;
    }
    this.#isPut(put);
  }

  async #read({ path }: CopyFile, block: string): Promise<Uint8Array> {
    const { reader } = this.#parts.packs.data;
    return await reader.read(block).catch((error: unknown) => {
      if (!isSnapError(error, "damaged", "not-found")) throw error;
      throw new SnapError("damaged", `"${path}" cannot be restored: ${error.message}`, {
        path,
        hint: "`snap find` tells which snapshots hold other versions of it; `snap repair` looks for the block elsewhere.",
        cause: error,
      });
    });
  }

  #isPut({ owner: file, length }: OwnedPut<CopyFile>): void {
    const { open } = file;
    if (open === undefined) {
      this.#parts.tally.content(length, file.path);
      this.#isWhole(file);
      return;
    }
    open.blocksLeft -= 1;
    if (open.trouble === undefined) this.#parts.tally.content(length, file.path);
    if (open.blocksLeft === 0) this.#end(file, open);
  }

  #end(file: CopyFile, open: OpenFile): void {
    const { disk } = this.#parts;
    this.#open.delete(open);
    if (open.trouble === undefined) {
      this.#isGiven(file, disk.finish(open.fd, file.stamp));
      this.#isWhole(file);
      return;
    }
    disk.close(open.fd);
    disk.unlink(file.disk);
    this.#leave(file, open.trouble);
  }

  /** A file that stays with this user is whole, and told. */
  #isGiven({ path, stamp }: CopyFile, isGiven: boolean): void {
    if (!isGiven) this.#parts.tally.keepOwner(path, stamp.owner);
  }

  #isWhole(file: CopyFile): void {
    file.isWritten = true;
    this.#parts.tally.file(file.entry);
  }

  #leave({ path }: CopyFile, reason: string): void {
    this.#parts.tally.leave({ path, reason });
  }

  #try<R>(file: CopyFile, work: () => R): R | undefined {
    try {
      return work();
    } catch (error) {
      this.#leave(file, requireTroubleOfPath(error));
      return undefined;
    }
  }

  /** Why a file is left out. @throws whatever ends the copy */
  #reasonOf(error: unknown): string {
    if (this.#parts.request.leaveDamaged === true && isSnapError(error, "damaged"))
      return error.message;
    return requireTroubleOfPath(error);
  }
}

/** As Node would have thrown it here. */
function systemError({
  message,
  code,
}: {
  readonly message: string;
  readonly code: string;
}): Error {
  return Object.assign(new Error(message), { code });
}

/** The hashes say what is in the blocks, not that they are as long as the cuts of the file want them (N20). */
export function requireLength(
  { path, size = 0 }: SnapshotEntry,
  number: number,
  length: number,
): void {
  if (length === Math.min(blockBytes, size - number * blockBytes)) return;
  throw new SnapError(
    "damaged",
    `The snapshot lies about "${path}": its blocks do not have its size`,
    { path },
  );
}
