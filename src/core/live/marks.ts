import { isInside, parentPath, topPath, type RelPath } from "../path/rel-path.ts";

/** Marked folders that are looked at one by one; above it everything is looked at (S107). */
export const markedFoldersMax = 10_000;

/** Marked paths that may be folders themselves, which are looked at beside the folders that they are in (S107). */
export const markedSelvesMax = 1_000;

/** Where to look at the disk (S23). */
export type Where =
  | { readonly kind: "everything" }
  | {
      readonly kind: "folders";
      /** Each by itself, without what is below it. */
      readonly folders: ReadonlySet<RelPath>;
      /** Each with everything below it; none lies in another one. */
      readonly whole: ReadonlySet<RelPath>;
    };

/** The whole workspace. */
export const everywhere: Where = { kind: "everything" };

/**
 * What may have changed on the disk since somebody looked there: marks carry nothing else (S2). Bounded: many marks are
 * one for everything.
 */
export class Marks {
  #isEverything = false;
  #folders = new Set<RelPath>();
  #selves = new Set<RelPath>();
  #whole = new Set<RelPath>();
  #firstAt: number | undefined;
  #lastAt: number | undefined;

  /** When the first of these marks was made, ms since 1970; undefined where there is none. */
  get firstAt(): number | undefined {
    return this.#firstAt;
  }

  /** When the last one was made. */
  get lastAt(): number | undefined {
    return this.#lastAt;
  }

  /**
   * Something at a path was made, changed or removed: its folder is to be read, and it itself if it is one, since nobody may be
   * allowed to read it any more. With many marks that is left to the next look at everything: no harm comes of it.
   */
  at(path: RelPath, now: number): void {
    this.#note(now);
    if (this.#isEverything) return;
    this.#folders.add(parentPath(path) ?? topPath);
    if (this.#selves.size < markedSelvesMax) this.#selves.add(path);
    this.#bound();
  }

  /** Anything in a folder, however deep, may be another. */
  below(folder: RelPath, now: number): void {
    this.#note(now);
    if (this.#isEverything || isBelowAny(this.#whole, folder)) return;
    for (const other of this.#whole) if (isInside(other, folder)) this.#whole.delete(other);
    this.#whole.add(folder);
    this.#bound();
  }

  /** Nobody knows what changed. */
  everything(now: number): void {
    this.#note(now);
    this.#isEverything = true;
    this.#clear();
  }

  /** What is marked so far; undefined where nothing is. */
  peek(): Where | undefined {
    if (this.#firstAt === undefined) return undefined;
    if (this.#isEverything) return everywhere;
    const folders = new Set([...this.#folders, ...this.#selves]);
    return { kind: "folders", folders, whole: new Set(this.#whole) };
  }

  /** Whether anything in a folder is marked, however deep. */
  tellsOf(folder: RelPath): boolean {
    for (const marked of [this.#folders, this.#selves, this.#whole]) {
      for (const path of marked) if (path !== folder && isInside(path, folder)) return true;
    }
    return false;
  }

  /** What is marked, and begin anew: what is marked from here on belongs to the next look. */
  take(): Where | undefined {
    const where = this.peek();
    this.#isEverything = false;
    this.#clear();
    this.#firstAt = undefined;
    this.#lastAt = undefined;
    return where;
  }

  #clear(): void {
    this.#folders.clear();
    this.#selves.clear();
    this.#whole.clear();
  }

  #note(now: number): void {
    this.#firstAt ??= now;
    this.#lastAt = now;
  }

  #bound(): void {
    if (this.#folders.size + this.#whole.size <= markedFoldersMax) return;
    this.#isEverything = true;
    this.#clear();
  }
}

function isBelowAny(folders: ReadonlySet<RelPath>, path: RelPath): boolean {
  let at: RelPath | undefined = path;
  while (at !== undefined) {
    if (folders.has(at)) return true;
    at = parentPath(at);
  }
  return false;
}
