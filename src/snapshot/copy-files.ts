import type { DiskPath } from "../core/snapshot/disk-path.ts";
import { blockBytes } from "../core/tree/content-hash.ts";
import { BlockCopier, requireLength, type CopyBlocksParts, type CopyFile } from "./copy-blocks.ts";
import type { CopyStamp } from "./copy-disk.ts";
import type { PutTarget } from "./copy-job.ts";
import { FrameRuns } from "./copy-plan.ts";

/**
 * Files and bytes of which the blocks are gathered before they are read in the order of the packs. The first stretch is short, so
 * that the threads have something to do at once; each one is twice as long as the one before.
 */
const windowFiles = { first: 256, max: 4096 };
const windowBytes = { first: 4 * 1024 * 1024, max: 64 * 1024 * 1024 };

/** A folder that is complete but for its own mode and time. */
export type FilledFolder = {
  readonly path: string;
  readonly disk: DiskPath;
  readonly stamp: CopyStamp;
};

/** What waits until all that was added before it is written. */
type Later = FilledFolder | { readonly file: CopyFile; readonly first: CopyFile };

class Window {
  readonly runs = new FrameRuns<CopyFile>();
  readonly later: Later[] = [];
  files = 0;
  bytes = 0;
  readonly #filesMax: number;
  readonly #bytesMax: number;

  constructor(filesMax: number, bytesMax: number) {
    this.#filesMax = filesMax;
    this.#bytesMax = bytesMax;
  }

  get isFull(): boolean {
    return this.files >= this.#filesMax || this.bytes >= this.#bytesMax;
  }

  /** The one after this. */
  next(): Window {
    return new Window(
      Math.min(2 * this.#filesMax, windowFiles.max),
      Math.min(2 * this.#bytesMax, windowBytes.max),
    );
  }
}

/**
 * Writes files in stretches of their order: the blocks of a stretch are read in the order of the packs, some runs of frames at once.
 * Further names of a file are made, and folders settled, when all before them is written.
 */
export class FileCopier {
  readonly #parts: CopyBlocksParts;
  readonly #blocks: BlockCopier;
  readonly #running = new Set<Promise<void>>();
  readonly #groups = new Map<string, CopyFile>();
  #window = new Window(windowFiles.first, windowBytes.first);
  #settled: Promise<void> = Promise.resolve();
  #failure: { readonly error: unknown } | undefined;

  constructor(parts: CopyBlocksParts) {
    this.#parts = parts;
    this.#blocks = new BlockCopier(parts);
  }

  /** Take a file; what is under way is bounded. @throws the first failure of any file before */
  async add(file: CopyFile): Promise<void> {
    this.#requireGoing();
    const { blocks = [], linkGroup } = file.entry;
    const first = linkGroup === undefined ? undefined : this.#firstOf(linkGroup, file);
    if (first !== undefined) this.#window.later.push({ file, first });
    else if (blocks.length === 0) this.#blocks.empty(file);
    else await this.#addBlocks(file, blocks);
    this.#window.files += 1;
    if (this.#window.isFull) await this.#flush();
  }

  /** Give a folder its mode and time when all that was added before is in it. */
  settleLater(folder: FilledFolder): void {
    this.#window.later.push(folder);
  }

  /** Everything is written on return. */
  async finish(): Promise<void> {
    await this.#flush();
    await this.#settled;
    this.#requireGoing();
  }

  /** Begin nothing more, and wait for what is under way; never rejects. */
  async stop(): Promise<void> {
    this.#failure ??= { error: undefined };
    await Promise.all(this.#running);
    await this.#settled;
    this.#blocks.close();
  }

  /** The file of which this is a further name. */
  #firstOf(group: string, file: CopyFile): CopyFile | undefined {
    const first = this.#groups.get(group);
    if (first === undefined) this.#groups.set(group, file);
    return first?.entry.hash === file.entry.hash ? first : undefined;
  }

  async #addBlocks(file: CopyFile, blocks: readonly string[]): Promise<void> {
    const { index } = this.#parts.packs.data.catalogue;
    const places = blocks.flatMap((block) => index.find(block) ?? []);
    if (places.length < blocks.length) {
      // Other programs may have written packs since: the reader looks again.
      await this.#begin(() => this.#blocks.alone(file));
      return;
    }
    if (places.length > 1 && !this.#blocks.begin(file, places.length)) return;
    for (const [number, place] of places.entries()) {
      requireLength(file.entry, number, place.entry.length);
      this.#window.runs.add(place, file, targetOf(file, number));
      this.#window.bytes += place.entry.length;
      if (this.#window.isFull) await this.#flush();
    }
  }

  async #flush(): Promise<void> {
    const { runs, later } = this.#window;
    this.#window = this.#window.next();
    for (const run of runs.runs()) await this.#begin(() => this.#blocks.run(run));
    const before = [this.#settled, ...this.#running];
    this.#settled = Promise.all(before).then(() => this.#guard(() => this.#finishAll(later)));
  }

  async #finishAll(later: readonly Later[]): Promise<void> {
    for (const each of later) {
      if ("file" in each) await this.#blocks.link(each.file, each.first);
      else this.#settle(each);
    }
  }

  #settle({ path, disk, stamp }: FilledFolder): void {
    if (!this.#parts.disk.settle(disk, stamp)) this.#parts.tally.keepOwner(path, stamp.owner);
  }

  /** Begins as soon as there is room for it. */
  async #begin(work: () => Promise<void>): Promise<void> {
    while (this.#running.size >= this.#parts.runner.atOnce) await Promise.race(this.#running);
    this.#requireGoing();
    const run = this.#guard(work).then(() => {
      this.#running.delete(run);
    });
    this.#running.add(run);
  }

  /** Nothing goes on after the first failure, which is kept. */
  async #guard(work: () => Promise<void>): Promise<void> {
    try {
      if (this.#failure === undefined) await work();
    } catch (error) {
      this.#failure ??= { error };
    }
  }

  #requireGoing(): void {
    if (this.#failure !== undefined) throw this.#failure.error;
  }
}

function targetOf({ disk, stamp, open }: CopyFile, number: number): PutTarget {
  return open === undefined
    ? { path: disk, stamp }
    : { fd: open.fd, position: number * blockBytes };
}
