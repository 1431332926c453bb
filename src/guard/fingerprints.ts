import { hash } from "node:crypto";

const slotsMin = 1024;

/** 32-bit words of a fingerprint. */
const words = 4;

/**
 * A set of texts by 128 bits of their SHA-256, which no two texts share: 16 to 64 bytes for each, however long it is (N6). Nothing is ever
 * taken out.
 */
export class Fingerprints {
  #slots: Uint32Array = new Uint32Array(slotsMin * words);
  #count = 0;

  has(text: string): boolean {
    return this.#isTaken(this.#slotOf(wordsOf(text)));
  }

  add(text: string): void {
    const mark = wordsOf(text);
    const slot = this.#slotOf(mark);
    if (this.#isTaken(slot)) return;
    this.#slots.set(mark, slot);
    this.#count += 1;
    if (this.#count * words * 2 > this.#slots.length) this.#grow();
  }

  /** Where it stands, or the free slot that it would stand in. */
  #slotOf(mark: Uint32Array): number {
    let slot = ((mark[0] ?? 0) * words) % this.#slots.length;
    while (this.#isTaken(slot) && !this.#isAt(slot, mark))
      slot = (slot + words) % this.#slots.length;
    return slot;
  }

  #isAt(slot: number, mark: Uint32Array): boolean {
    return mark.every((word, at) => this.#slots[slot + at] === word);
  }

  #isTaken(slot: number): boolean {
    return this.#slots[slot + words - 1] !== 0;
  }

  #grow(): void {
    const before = this.#slots;
    this.#slots = new Uint32Array(before.length * 2);
    for (let at = 0; at < before.length; at += words) {
      const mark = before.subarray(at, at + words);
      if (mark[words - 1] !== 0) this.#slots.set(mark, this.#slotOf(mark));
    }
  }
}

/** The last word is never 0, by which a free slot is known. */
function wordsOf(text: string): Uint32Array {
  const digest = hash("sha256", text, "buffer");
  const mark = Uint32Array.from({ length: words }, (_, at) => digest.readUInt32LE(at * 4));
  mark[words - 1] = (mark[words - 1] ?? 0) | 1;
  return mark;
}
