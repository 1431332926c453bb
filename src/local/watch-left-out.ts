import type { LeftOut } from "../core/live/waiting.ts";
import { parentPath, type RelPath } from "../core/path/rel-path.ts";
import type { Covered } from "./watch-cover.ts";
import { isPattern, type NamedEvent } from "./watch-places.ts";

/** So many files and folders may come where nobody looks before the watch is made anew without them (S107). */
export const straysMax = 5_000;

/**
 * The folders in which nobody looks: those of the present watch, and those of the next one. One that came since the watch was made
 * is watched like any other, by the package itself; nobody is told of what happens in it.
 */
export class LeftOutFolders {
  readonly #listMax: number;
  #wanted: LeftOut;
  /** By which the present watch was made, and what it leaves out. */
  #covered: { readonly digest: string; readonly listed: readonly RelPath[] } | undefined;
  #idle = 0;
  #strays = 0;

  /** @param listMax folders that a watch can leave out */
  constructor(wanted: LeftOut, listMax: number) {
    this.#wanted = wanted;
    this.#listMax = listMax;
  }

  get wanted(): LeftOut {
    return this.#wanted;
  }

  /** Those that the present watch leaves out. */
  get listed(): readonly RelPath[] {
    return this.#covered?.listed ?? [];
  }

  /** Folders that are watched for nobody. */
  get idle(): number {
    return this.#idle;
  }

  /** Whether a new watch would leave out something that the present one does not. */
  get hasStrays(): boolean {
    return this.#strays > 0;
  }

  /** Whether the present watch leaves out too much, or so little that a new one is worth its price. */
  get isStale(): boolean {
    const isOther = this.#covered !== undefined && this.#covered.digest !== this.#wanted.digest;
    return isOther || this.#strays >= straysMax;
  }

  /** @returns whether they are others than before */
  want(leftOut: LeftOut): boolean {
    const isOther = this.#wanted.digest !== leftOut.digest;
    if (isOther) this.#wanted = leftOut;
    return isOther;
  }

  /** Whether what is told of lies in one of them. `known` are folders that are none. */
  holds(event: NamedEvent, known: ReadonlySet<RelPath>): boolean {
    const folder = parentPath(event.path);
    if (folder === undefined || known.has(folder) || !this.#wanted.has(folder)) return false;
    this.#note(event);
    return true;
  }

  /** Whether the folder that is told of is one of them. */
  isOne(event: NamedEvent): boolean {
    if (!this.#wanted.has(event.path)) return false;
    this.#note(event);
    return true;
  }

  /**
   * The watch was made anew. @returns of what the one before left out, what nobody wants left out any more, and what is no folder
   * any more: the package tells nothing of the place itself either, where a file may stand by now
   */
  cover(
    { digest }: LeftOut,
    { leftOut, idle }: Pick<Covered, "leftOut" | "idle">,
  ): { readonly back: readonly RelPath[]; readonly gone: readonly RelPath[] } {
    const now = new Set(leftOut);
    const before = this.listed.filter((folder) => !now.has(folder));
    this.#covered = { digest, listed: leftOut };
    this.#idle = idle;
    this.#strays = 0;
    return {
      back: before.filter((folder) => !this.#wanted.has(folder)),
      gone: before.filter((folder) => this.#wanted.has(folder)),
    };
  }

  #note({ path, type }: NamedEvent): void {
    const isFull = this.listed.length >= this.#listMax;
    if (type === "create" && !isFull && !isPattern(path)) this.#strays += 1;
  }
}
