import type { NodeId } from "./node.ts";

/** Bits in one word of the set. */
const wordBits = 32;

/** A set of nodes of the whole index: one bit a node, so that a million of them take 125 kB (S106). */
export class NodeSet {
  #words = new Uint32Array(1_024);

  add(node: NodeId): void {
    const word = Math.floor(node / wordBits);
    if (word >= this.#words.length) this.#grow(word);
    this.#words[word] = (this.#words[word] ?? 0) | (1 << (node % wordBits));
  }

  has(node: NodeId): boolean {
    const word = this.#words[Math.floor(node / wordBits)] ?? 0;
    return (word & (1 << (node % wordBits))) !== 0;
  }

  #grow(word: number): void {
    const words = new Uint32Array(Math.max(word + 1, this.#words.length * 2));
    words.set(this.#words);
    this.#words = words;
  }
}
