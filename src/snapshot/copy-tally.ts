import type { CopyOutRequest, CopyOutTotals, LeftOut } from "../core/snapshot/copy-out.ts";
import type { SnapshotEntry } from "../core/snapshot/entry.ts";
import { ownerRefusal, type Owner } from "../core/tree/owner.ts";
import type { Work } from "../std/events.ts";

/** Who is told of progress, and how much there is in all. */
type Progressing = {
  readonly onProgress: Work["onProgress"] | undefined;
  readonly totals: Pick<CopyOutTotals, "files" | "bytes">;
};

/** Counts what a copy holds, and tells its progress. */
export class CopyTally {
  readonly #onLeft: CopyOutRequest["onLeft"];
  readonly #progress: Progressing | undefined;
  readonly #counts = { files: 0, folders: 0, links: 0, bytes: 0, left: 0, ignored: 0, changing: 0 };

  /** Whether anything that passed has extended attributes. */
  hasAttributes = false;

  constructor({ onLeft }: Pick<CopyOutRequest, "onLeft">, progress?: Progressing) {
    this.#onLeft = onLeft;
    this.#progress = progress;
  }

  /** Bytes of content that are still to come. */
  get bytesLeft(): number {
    return Math.max(0, (this.#progress?.totals.bytes ?? 0) - this.#counts.bytes);
  }

  totals(): CopyOutTotals {
    return { ...this.#counts };
  }

  folder(): void {
    this.#counts.folders += 1;
  }

  link(): void {
    this.#counts.links += 1;
  }

  ignored(): void {
    this.#counts.ignored += 1;
  }

  attributes(): void {
    this.hasAttributes = true;
  }

  leave(left: LeftOut): void {
    this.#counts.left += 1;
    this.#onLeft?.(left);
  }

  /** It is there, and stays with the user who runs this. */
  keepOwner(path: string, owner: Owner | undefined): void {
    if (owner !== undefined) this.leave({ path, reason: ownerRefusal(owner) });
  }

  /** A file is whole. */
  file({ path, flags }: SnapshotEntry): void {
    this.#counts.files += 1;
    if (flags.includes("changing")) this.#counts.changing += 1;
    this.#tell(path);
  }

  content(bytes: number, path: string): void {
    this.#counts.bytes += bytes;
    this.#tell(path);
  }

  #tell(current: string): void {
    if (this.#progress?.onProgress === undefined) return;
    const { totals, onProgress } = this.#progress;
    const { files: done, bytes } = this.#counts;
    const total = totals.files;
    onProgress({ step: "restore", done, total, bytes, bytesTotal: totals.bytes, current });
  }
}
