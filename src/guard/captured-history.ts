import { keyOf, type UnitSink } from "../core/repo/unit.ts";
import { assert } from "../std/assert.ts";
import { Fingerprints } from "./fingerprints.ts";
import type { Bytes } from "./read-only.ts";

/** A file of the history: the same name and mark are the same content. */
export type HistoryFile = {
  readonly key: string;
  readonly mark: string;
  /** It is named by its content. */
  readonly fixed: boolean;
};

/**
 * What is captured of the history of one repository, folder by folder. Of files that are named by their content, of which there may be
 * a million, only fingerprints are kept (N6).
 */
export class CapturedHistory {
  readonly #parts = new Map<string, CapturedPart>();
  #last: CapturedPart | undefined;
  #look = 0;

  has(file: HistoryFile): boolean {
    return this.#partOf(file.key).has(file);
  }

  add(file: HistoryFile): void {
    this.#partOf(file.key).add(file, this.#look);
  }

  /** It could not be copied: what was captured of it before counts for nothing any more. */
  drop(file: HistoryFile): void {
    this.#partOf(file.key).drop(file);
  }

  /** A look over the history begins. */
  beginLook(): void {
    this.#look += 1;
  }

  /** The look found it. */
  see(key: string): void {
    this.#partOf(key).see(key, this.#look);
  }

  /** What the last look did not find. Objects and packs stay: more of them harms nothing, and what was read first may name them. */
  async removeGone(sink: UnitSink): Promise<void> {
    for (const part of this.#parts.values()) {
      for (const key of part.takeUnseen(this.#look)) await sink.remove(Buffer.from(key, "latin1"));
    }
  }

  /** The folders that the history has from now on: a submodule that went meanwhile takes its own along. */
  async keepOnly(folders: readonly Bytes[], sink: UnitSink): Promise<void> {
    const keys = new Set(folders.map(keyOf));
    this.#last = undefined;
    for (const key of this.#parts.keys()) {
      if (keys.has(key)) continue;
      this.#parts.delete(key);
      await sink.remove(Buffer.from(key, "latin1"));
    }
    for (const key of keys) {
      if (!this.#parts.has(key)) this.#parts.set(key, new CapturedPart(key));
    }
  }

  /** Files come folder by folder. */
  #partOf(key: string): CapturedPart {
    if (this.#last?.holds(key) !== true)
      this.#last = this.#parts.values().find((part) => part.holds(key));
    assert(this.#last !== undefined, "a file of the history lies in one of its folders");
    return this.#last;
  }
}

/** What is captured of one folder. */
class CapturedPart {
  readonly #start: string;
  readonly #fixed = new Fingerprints();
  /** Files with a name that lasts of which the last copy failed. */
  readonly #failed = new Set<string>();
  readonly #others = new Map<string, { readonly mark: string; seenIn: number }>();

  constructor(folder: string) {
    this.#start = `${folder}/`;
  }

  holds(key: string): boolean {
    return key.startsWith(this.#start);
  }

  has({ key, mark, fixed }: HistoryFile): boolean {
    if (!fixed) return this.#others.get(key)?.mark === mark;
    return !this.#failed.has(key) && this.#fixed.has(textOf(key, mark));
  }

  add({ key, mark, fixed }: HistoryFile, look: number): void {
    this.#failed.delete(key);
    if (fixed) this.#fixed.add(textOf(key, mark));
    else this.#others.set(key, { mark, seenIn: look });
  }

  drop({ key, fixed }: HistoryFile): void {
    if (fixed) this.#failed.add(key);
    else this.#others.delete(key);
  }

  see(key: string, look: number): void {
    const other = this.#others.get(key);
    if (other !== undefined) other.seenIn = look;
  }

  takeUnseen(look: number): readonly string[] {
    const unseen = [...this.#others].filter(([, { seenIn }]) => seenIn < look);
    for (const [key] of unseen) this.#others.delete(key);
    return unseen.map(([key]) => key);
  }
}

function textOf(key: string, mark: string): string {
  return `${key}\0${mark}`;
}
