import { blockBytes, contentHashOfBlocks } from "../tree/content-hash.ts";
import type { BlockHash } from "../tree/content-hash.ts";
import type { ContentHash } from "../tree/node.ts";
import type { BlockIndex } from "./block-index.ts";
import type { PackEntry } from "./pack-index.ts";

const slotsMin = 1024;

/** Numbers of a block's place: the pack, and the position in it. */
const numbersOfBlock = 2;

/**
 * Which blocks make up a content, for all contents of a store (N40): typed arrays over the places of the blocks in their packs, at most
 * 32 bytes a content and 8 a block (N6). Of a content only 64 bits are kept; what is found is proved by its blocks.
 */
export class ContentIndex {
  readonly #index: BlockIndex;
  /** Number of the content plus one, 0 in a free slot. */
  #slots: Uint32Array = new Uint32Array(slotsMin);
  #count = 0;
  /** Two for each content: the first bits of its hash. */
  #prints: Uint32Array = new Uint32Array(slotsMin);
  /** Where the blocks of each content begin, and behind the last one where the next would. */
  #starts: Uint32Array = new Uint32Array(slotsMin);
  #places: Uint32Array = new Uint32Array(slotsMin);

  constructor(index: BlockIndex) {
    this.#index = index;
  }

  get count(): number {
    return this.#count;
  }

  /** Take in a content. One of which a block is in no pack is of no use, and is passed over. */
  add(content: ContentHash, blocks: readonly BlockHash[]): void {
    const places = blocks.map((block) => this.#index.locate(block));
    this.#growFor(blocks.length);
    let end = this.#starts[this.#count] ?? 0;
    for (const place of places) {
      if (place === undefined) return;
      this.#places[end] = place.pack;
      this.#places[end + 1] = place.position;
      end += numbersOfBlock;
    }
    const print = printOf(content);
    const slot = this.#freeSlot(print, content);
    if (slot === undefined) return;
    this.#prints.set(print, this.#count * print.length);
    this.#count += 1;
    this.#slots[slot] = this.#count;
    this.#starts[this.#count] = end;
  }

  /** The blocks of a content of so many bytes; undefined where no such content is known. */
  find(content: ContentHash, size: number): readonly BlockHash[] | undefined {
    const print = printOf(content);
    const mask = this.#slots.length - 1;
    for (let slot = print[0] & mask; ; slot = (slot + 1) & mask) {
      const number = this.#slots[slot] ?? 0;
      if (number === 0) return undefined;
      if (!this.#isPrintAt(number - 1, print)) continue;
      const blocks = this.#blocksAt(number - 1);
      const hashes = blocks.map(({ hash }) => hash);
      if (contentHashOfBlocks(hashes) !== content) continue;
      return lengthOf(blocks) === size ? hashes : undefined;
    }
  }

  #blocksAt(number: number): readonly PackEntry[] {
    const blocks: PackEntry[] = [];
    const end = this.#starts[number + 1] ?? 0;
    for (let at = this.#starts[number] ?? 0; at < end; at += numbersOfBlock) {
      const block = this.#index.blockAt(this.#places[at] ?? 0, this.#places[at + 1] ?? 0);
      if (block !== undefined) blocks.push(block);
    }
    return blocks;
  }

  /** Undefined where the content is in already. */
  #freeSlot(print: Print, content: ContentHash): number | undefined {
    const mask = this.#slots.length - 1;
    let slot = print[0] & mask;
    for (;;) {
      const number = this.#slots[slot] ?? 0;
      if (number === 0) return slot;
      if (this.#isPrintAt(number - 1, print) && this.#isContentAt(number - 1, content)) {
        return undefined;
      }
      slot = (slot + 1) & mask;
    }
  }

  #isPrintAt(number: number, print: Print): boolean {
    const at = number * print.length;
    return this.#prints[at] === print[0] && this.#prints[at + 1] === print[1];
  }

  #isContentAt(number: number, content: ContentHash): boolean {
    return contentHashOfBlocks(this.#blocksAt(number).map(({ hash }) => hash)) === content;
  }

  /** Keeps the table at most two thirds full, so that every search ends. */
  #growFor(blocks: number): void {
    const count = this.#count + 1;
    this.#prints = grown(this.#prints, count * 2);
    this.#starts = grown(this.#starts, count + 1);
    this.#places = grown(this.#places, (this.#starts[this.#count] ?? 0) + blocks * numbersOfBlock);
    if (count * 3 <= this.#slots.length * 2) return;
    this.#slots = new Uint32Array(this.#slots.length * 2);
    const mask = this.#slots.length - 1;
    for (let number = 0; number < this.#count; number += 1) {
      let slot = (this.#prints[number * 2] ?? 0) & mask;
      while (this.#slots[slot] !== 0) slot = (slot + 1) & mask;
      this.#slots[slot] = number + 1;
    }
  }
}

type Print = readonly [number, number];

function printOf(content: ContentHash): Print {
  return [Number.parseInt(content.slice(0, 8), 16), Number.parseInt(content.slice(8, 16), 16)];
}

/** Only the last block may be shorter than the others; -1 for blocks that are no file. */
function lengthOf(blocks: readonly PackEntry[]): number {
  const whole = blocks.slice(0, -1);
  if (!whole.every(({ length }) => length === blockBytes)) return -1;
  return whole.length * blockBytes + (blocks.at(-1)?.length ?? 0);
}

function grown(numbers: Uint32Array, length: number): Uint32Array {
  if (length <= numbers.length) return numbers;
  const more = new Uint32Array(Math.max(length, numbers.length * 2));
  more.set(numbers);
  return more;
}
