import type { BlockIndex } from "./block-index.ts";

/**
 * Numbers the blocks of a store: the entries of the first pack, then those of the second. Packs that come later only add
 * numbers. A block in two packs has two numbers, and is known by that of the pack it is read from.
 */
export class BlockNumbers {
  readonly #index: BlockIndex;
  /** The number of the first entry of each pack. */
  readonly #starts: number[] = [];
  #count = 0;

  constructor(index: BlockIndex) {
    this.#index = index;
  }

  /** Undefined for a block that no pack holds. */
  of(hash: string): number | undefined {
    const place = this.#index.locate(hash);
    return place === undefined ? undefined : this.at(place.pack, place.position);
  }

  /** By the place in the list of packs, and in the pack. */
  at(pack: number, position: number): number {
    if (pack >= this.#starts.length) this.#numberNewPacks();
    return (this.#starts[pack] ?? 0) + position;
  }

  #numberNewPacks(): void {
    for (const [, pack] of this.#index.packs().slice(this.#starts.length)) {
      this.#starts.push(this.#count);
      this.#count += pack.entryCount;
    }
  }
}

const wordsMin = 1024;

/** A set of blocks of a store, one bit each (N56). */
export class BlockSet {
  readonly #numbers: BlockNumbers;
  #words: Uint32Array = new Uint32Array(wordsMin);

  constructor(index: BlockIndex) {
    this.#numbers = new BlockNumbers(index);
  }

  /** Whether the block is new to the set; undefined for one that no pack holds. */
  add(hash: string): boolean | undefined {
    const number = this.#numbers.of(hash);
    if (number === undefined) return undefined;
    if (this.#isSet(number)) return false;
    this.#set(number);
    return true;
  }

  has(hash: string): boolean {
    const number = this.#numbers.of(hash);
    return number !== undefined && this.#isSet(number);
  }

  /** Whether the block at a place is the one in the set; its copies elsewhere are not. */
  hasAt(pack: number, position: number): boolean {
    return this.#isSet(this.#numbers.at(pack, position));
  }

  #isSet(number: number): boolean {
    return (((this.#words[number >>> 5] ?? 0) >>> (number & 31)) & 1) === 1;
  }

  #set(number: number): void {
    const at = number >>> 5;
    if (at >= this.#words.length) {
      const grown = new Uint32Array(Math.max(at + 1, this.#words.length * 2));
      grown.set(this.#words);
      this.#words = grown;
    }
    this.#words[at] = (this.#words[at] ?? 0) | (1 << (number & 31));
  }
}
