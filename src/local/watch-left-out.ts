import type { LeftOut } from "../core/live/waiting.ts";
import { parentPath, type RelPath } from "../core/path/rel-path.ts";
import type { Covered } from "./watch-cover.ts";
import type { NamedEvent } from "./watch-places.ts";

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
  #covered: { readonly by: LeftOut; readonly listed: readonly RelPath[] } | undefined;
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
    return this.isOther || this.#strays >= straysMax;
  }

  /**
   * Whether others are wanted than those of the present watch, or were for a while: nobody was told of what happened in them then,
   * and the package may not watch all that came.
   */
  get isOther(): boolean {
    return this.#covered !== undefined && this.#covered.by !== this.#wanted;
  }

  /** @returns whether they are others than before */
  want(leftOut: LeftOut): boolean {
    const isOther = this.#wanted.digest !== leftOut.digest;
    // An object of its own: the same one may be wanted again.
    if (isOther) this.#wanted = { ...leftOut };
    return isOther;
  }

  /** A new watch is begun, by these. */
  begin(): LeftOut {
    this.#strays = 0;
    return this.#wanted;
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
   * The new watch stands. @returns of what the one before left out, what is no folder any more: the package tells nothing of the
   * place itself either, where a file may stand by now
   */
  cover(by: LeftOut, { leftOut, idle }: Pick<Covered, "leftOut" | "idle">): readonly RelPath[] {
    const now = new Set(leftOut);
    const before = this.listed.filter((folder) => !now.has(folder));
    this.#covered = { by, listed: leftOut };
    this.#idle = idle;
    return before.filter((folder) => this.#wanted.has(folder));
  }

  #note(event: NamedEvent): void {
    const isFull = this.listed.length >= this.#listMax;
    if (event.type === "create" && !isFull) this.#strays += 1;
  }
}
